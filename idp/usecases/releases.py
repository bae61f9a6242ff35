"""The only maker of `Release`: what one site is told about one login, and the record that it was told."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from idp.domain.attribute import AttributeName
from idp.domain.errors import IdentifierUnavailable, LoginNeeded, OtherCitizen
from idp.domain.events import ReleaseMade
from idp.domain.login import IdentifierKind, LoginRequest, MessageId
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProvider
from idp.domain.session import Participation, ParticipationHandle, Session, SessionHandle, SessionShare, step_up_reason
from idp.domain.subject import SUBJECT_BYTES, SubjectIdentifier, SubjectValue
from idp.usecases.ports import Stores, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """Makes releases, each in a transaction with its record."""

    work: UnitOfWork

    def release(
        self,
        handle: SessionHandle,
        request: LoginRequest,
        site: ServiceProvider,
        *,
        asked_at: datetime,
        now: datetime,
        message: MessageId | None = None,
    ) -> Release:
        """Tell `site` about the session's citizen; `message` is used up by this, where it was not by a login's begin.

        The rules of session reuse are judged here once more, inside the transaction that records the release, whatever
        was judged before. Raises `LoginNeeded` if the session is gone or may not serve, `IdentifierUnavailable` and
        `OtherCitizen` if the site's wish for an identifier cannot be met, `RequestAlreadyUsed` for a message that came
        before, `SiteSuspended` and `SiteUnknown` for a site that is not served any more.
        """
        site.require_active()
        with self.work.writing() as stores:
            share = stores.sessions.share(handle, site.id, site.sector, now=now)
            if share is None or step_up_reason(share.session, site, request, asked_at=asked_at, now=now) is not None:
                raise LoginNeeded
            if message is not None:
                stores.messages.use_up(message, now=now)
            session, participation = share.session, share.participation or _take_part(stores, share.session, site, now)
            lasting = _lasting(stores, share, site, request)
            release = Release(
                service_provider=site.id,
                sector=site.sector,
                subject=_subject(request.identifier, lasting),
                lasting=lasting if AttributeName.SUBJECT in request.attributes else None,
                identifier=request.identifier,
                attributes=request.attributes,
                context=session.context,
                authenticated_at=session.authenticated_at,
                check=session.check,
                session=participation.handle,
                session_expires_at=session.expires_at,
                released_at=now,
            )
            stores.releases.add(release, session)
            stores.audit.record(
                ReleaseMade(
                    session=session.id,
                    citizen=session.citizen,
                    service_provider=site.id,
                    identifier=request.identifier,
                    attributes=tuple(name.value for name in release.attributes),
                    at=now,
                )
            )
        return release


def _take_part(stores: Stores, session: Session, site: ServiceProvider, now: datetime) -> Participation:
    new = Participation(
        session=session.id,
        service_provider=site.id,
        handle=ParticipationHandle(secrets.token_hex(16)),
        since=now,
    )
    return stores.sessions.take_part(new)


def _lasting(stores: Stores, share: SessionShare, site: ServiceProvider, request: LoginRequest) -> SubjectValue | None:
    """The citizen's identifier in the site's sector, made now if it may be; None if the site asks for none.

    Raises `IdentifierUnavailable` if there is none and none may be made (SAML core 3.4.1.1, AllowCreate), and
    `OtherCitizen` if the site named another.
    """
    is_asked_for = request.identifier is IdentifierKind.PERSISTENT or AttributeName.SUBJECT in request.attributes
    if not is_asked_for and request.subject is None:
        return None
    if request.subject is not None and share.subject != request.subject:
        raise OtherCitizen
    if share.subject is not None:
        return share.subject
    if not request.may_create:
        raise IdentifierUnavailable
    new = SubjectIdentifier(citizen=share.session.citizen, sector=site.sector, value=_random())
    return stores.subjects.add(new).value


def _subject(kind: IdentifierKind, lasting: SubjectValue | None) -> SubjectValue:
    return lasting if kind is IdentifierKind.PERSISTENT and lasting is not None else _random()


def _random() -> SubjectValue:
    return SubjectValue(secrets.token_hex(SUBJECT_BYTES))
