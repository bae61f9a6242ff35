"""What the audit trail records: one frozen class per kind of event. People and sessions by internal id only."""

from dataclasses import dataclass
from datetime import datetime

from idp.domain.assurance import AuthenticationContext
from idp.domain.citizen import CheckSource, CitizenId
from idp.domain.login import IdentifierKind, LoginId
from idp.domain.metadata_source import MetadataSourceName, WhyRefused
from idp.domain.service_provider import SectorCode, ServiceProviderId, SuspensionReason
from idp.domain.session import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenRegistered:
    """A card was bound to a new citizen, with consent."""

    citizen: CitizenId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenLeft:
    """A citizen ended the registration: no card leads to them any more, and all their sessions are over."""

    citizen: CitizenId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A citizen logged in with the card; how fresh the certificate's check was."""

    session: SessionId
    citizen: CitizenId
    context: AuthenticationContext
    check_source: CheckSource
    checked_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A session is over: `citizen` for a logout, `replaced` for a new login in the same browser."""

    session: SessionId
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMade:
    """A service provider was told something; `attributes` are names."""

    session: SessionId
    citizen: CitizenId
    service_provider: ServiceProviderId
    identifier: IdentifierKind
    attributes: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDenied:
    """An open session would have served, but not as the site wished (another citizen, no identifier): nothing told."""

    service_provider: ServiceProviderId
    code: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused:
    """A login that a service provider rightfully asked for came to nothing; `code` is the error's."""

    login: LoginId
    service_provider: ServiceProviderId
    code: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderApplied:
    """The operator added or changed a service provider; `change` is `added` or `changed`."""

    service_provider: ServiceProviderId
    change: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderSuspended:
    """Nothing is released to the service provider until it is resumed."""

    service_provider: ServiceProviderId
    why: SuspensionReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderResumed:
    """A suspended service provider is served again."""

    service_provider: ServiceProviderId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRemoved:
    """A service provider left the register for good; its id is not given again."""

    service_provider: ServiceProviderId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorDefined:
    """The operator added or changed a sector; `change` is `added` or `changed`."""

    sector: SectorCode
    change: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationListTaken:
    """A fresh revocation list is in use. `list_name` names issuer key and distribution point by digest."""

    list_name: str
    issued_at: datetime
    next_update: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationListRefused:
    """A fetched revocation list was not good enough; the one before stays until its own end."""

    list_name: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSourceApplied:
    """The operator added, changed or removed a source of metadata; `change` is the word for it."""

    source: MetadataSourceName
    change: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateTaken:
    """A newer document of a federation is in use, until `ends_at`."""

    source: MetadataSourceName
    ends_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateRefused:
    """A federation's document was not good enough; the one before stays until its own end."""

    source: MetadataSourceName
    code: WhyRefused
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMetadataTaken:
    """A service provider's newer description came from its source and is in use, until `ends_at`."""

    service_provider: ServiceProviderId
    source: MetadataSourceName
    ends_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMetadataRefused:
    """A service provider's newer description was not good enough; the one before stays until its own end."""

    service_provider: ServiceProviderId
    source: MetadataSourceName
    code: WhyRefused
    at: datetime


AuditEvent = (
    CitizenRegistered
    | CitizenLeft
    | SessionOpened
    | SessionEnded
    | ReleaseMade
    | LoginRefused
    | ReleaseDenied
    | ServiceProviderApplied
    | ServiceProviderSuspended
    | ServiceProviderResumed
    | ServiceProviderRemoved
    | SectorDefined
    | RevocationListTaken
    | RevocationListRefused
    | MetadataSourceApplied
    | AggregateTaken
    | AggregateRefused
    | SiteMetadataTaken
    | SiteMetadataRefused
)
