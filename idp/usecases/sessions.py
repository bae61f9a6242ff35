"""Sessions: opened by a card, looked up by the browser's handle, ended by the citizen or by a newer login."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.events import SessionEnded, SessionOpened
from idp.domain.login import AuthenticationResult
from idp.domain.service_provider import ServiceProvider, ServiceProviderId
from idp.domain.session import Session, SessionHandle, SessionId
from idp.usecases.ports import Stores, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """`lifetime` counts from the card login and is not prolonged by use."""

    work: UnitOfWork
    lifetime: timedelta

    def find(self, handle: SessionHandle | None, *, now: datetime) -> Session | None:
        """The open session of this browser."""
        if handle is None:
            return None
        with self.work.reading() as stores:
            return stores.sessions.find(handle, now=now)

    def end(self, handle: SessionHandle | None, *, now: datetime) -> tuple[ServiceProviderId, ...]:
        """End this browser's session here; the sites that took part, which are not told by this."""
        if handle is None:
            return ()
        with self.work.writing() as stores:
            session = stores.sessions.find(handle, now=now)
            if session is None:
                return ()
            stores.sessions.end(session.id, now=now)
            stores.audit.record(SessionEnded(session=session.id, why="citizen", at=now))
            return stores.sessions.participants(session.id)

    def open(
        self,
        stores: Stores,
        result: AuthenticationResult,
        site: ServiceProvider,
        *,
        replaces: SessionHandle | None,
        now: datetime,
    ) -> SessionHandle:
        """Open a session for `site` inside the caller's transaction; the handle is new, whatever the browser had."""
        old = stores.sessions.find(replaces, now=now) if replaces else None
        if old is not None:
            stores.sessions.end(old.id, now=now)
            stores.audit.record(SessionEnded(session=old.id, why="replaced", at=now))
        session = Session(
            id=SessionId(secrets.token_hex(16)),
            citizen=result.citizen,
            context=result.context,
            authenticated_at=result.authenticated_at,
            check=result.check,
            tier=site.tier,
            circle=site.circle,
            expires_at=result.authenticated_at + self.lifetime,
        )
        handle = SessionHandle(secrets.token_urlsafe(32))
        stores.sessions.open(session, handle)
        stores.audit.record(
            SessionOpened(
                session=session.id,
                citizen=session.citizen,
                context=session.context,
                check_source=session.check.source,
                checked_at=session.check.checked_at,
                at=now,
            )
        )
        return handle
