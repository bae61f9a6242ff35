"""The record of releases in the database."""

from sqlalchemy import Connection, insert

from idp.adapters.db.tables import ReleaseRow
from idp.domain.release import Release
from idp.domain.session import Session

_ADD = insert(ReleaseRow).inline()


class SqlReleaseStore:
    """Fulfils `ReleaseStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, release: Release, session: Session) -> None:
        """Keep the record of a release from `session`, without the identifier's value."""
        values = {
            "session": session.id,
            "citizen": session.citizen,
            "service_provider": release.service_provider,
            "sector": release.sector,
            "identifier": release.identifier,
            "context": release.context,
            "authenticated_at": release.authenticated_at,
            "released_at": release.released_at,
        }
        self._connection.execute(_ADD, values)
