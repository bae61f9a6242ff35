"""The record of releases in the database."""

from sqlalchemy import Connection, bindparam, insert, select

from idp.adapters.db.tables import ReleaseRow, SessionRow
from idp.domain.release import Release
from idp.domain.session import SessionId

_GIVEN = (
    ReleaseRow.service_provider,
    ReleaseRow.sector,
    ReleaseRow.identifier,
    ReleaseRow.context,
    ReleaseRow.authenticated_at,
    ReleaseRow.released_at,
)
_ADD = (
    insert(ReleaseRow)
    .from_select(
        [ReleaseRow.session, ReleaseRow.citizen, *_GIVEN],
        select(
            SessionRow.id,
            SessionRow.citizen,
            *(bindparam(f"given_{column.key}", type_=column.type) for column in _GIVEN),
        ).where(SessionRow.id == bindparam("of_session")),
    )
    .returning(ReleaseRow.id)
)


class SqlReleaseStore:
    """Fulfils `ReleaseStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, release: Release, session: SessionId) -> None:
        """Keep the record of a release, without the identifier's value; whose it is, the session's row says.

        Raises `sqlalchemy.exc.NoResultFound` for a session that is not kept.
        """
        values = {
            "of_session": session,
            "given_service_provider": release.service_provider,
            "given_sector": release.sector,
            "given_identifier": release.identifier,
            "given_context": release.context,
            "given_authenticated_at": release.authenticated_at,
            "given_released_at": release.released_at,
        }
        self._connection.execute(_ADD, values).one()
