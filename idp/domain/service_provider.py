"""Who may ask for a login, and under which rules. A service provider has sector, tier and circle from the start."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NewType

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
    metadata as XML text, or OIDC client metadata (RFC 7591 names) as JSON text.
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
