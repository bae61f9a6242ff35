"""What the use cases need from outside. Adapters fulfil these; nothing here knows how."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from idp.domain.citizen import CardBinding, CardFingerprint, CertificateCheck, Citizen, CitizenId
from idp.domain.events import AuditEvent
from idp.domain.release import Release
from idp.domain.service_provider import FederationProtocol, Sector, SectorCode, ServiceProvider, ServiceProviderId
from idp.domain.session import Participation, Session, SessionHandle, SessionId
from idp.domain.subject import SubjectIdentifier
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import RevocationStatus

T = TypeVar("T")


class OneTimeStore(Protocol[T]):
    """Values that are used once: replay dies here.

    Keys are secrets or message ids of any length; the store keeps only their SHA-256. A used row stays until its end,
    so that a second use is told from an unknown key.
    """

    def put(self, key: str, value: T, *, now: datetime, expires_at: datetime) -> None:
        """Keep `value` until `expires_at`. Raises `RequestAlreadyUsed` if the key is already there and not expired."""

    def read(self, key: str, *, now: datetime) -> T:
        """The value, left in place. Raises as `take`."""

    def take(self, key: str, *, now: datetime) -> T:
        """The value, used up by one atomic committed statement before anything else is checked.

        Raises `RequestAlreadyUsed`, `RequestExpired`, or `RequestInvalid` for a key never put.
        """


class CitizenStore(Protocol):
    """Citizens and their card bindings."""

    def add(self, citizen: Citizen, binding: CardBinding) -> None:
        """Register. Raises `RequestAlreadyUsed` if the fingerprint is bound already (two tabs, one card)."""

    def binding(self, fingerprint: CardFingerprint) -> CardBinding | None:
        """The binding of this certificate."""

    def forget_cards(self, citizen: CitizenId) -> None:
        """Remove every binding of the citizen. Identifiers stay, so that none is ever given to another person."""

    def note_check(self, fingerprint: CardFingerprint, check: CertificateCheck) -> bool:
        """Remember the last good check of a bound certificate; False if it is not bound (any more)."""


class SessionStore(Protocol):
    """Sessions by the browser's handle; only a digest of the handle is kept."""

    def open(self, session: Session, handle: SessionHandle) -> None:
        """Keep a new session."""

    def find(self, handle: SessionHandle, *, now: datetime) -> Session | None:
        """The open, unexpired session of this handle."""

    def end(self, session: SessionId, *, now: datetime) -> None:
        """End it; ending an ended one does nothing."""

    def end_all(self, citizen: CitizenId, *, now: datetime) -> None:
        """End every session of the citizen."""

    def participation(self, session: SessionId, service_provider: ServiceProviderId) -> Participation | None:
        """The site's share in the session."""

    def take_part(self, participation: Participation) -> Participation:
        """Add a site to a session; if another request was quicker, the participation that is kept."""

    def participants(self, session: SessionId) -> tuple[ServiceProviderId, ...]:
        """The sites that take part, oldest first."""


class SubjectStore(Protocol):
    """One identifier per citizen and sector, never re-assigned."""

    def find(self, citizen: CitizenId, sector: SectorCode) -> SubjectIdentifier | None:
        """The identifier, if the sector has one already."""

    def add(self, subject: SubjectIdentifier) -> SubjectIdentifier:
        """Keep a new one; if another request was quicker, the one that is kept."""


class ReleaseStore(Protocol):
    """What was told to whom."""

    def add(self, release: Release, session: SessionId) -> None:
        """Keep the record of a release (names of attributes, no values)."""


class ServiceProviderStore(Protocol):
    """The register of service providers and sectors."""

    def save_sector(self, sector: Sector) -> None:
        """Add or replace by code."""

    def save(self, service_provider: ServiceProvider) -> None:
        """Add or replace by id, and raise the register's version."""

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every service provider, by id."""

    def sectors(self) -> tuple[Sector, ...]:
        """Every sector, by code."""

    def version(self) -> int:
        """A number that grows with every change."""


class AuditLog(Protocol):
    """The audit trail."""

    def record(self, event: AuditEvent) -> None:
        """Append one event."""


class Stores(Protocol):
    """All stores inside one transaction."""

    @property
    def citizens(self) -> CitizenStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def subjects(self) -> SubjectStore: ...
    @property
    def releases(self) -> ReleaseStore: ...
    @property
    def service_providers(self) -> ServiceProviderStore: ...
    @property
    def audit(self) -> AuditLog: ...


class UnitOfWork(Protocol):
    """One transaction per step: commits when the block ends well, rolls back when it raises."""

    def writing(self) -> AbstractContextManager[Stores]:
        """A transaction that may write (on SQLite it begins IMMEDIATE)."""

    def reading(self) -> AbstractContextManager[Stores]:
        """A read-only one."""


class ServiceProviderRegister(Protocol):
    """The register as requests see it: cached, at most one second behind."""

    def get(self, service_provider: ServiceProviderId) -> ServiceProvider:
        """By id. Raises `SiteUnknown`."""

    def by_protocol_id(self, protocol: FederationProtocol, protocol_id: str) -> ServiceProvider:
        """By entityID or client_id. Raises `SiteUnknown`."""

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every service provider, by id."""


class RevocationSource(Protocol):
    """Says whether a certificate is revoked. Never raises for trouble of the sources: that is `Unknown`."""

    def check(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """Local list, then at most one OCSP request, by the policy of `jpki.revocation.decide`."""

    def listed(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """The local revocation list alone, without network."""
