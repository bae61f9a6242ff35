"""A source's document, asked for now: fetched, its signature proven, and judged by our rules. Nothing is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from idp.domain.metadata_rules import MetadataRules, OfferedDocument, require_good_head
from idp.domain.metadata_source import (
    DocumentHead,
    EntityDescription,
    GoodReading,
    MetadataRefused,
    MetadataSource,
    SignedMetadata,
    WhyRefused,
)
from idp.usecases.ports import MetadataFetcher, MetadataReader, Stores

Take = Callable[[EntityDescription], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDocument:
    """What is to be remembered of a good document, and when to ask again; `is_known` if it is the last one again."""

    good: GoodReading
    due_at: datetime
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocuments:
    """Documents are compared with the `last` good one; with None they are compared with nothing."""

    fetcher: MetadataFetcher
    reader: MetadataReader
    rules: MetadataRules

    def read(
        self, source: MetadataSource, entity_id: str | None, last: GoodReading | None, *, now: datetime, take: Take
    ) -> TakenDocument:
        """The document about one site, or about all for None. Raises `MetadataRefused`.

        Unless it is known, `take` is given each service provider before the document is proven: what it was given is
        good once this has returned.
        """
        reading = _Reading(last=last, rules=self.rules, now=now, take=take)
        with self.fetcher.fetch(source, entity_id, etag=last.etag if last else None) as fetched:
            if fetched is None:
                return reading.of_unchanged()
            signed = self.reader.read(
                fetched.document, signers=source.signers, judge=reading.judge, take=reading.pass_on
            )
            return reading.of(signed, etag=fetched.etag)

    def read_one(
        self, source: MetadataSource, entity_id: str | None, last: GoodReading | None, *, now: datetime
    ) -> tuple[TakenDocument, EntityDescription | None]:
        """The site's description; None if it is known. With no `entity_id`, the only one there is."""
        found: list[EntityDescription] = []
        taken = self.read(source, entity_id, last, now=now, take=found.append)
        if taken.is_known:
            return taken, None
        wanted = [each for each in found if entity_id in {None, each.entity_id}]
        if len(wanted) != 1:
            raise MetadataRefused(WhyRefused.WRONG_ENTITY)
        return taken, wanted[0]


def hold_unchanged(stores: Stores, source: MetadataSource) -> None:
    """Let nobody change the source until the transaction ends. Raises `MetadataRefused` if it is not as it was read."""
    if not stores.metadata_sources.hold(source.name) or source not in stores.metadata_sources.all():
        raise MetadataRefused(WhyRefused.OVERTAKEN)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One document on its way in."""

    last: GoodReading | None
    rules: MetadataRules
    now: datetime
    take: Take
    is_known: bool = False

    def judge(self, head: DocumentHead) -> None:
        require_good_head(OfferedDocument(head=head, last=self.last, rules=self.rules, now=self.now))
        self.is_known = self.last is not None and head.digest == self.last.digest

    def pass_on(self, entity: EntityDescription) -> None:
        if not self.is_known:
            self.take(entity)

    def of(self, signed: SignedMetadata, *, etag: str | None) -> TakenDocument:
        """A publication in the future would make every later one look older: it counts as of now."""
        head = signed.head
        assert head.ends_at is not None  # noqa: S101 (the first of the rules)
        good = GoodReading(
            read_at=self.now,
            published_at=None if head.published_at is None else min(head.published_at, self.now),
            ends_at=head.ends_at,
            digest=head.digest,
            entities=signed.entities,
            etag=etag,
        )
        due_at = self.now + self.rules.pause(head.cache_for, head.ends_at, now=self.now)
        return TakenDocument(good=good, due_at=due_at, is_known=self.is_known)

    def of_unchanged(self) -> TakenDocument:
        """The source says that its newest document is the last one."""
        assert self.last is not None  # noqa: S101 (the version asked about was its)
        if self.now >= self.last.ends_at:
            raise MetadataRefused(WhyRefused.EXPIRED)
        due_at = self.now + self.rules.pause(None, self.last.ends_at, now=self.now)
        return TakenDocument(good=self.last, due_at=due_at, is_known=True)
