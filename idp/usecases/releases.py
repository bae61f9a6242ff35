"""The only maker of `Release`: what one site is told about one login, and the record that it was told."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from idp.domain.errors import LoginNeeded
from idp.domain.events import ReleaseMade
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProvider
from idp.domain.session import Participation, ParticipationHandle, Session, SessionHandle, step_up_reason
from idp.domain.subject import SUBJECT_BYTES, SubjectIdentifier, SubjectValue
from idp.usecases.ports import Stores, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Makes releases, each in a transaction with its record."""

    work: UnitOfWork

    def release(
        self, handle: SessionHandle, request: LoginRequest, site: ServiceProvider, *, asked_at: datetime, now: datetime
    ) -> Release:
        """Tell `site` about the session's citizen.

        The rules of session reuse are judged here once more, inside the transaction that records the release, whatever
        was judged before. Raises `LoginNeeded` if the session is gone or may not serve.
        """
        with self.work.writing() as stores:
            session = stores.sessions.find(handle, now=now)
            if session is None or step_up_reason(session, site, request, asked_at=asked_at, now=now) is not None:
                raise LoginNeeded
            participation = _participation(stores, session, site, now)
            release = Release(
                service_provider=site.id,
                sector=site.sector,
                subject=_subject(stores, session, site, request.identifier),
                identifier=request.identifier,
                context=session.context,
                authenticated_at=session.authenticated_at,
                check=session.check,
                session=participation.handle,
                session_expires_at=session.expires_at,
                released_at=now,
            )
            stores.releases.add(release, session.id)
            stores.audit.record(
                ReleaseMade(
                    session=session.id,
                    citizen=session.citizen,
                    service_provider=site.id,
                    identifier=request.identifier,
                    attributes=(),
                    at=now,
                )
            )
        return release


def _participation(stores: Stores, session: Session, site: ServiceProvider, now: datetime) -> Participation:
    known = stores.sessions.participation(session.id, site.id)
    if known is not None:
        return known
    new = Participation(
        session=session.id,
        service_provider=site.id,
        handle=ParticipationHandle(secrets.token_hex(16)),
        since=now,
    )
    return stores.sessions.take_part(new)


def _subject(stores: Stores, session: Session, site: ServiceProvider, kind: IdentifierKind) -> SubjectValue:
    fresh = SubjectValue(secrets.token_hex(SUBJECT_BYTES))
    if kind is IdentifierKind.TRANSIENT:
        return fresh
    known = stores.subjects.find(session.citizen, site.sector)
    if known is None:
        known = stores.subjects.add(SubjectIdentifier(citizen=session.citizen, sector=site.sector, value=fresh))
    return known.value
