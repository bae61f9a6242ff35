"""Who may ask for a login, and under which rules. A service provider has sector, tier and circle from the start."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from idp.domain.errors import SiteSuspended, SiteUnknown
from idp.domain.metadata_source import MetadataSourceName

ServiceProviderId = NewType("ServiceProviderId", str)
SectorCode = NewType("SectorCode", str)
TrustCircle = NewType("TrustCircle", str)


class FederationProtocol(StrEnum):
    """The protocol that a service provider speaks with us."""

    SAML = "saml"
    OIDC = "oidc"


class Tier(IntEnum):
    """How far a service provider is trusted; ordered. A session opened for a lower tier never serves a higher one."""

    STANDARD = 1
    HIGH = 2


class Standing(StrEnum):
    """Whether a service provider is served. One that was removed stays in the register for the sake of its history."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class SuspensionReason(StrEnum):
    """Why a service provider is suspended; a closed set, because it stands in the audit trail."""

    REQUEST = "request"
    """The site asked for it."""
    MAINTENANCE = "maintenance"
    INCIDENT = "incident"
    """Its security, or a citizen's, is in doubt."""
    RULES = "rules"
    """It broke the rules under which it was admitted."""
    WITHDRAWN = "withdrawn"
    """Its federation names it no more."""
    OTHER = "other"


class Mark(StrEnum):
    """What sets a service provider apart from the ordinary; an `unsafe_` one weakens something on purpose."""

    UNSIGNED_REQUESTS = "unsigned_requests"
    """It does not sign its requests: never of the high tier."""
    UNSAFE_CBC = "unsafe_cbc"
    """It can only decrypt what carries no proof of being unchanged (AES-CBC)."""
    STARTS_HERE = "starts_here"
    """A login to it may begin at our own pages, without its request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalText:
    """The same words in both languages of the pages."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in `ja` or `en`."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """The service providers that may know a citizen by the same identifier, and why they may."""

    code: SectorCode
    owner: str
    purpose: str
    legal_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """One registered site.

    `protocol_id` is its SAML entityID or OIDC client_id. `registration` is what only its protocol understands: SAML
    metadata as XML text, or OIDC client metadata (RFC 7591 names) as JSON text; it is over at `registration_ends_at`.
    `source` is where newer ones come from, None if only the operator brings them.
    """

    id: ServiceProviderId
    protocol: FederationProtocol
    protocol_id: str
    sector: SectorCode
    tier: Tier
    circle: TrustCircle
    name: LocalText
    operator: LocalText
    home_url: str
    registration: str
    registration_ends_at: datetime | None = None
    source: MetadataSourceName | None = None
    standing: Standing = Standing.ACTIVE
    marks: frozenset[Mark] = frozenset()

    def require_active(self) -> None:
        """Raises `SiteSuspended`, or `SiteUnknown` for one that was removed."""
        match self.standing:
            case Standing.ACTIVE:
                return
            case Standing.SUSPENDED:
                raise SiteSuspended
            case Standing.REMOVED:
                raise SiteUnknown("the site was removed")

    def require_start(self) -> None:
        """Raises `SiteUnknown` unless a login to it may begin at our own pages."""
        if Mark.STARTS_HERE not in self.marks:
            raise SiteUnknown("no login to the site begins here")
