"""What an operator says of a site that is to be registered or changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.metadata_source import MetadataSourceName
from idp.domain.service_provider import FederationProtocol, SectorCode, ServiceProviderId, Tier, TrustCircle


class Entry(StrEnum):
    """What the operator may say of a site, and of a sector. In a fault it stands as the place."""

    DESCRIPTION = "description"
    ENTITY = "entity"
    ID = "id"
    CLIENT_ID = "client_id"
    SECTOR = "sector"
    TIER = "tier"
    CIRCLE = "circle"
    NAME_JA = "name.ja"
    NAME_EN = "name.en"
    OPERATOR_JA = "operator.ja"
    OPERATOR_EN = "operator.en"
    HOME_URL = "home_url"
    OWNER = "owner"
    PURPOSE = "purpose"
    LEGAL_BASIS = "legal_basis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """What the operator says. None leaves it as it is; for a new site, to its own description or to the default.

    By default a site is of the standard tier, in a trust circle of its own, without marks, and named for its host.
    """

    id: ServiceProviderId | None = None
    client_id: str | None = None
    sector: SectorCode | None = None
    tier: Tier | None = None
    circle: TrustCircle | None = None
    name_ja: str | None = None
    name_en: str | None = None
    operator_ja: str | None = None
    operator_en: str | None = None
    home_url: str | None = None
    unsafe_cbc: bool | None = None
    starts_here: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the site says of itself, in its protocol's form.

    `source` is where it was found and newer ones will be; `source_ends_at` when that place's word for it is over.
    """

    protocol: FederationProtocol
    text: str
    source: MetadataSourceName | None = None
    source_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One site to be added or changed; without a description the one that is registered stays."""

    description: Description | None
    entries: Entries
