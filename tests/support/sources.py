"""Sources of metadata without a network and without XML, and sites that follow them.

followed.offer(FEDERATION, a_document(a_member(id="https://a.example"), …))    # what the source answers from now on
followed.admit("https://a.example", FEDERATION)                                # the operator's act
followed.refresh(FEDERATION)                                                   # -> attempts
followed.site("https://a.example").registration
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import BinaryIO

from sqlalchemy import Engine, text

from idp.adapters.db.audit import decode_event
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.events import AuditEvent
from idp.domain.metadata_rules import MetadataRules
from idp.domain.metadata_source import (
    DocumentHead,
    EntityDescription,
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    SignedMetadata,
    SourceKind,
    SourceRefused,
    WhyRefused,
)
from idp.domain.service_provider import FederationProtocol, Mark, ServiceProvider, ServiceProviderId, Tier
from idp.usecases.admission import Readers
from idp.usecases.aggregates import Aggregates
from idp.usecases.metadata_sources import Sources
from idp.usecases.orders import Description, Entries, Order
from idp.usecases.ports import FetchedDocument
from idp.usecases.service_providers import ServiceProviders
from idp.usecases.site_metadata import Attempt, SiteMetadata
from idp.usecases.source_documents import SourceDocuments
from tests.support.builders import NOW, a_sector
from tests.support.onboarding import EVERYTHING, READERS

WEEK = timedelta(days=7)
RULES = MetadataRules(
    refresh=timedelta(hours=1), retry=timedelta(minutes=5), longest_validity=timedelta(days=30), least_percent=50
)
GOOD_SIGNER, NEXT_SIGNER = "a certificate", "another certificate"


def a_source(name: str, kind: SourceKind, *, url: str = "https://source.example/") -> MetadataSource:
    """With one signer."""
    return MetadataSource(name=MetadataSourceName(name), kind=kind, url=url, signers=(GOOD_SIGNER,))


FEDERATION = a_source("federation", SourceKind.AGGREGATE)
QUERY = a_source("mdq", SourceKind.QUERY)
SINGLE = a_source("single", SourceKind.ENTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeDocument:
    """What a source answers. With `flaw` it is found out at the end, after everything was read."""

    head: DocumentHead
    entities: tuple[EntityDescription, ...]
    etag: str | None = None
    flaw: WhyRefused | None = None


def a_member(*, ends_at: datetime | None = None, names: str = "", **said: object) -> EntityDescription:
    """A service provider that says `said`, as `a_description` of the onboarding; `id` at least."""
    return EntityDescription(entity_id=str(said["id"]), text=json.dumps(said), names=names, ends_at=ends_at)


def a_document(
    *entities: EntityDescription,
    ends_at: datetime | None = NOW + WEEK,
    published_at: datetime | None = None,
    cache_for: timedelta | None = None,
    etag: str | None = None,
    flaw: WhyRefused | None = None,
) -> FakeDocument:
    """With a digest of all that it says; its entities end with it."""
    head = DocumentHead(published_at=published_at, ends_at=ends_at, cache_for=cache_for, digest=b"")
    digest = sha256(repr((head, entities)).encode()).digest()
    return FakeDocument(
        head=replace(head, digest=digest),
        entities=tuple(entity if entity.ends_at else replace(entity, ends_at=ends_at) for entity in entities),
        etag=etag,
        flaw=flaw,
    )


@dataclass(slots=True)
class FakeSources:
    """Fulfils `MetadataFetcher` and `MetadataReader`. `asked` has each question with the version that was known.

    `meanwhile` is what others do while the next document is read: before its first entity, and after its last.
    """

    documents: dict[tuple[str, str | None], FakeDocument | MetadataRefused] = field(default_factory=dict)
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    meanwhile: tuple[Callable[[], object], Callable[[], object]] | None = None

    def require_address(self, url: str) -> None:
        if not url.startswith("https://"):
            raise MetadataRefused(WhyRefused.ADDRESS)

    def require_signers(self, signers: Sequence[str]) -> None:
        if not signers or not set(signers) <= {GOOD_SIGNER, NEXT_SIGNER}:
            raise SourceRefused("A signer is no good.")

    @contextmanager
    def fetch(
        self, source: MetadataSource, entity_id: str | None, *, etag: str | None
    ) -> Iterator[FetchedDocument | None]:
        self.asked.append((source.name, entity_id, etag))
        document = self.documents[source.name, entity_id]
        if isinstance(document, MetadataRefused):
            raise document
        if etag is not None and etag == document.etag:
            yield None
        else:
            yield FetchedDocument(
                document=io.BytesIO(json.dumps([source.name, entity_id]).encode()), size=1, etag=document.etag
            )

    def read(
        self,
        document: BinaryIO,
        *,
        signers: Sequence[str],
        judge: Callable[[DocumentHead], None],
        take: Callable[[EntityDescription], None],
    ) -> SignedMetadata:
        self.require_signers(signers)
        name, entity_id = json.loads(document.read())
        found = self.documents[name, entity_id]
        assert isinstance(found, FakeDocument)
        first, last = self.meanwhile or (_nothing, _nothing)
        self.meanwhile = None
        judge(found.head)
        first()
        for entity in found.entities:
            take(entity)
        last()
        if found.flaw is not None:
            raise MetadataRefused(found.flaw)
        return SignedMetadata(head=found.head, entities=len(found.entities))


def _nothing() -> None:
    pass


class Followed:
    """A register, its sources and who follows them, in a real database; `documents` and `readers` may be real, too."""

    def __init__(self, engine: Engine, documents: SourceDocuments | None = None, readers: Readers = READERS) -> None:
        self._engine = engine
        self.work = SqlUnitOfWork(engine)
        self.fake = FakeSources()
        documents = documents or SourceDocuments(fetcher=self.fake, reader=self.fake, rules=RULES)
        self.sources = Sources(work=self.work, documents=documents)
        self.providers = ServiceProviders(work=self.work, readers=readers)
        self.following = SiteMetadata(sites=self.providers, aggregates=Aggregates(work=self.work, documents=documents))
        self.providers.add_sector(a_sector(), now=NOW)

    def add(self, *sources: MetadataSource) -> None:
        """The operator's act."""
        for source in sources:
            self.sources.add(source, now=NOW)

    def offer(
        self, source: MetadataSource, document: FakeDocument | WhyRefused, *, entity_id: str | None = None
    ) -> None:
        """What is answered from now on; a reason stands for an answer that cannot be had."""
        answer = MetadataRefused(document) if isinstance(document, WhyRefused) else document
        self.fake.documents[source.name, entity_id] = answer

    def admit(
        self,
        entity_id: str,
        source: MetadataSource,
        *,
        tier: Tier = Tier.STANDARD,
        text: str | None = None,
        **said: object,
    ) -> ServiceProviderId:
        """The operator's act, with a description that the site gave us before: `text`, or one that says `said`."""
        description = Description(
            protocol=FederationProtocol.SAML,
            text=text or json.dumps({"id": entity_id, "old": True, **said}),
            source=source.name,
            source_ends_at=NOW + timedelta(days=1),
        )
        entries = replace(EVERYTHING, tier=tier, circle=None)
        return self.providers.add(Order(description=description, entries=entries), now=NOW).site.id

    def refresh(
        self, source: MetadataSource, *, now: datetime = NOW, anew: bool = False
    ) -> tuple[tuple[str | None, str], ...]:
        """Site and news of each attempt; for a refusal, its reason."""
        attempts = self.following.refresh(source.name, now=now, anew=anew)
        return tuple((attempt.site, told(attempt)) for attempt in attempts)

    def site(self, site: ServiceProviderId) -> ServiceProvider:
        """As it is registered now."""
        return self.providers.show(site).site

    def mark(self, site: ServiceProviderId, mark: Mark) -> None:
        """The operator's decision."""
        entries = Entries(unsafe_cbc=True) if mark is Mark.UNSAFE_CBC else Entries(starts_here=True)
        self.providers.update(site, Order(description=None, entries=entries), now=NOW)

    def reading(self, source: MetadataSource, entity_id: str | None = None) -> MetadataReading | None:
        """As it is kept now."""
        with self.work.reading() as stores:
            return stores.metadata_sources.reading(source.name, entity_id)

    def events(self, *kinds: type[AuditEvent]) -> list[AuditEvent]:
        """The audit trail's, of these kinds."""
        with self._engine.begin() as connection:
            rows = connection.execute(text("SELECT kind, body FROM audit_events ORDER BY id")).all()
        return [event for event in (decode_event(kind, body) for kind, body in rows) if isinstance(event, kinds)]

    def kept_entities(self) -> int:
        """Rows of all copies."""
        with self._engine.begin() as connection:
            return int(connection.execute(text("SELECT count(*) FROM federation_entities")).scalar_one())


def told(attempt: Attempt) -> str:
    """In one word."""
    return attempt.trouble.why.value if attempt.trouble else attempt.news.value
