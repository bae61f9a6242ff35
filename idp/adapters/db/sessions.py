"""Sessions and participations in the database; the browser's handle only as SHA-256."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from idp.adapters.db.citizens import check_columns
from idp.adapters.db.conflicts import insert_unless_there, wrote
from idp.adapters.db.tables import ParticipationRow, SessionRow, SubjectIdentifierRow
from idp.domain.citizen import CertificateCheck, CitizenId
from idp.domain.service_provider import SectorCode, ServiceProviderId, Tier
from idp.domain.session import Participation, Session, SessionHandle, SessionId, SessionShare

_OPEN = insert(SessionRow)
_SESSION = (
    SessionRow.id,
    SessionRow.citizen,
    SessionRow.context,
    SessionRow.authenticated_at,
    SessionRow.check_source,
    SessionRow.checked_at,
    SessionRow.check_issued_at,
    SessionRow.check_next_update,
    SessionRow.tier,
    SessionRow.circle,
    SessionRow.expires_at,
)
_IS_OPEN = (
    SessionRow.handle_digest == bindparam("digest"),
    SessionRow.ended_at.is_(None),
    SessionRow.expires_at > bindparam("now"),
)
_FIND = select(*_SESSION).where(*_IS_OPEN)
_SHARE = (
    select(*_SESSION, ParticipationRow.handle, ParticipationRow.since, SubjectIdentifierRow.value)
    .outerjoin(
        ParticipationRow,
        (ParticipationRow.session == SessionRow.id)
        & (ParticipationRow.service_provider == bindparam("service_provider")),
    )
    .outerjoin(
        SubjectIdentifierRow,
        (SubjectIdentifierRow.citizen == SessionRow.citizen) & (SubjectIdentifierRow.sector == bindparam("sector")),
    )
    .where(*_IS_OPEN)
)
_END = (
    update(SessionRow)
    .where(SessionRow.id == bindparam("session"), SessionRow.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_END_ALL = (
    update(SessionRow)
    .where(SessionRow.citizen == bindparam("of_citizen"), SessionRow.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_PARTICIPATION = select(ParticipationRow.handle, ParticipationRow.since).where(
    ParticipationRow.session == bindparam("session"),
    ParticipationRow.service_provider == bindparam("service_provider"),
)
_TAKE_PART = insert_unless_there(ParticipationRow, ("session", "service_provider"))
_PARTICIPANTS = (
    select(ParticipationRow.service_provider)
    .where(ParticipationRow.session == bindparam("session"))
    .order_by(ParticipationRow.since, ParticipationRow.service_provider)
)


class SqlSessionStore:
    """Fulfils `SessionStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, session: Session, handle: SessionHandle) -> None:
        """Keep a new session."""
        values = {
            "id": session.id,
            "handle_digest": _digest(handle),
            "citizen": session.citizen,
            "context": session.context,
            "authenticated_at": session.authenticated_at,
            **check_columns(session.check),
            "tier": session.tier.value,
            "circle": session.circle,
            "expires_at": session.expires_at,
        }
        self._connection.execute(_OPEN, values)

    def find(self, handle: SessionHandle, *, now: datetime) -> Session | None:
        """The open, unexpired session of this handle."""
        row = self._connection.execute(_FIND, {"digest": _digest(handle), "now": now}).one_or_none()
        return None if row is None else _session(row)

    def share(
        self, handle: SessionHandle, service_provider: ServiceProviderId, sector: SectorCode, *, now: datetime
    ) -> SessionShare | None:
        """`find`, with what the site and its sector have of this session and its citizen already."""
        place = {"digest": _digest(handle), "now": now, "service_provider": service_provider, "sector": sector}
        row = self._connection.execute(_SHARE, place).one_or_none()
        if row is None:
            return None
        session = _session(row)
        participation = row.handle and Participation(
            session=session.id, service_provider=service_provider, handle=row.handle, since=row.since
        )
        return SessionShare(session=session, participation=participation, subject=row.value)

    def end(self, session: SessionId, *, now: datetime) -> None:
        """End it; ending an ended one does nothing."""
        self._connection.execute(_END, {"session": session, "now": now})

    def end_all(self, citizen: CitizenId, *, now: datetime) -> None:
        """End every session of the citizen."""
        self._connection.execute(_END_ALL, {"of_citizen": citizen, "now": now})

    def take_part(self, participation: Participation) -> Participation:
        """Add a site to a session; if another request was quicker, the participation that is kept."""
        values = {
            "session": participation.session,
            "service_provider": participation.service_provider,
            "handle": participation.handle,
            "since": participation.since,
        }
        if wrote(self._connection, _TAKE_PART, values):
            return participation
        place = {"session": participation.session, "service_provider": participation.service_provider}
        kept = self._connection.execute(_PARTICIPATION, place).one()  # It is not deleted while its session lives.
        return Participation(
            session=participation.session,
            service_provider=participation.service_provider,
            handle=kept.handle,
            since=kept.since,
        )

    def participants(self, session: SessionId) -> tuple[ServiceProviderId, ...]:
        """The sites that take part, oldest first."""
        return tuple(self._connection.execute(_PARTICIPANTS, {"session": session}).scalars())


def _session(row: Row[*tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        citizen=row.citizen,
        context=row.context,
        authenticated_at=row.authenticated_at,
        check=CertificateCheck(
            source=row.check_source,
            checked_at=row.checked_at,
            issued_at=row.check_issued_at,
            next_update=row.check_next_update,
        ),
        tier=Tier(row.tier),
        circle=row.circle,
        expires_at=row.expires_at,
    )


def _digest(handle: SessionHandle) -> bytes:
    return hashlib.sha256(handle.encode()).digest()
