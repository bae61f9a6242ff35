"""What the use cases need from outside. Adapters fulfil these; nothing here knows how."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, TypeVar

from idp.domain.citizen import CardBinding, CardFingerprint, CertificateCheck, Citizen, CitizenId
from idp.domain.events import AuditEvent
from idp.domain.login import MessageId
from idp.domain.metadata_source import (
    DocumentHead,
    EntityDescription,
    MetadataReading,
    MetadataSource,
    MetadataSourceName,
    SignedMetadata,
)
from idp.domain.registration import RegistrationFacts
from idp.domain.release import Release
from idp.domain.service_provider import (
    FederationProtocol,
    Mark,
    Sector,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
)
from idp.domain.session import Participation, Session, SessionHandle, SessionId, SessionShare
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


class MessageStore(Protocol):
    """Ids of messages that count once. Inside a transaction: what a message brought about and its use stand or fall."""

    def use_up(self, message: MessageId, *, now: datetime) -> None:
        """Raises `RequestAlreadyUsed` if it was used before."""


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

    def share(
        self, handle: SessionHandle, service_provider: ServiceProviderId, sector: SectorCode, *, now: datetime
    ) -> SessionShare | None:
        """`find`, with what the site and its sector have of this session and its citizen already."""

    def end(self, session: SessionId, *, now: datetime) -> None:
        """End it; ending an ended one does nothing."""

    def end_all(self, citizen: CitizenId, *, now: datetime) -> None:
        """End every session of the citizen."""

    def take_part(self, participation: Participation) -> Participation:
        """Add a site to a session; if another request was quicker, the participation that is kept."""

    def participants(self, session: SessionId) -> tuple[ServiceProviderId, ...]:
        """The sites that take part, oldest first."""


class SubjectStore(Protocol):
    """One identifier per citizen and sector, never re-assigned."""

    def add(self, subject: SubjectIdentifier) -> SubjectIdentifier:
        """Keep a new one; if another request was quicker, the one that is kept."""


class ReleaseStore(Protocol):
    """What was told to whom."""

    def add(self, release: Release, session: Session) -> None:
        """Keep the record of a release from `session` (names of attributes, no values)."""


class ServiceProviderStore(Protocol):
    """The register of service providers and sectors."""

    def hold(self) -> None:
        """Let nobody else change the register from here to the end of the transaction: what is read now stays true."""

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


class MetadataSourceStore(Protocol):
    """Sources of metadata, how it stands with each, and copies of the aggregates' entities, numbered by generation."""

    def save(self, source: MetadataSource, *, now: datetime) -> None:
        """Add or replace by name. Everything of it is due now, and is asked for in full.

        When a signer is gone, what was read is forgotten: it may be that one's. The generations of a source that was
        removed do not come back.
        """

    def forget(self, name: MetadataSourceName) -> None:
        """Forget all its readings: nobody looks at its entities any more."""

    def remove(self, name: MetadataSourceName) -> None:
        """Remove it with all that is left of it."""

    def all(self) -> tuple[MetadataSource, ...]:
        """Every source, by name."""

    def hold(self, name: MetadataSourceName) -> bool:
        """Let nobody else change the source from here to the end of the transaction; False if it is not there."""

    def readings(self, name: MetadataSourceName) -> tuple[MetadataReading, ...]:
        """Of the source as a whole, if it is an aggregate, and of its sites."""

    def reading(self, name: MetadataSourceName, entity_id: str | None) -> MetadataReading | None:
        """Of one site, or of the whole."""

    def keep(self, reading: MetadataReading) -> None:
        """Add or replace by source and entity."""

    def begin_generation(self, name: MetadataSourceName) -> int:
        """A number that no other copy of the source's entities has; nobody looks at that copy yet."""

    def add_entities(self, name: MetadataSourceName, generation: int, entities: Sequence[EntityDescription]) -> None:
        """Into a copy that nobody looks at yet. Raises `MetadataRefused` if one of them is in it already."""

    def entities(self, name: MetadataSourceName, generation: int) -> int:
        """How many are in a copy."""

    def entity(self, name: MetadataSourceName, entity_id: str) -> EntityDescription | None:
        """One, from the copy that is looked at."""

    def search(self, name: MetadataSourceName, words: Sequence[str], *, limit: int) -> tuple[EntityDescription, ...]:
        """Those whose ids or names have all `words`, by id, from the copy that is looked at."""

    def sweep(self, name: MetadataSourceName, *, until: int, limit: int) -> int:
        """Delete at most `limit` entities of copies up to number `until` that nobody looks at; how many."""


class RegistrationReader(Protocol):
    """Reads what a site says of itself, in its protocol's form."""

    def read(self, text: str, *, marks: frozenset[Mark]) -> RegistrationFacts:
        """What `text` says, for a site with the operator's `marks`. Raises `RegistrationRefused` with every fault."""


class AnswerRehearsal(Protocol):
    """Makes an answer as a site would get it, about nobody, and throws it away."""

    def rehearse(self, site: ServiceProvider, *, now: datetime) -> None:
        """Raises `IdpError` if no answer can be made."""


class SourceProbe(Protocol):
    """Asks the source that a site follows, now and over the network, and changes nothing."""

    def trouble(self, site: ServiceProvider, *, now: datetime) -> str | None:
        """Why the source's document would not be taken, in words for the operator; None if it would."""


class AuditLog(Protocol):
    """The audit trail."""

    def record(self, event: AuditEvent) -> None:
        """Append one event."""


class Stores(Protocol):
    """All stores inside one transaction."""

    @property
    def messages(self) -> MessageStore: ...
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
    def metadata_sources(self) -> MetadataSourceStore: ...
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedDocument:
    """What a source answered, in a temporary file at its beginning; `etag` names this version of it."""

    document: BinaryIO
    size: int
    etag: str | None


class MetadataFetcher(Protocol):
    """Asks sources over the network."""

    def require_address(self, url: str) -> None:
        """Raises `MetadataRefused` for one that is never asked."""

    def fetch(
        self, source: MetadataSource, entity_id: str | None, *, etag: str | None
    ) -> AbstractContextManager[FetchedDocument | None]:
        """The document about one site, or about all for None; None if the version called `etag` is still the newest.

        Raises `MetadataRefused`.
        """


class MetadataReader(Protocol):
    """Reads signed documents."""

    def require_signers(self, signers: Sequence[str]) -> None:
        """Raises `SourceRefused` unless each certificate, in PEM, has a key that may sign."""

    def read(
        self,
        document: BinaryIO,
        *,
        signers: Sequence[str],
        judge: Callable[[DocumentHead], None],
        take: Callable[[EntityDescription], None],
    ) -> SignedMetadata:
        """What one of `signers` has signed. Raises `MetadataRefused`.

        `judge` is given what the document says of itself before `take` is given its first service provider. Neither is
        proven then: all of it is when this returns, and nothing of it if this raises.
        """
