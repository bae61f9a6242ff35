"""A login on its way: what a site asked, in whose browser, and what the card proved."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.attribute import ABOUT_THE_LOGIN, AttributeName
from idp.domain.citizen import CertificateCheck, CitizenId, VerifiedCard
from idp.domain.service_provider import ServiceProviderId
from idp.domain.subject import SubjectValue
from jpki.challenge import Purpose

LoginId = NewType("LoginId", str)
BrowserHandle = NewType("BrowserHandle", str)


class IdentifierKind(StrEnum):
    """Whether the site is told the citizen's lasting identifier of its sector, or one for this session only."""

    PERSISTENT = "persistent"
    TRANSIENT = "transient"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageId:
    """A message that counts once: `key` names sender and message. After `expires_at` its age alone refuses it."""

    key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """What a service provider asks. `reply` belongs to the protocol adapter that made it; all others pass it on.

    `may_create` lets a citizen whom the sector does not know yet get an identifier there; `subject` is the one citizen
    the site will accept, by the sector's identifier; `attributes` is what it wants to be told. `message` is the
    site's own, used up by the release that answers it at once, or by the login that it begins.
    """

    service_provider: ServiceProviderId
    required: AssuranceLevel
    identifier: IdentifierKind
    may_create: bool = True
    subject: SubjectValue | None = None
    attributes: tuple[AttributeName, ...] = ABOUT_THE_LOGIN
    forced: bool
    passive: bool
    max_age: timedelta | None
    reply: str
    message: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """A login request waiting for its citizen, bound to one browser by the hash of that browser's handle."""

    id: LoginId
    request: LoginRequest
    browser_hash: bytes
    began_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One question to the card: single use, short-lived, for one login."""

    nonce: bytes
    purpose: Purpose
    login: LoginId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    """What came back from the card agent; nothing in it is proven."""

    nonce: bytes
    unverified_certificate: bytes
    unverified_signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCard:
    """A verified card on its way to the browser of its login, or waiting there for consent to registration."""

    login: LoginId
    card: VerifiedCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a login met, kept so that its page can be fetched by GET, reloaded and read in the other language."""

    login: LoginId
    code: str
    request_id: str
    at: datetime
    minutes: int | None
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationResult:
    """A citizen proved to hold their card: who, how, when, and how fresh the certificate's check is."""

    citizen: CitizenId
    context: AuthenticationContext
    authenticated_at: datetime
    check: CertificateCheck
