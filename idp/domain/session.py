"""One browser login on the server, the sites that take part in it, and when it may serve another site."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from idp.domain.assurance import AuthenticationContext
from idp.domain.citizen import CertificateCheck, CitizenId
from idp.domain.login import LoginRequest
from idp.domain.service_provider import ServiceProvider, ServiceProviderId, Tier, TrustCircle
from idp.domain.subject import SubjectValue

SessionId = NewType("SessionId", str)
SessionHandle = NewType("SessionHandle", str)
ParticipationHandle = NewType("ParticipationHandle", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login that may be used again. Tier and circle are those of the site it was opened for."""

    id: SessionId
    citizen: CitizenId
    context: AuthenticationContext
    authenticated_at: datetime
    check: CertificateCheck
    tier: Tier
    circle: TrustCircle
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """One site's share in a session. `handle` is what that site alone calls the session (`sid`, SessionIndex)."""

    session: SessionId
    service_provider: ServiceProviderId
    handle: ParticipationHandle
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionShare:
    """A session as one site sees it: its own share, and the citizen's identifier in its sector, where there are any."""

    session: Session
    participation: Participation | None
    subject: SubjectValue | None


class StepUpReason(StrEnum):
    """Why an open session does not do, so that the citizen can be told in one sentence."""

    HIGHER = "stepup.higher"
    FRESHER = "stepup.fresh"
    OTHER_CIRCLE = "stepup.circle"


def step_up_reason(
    session: Session, site: ServiceProvider, request: LoginRequest, *, asked_at: datetime, now: datetime
) -> StepUpReason | None:
    """Why `session` may not serve `site`, or None if it may.

    A session serves within its trust circle and never upward in tier; its assurance must reach the request's; `max_age`
    and a forced login ask for a fresher one (OpenID Connect Core 3.1.2.1, SAML core 3.4.1 ForceAuthn): the card must
    have been read since the site asked, at `asked_at`.
    """
    if session.circle != site.circle or session.tier < site.tier:
        return StepUpReason.OTHER_CIRCLE
    if session.context.level < request.required:
        return StepUpReason.HIGHER
    read_since = session.authenticated_at >= asked_at
    too_old = request.max_age is not None and now - session.authenticated_at > request.max_age
    if (request.forced or too_old) and not read_since:
        return StepUpReason.FRESHER
    return None
