"""The document about all members of a federation: its service providers are put aside as they are read, in small
transactions, as a copy that nobody looks at; one last transaction makes it the one that is looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from idp.domain.events import AggregateTaken
from idp.domain.metadata_rules import require_not_shrunken
from idp.domain.metadata_source import (
    EntityDescription,
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    WhyRefused,
)
from idp.usecases.ports import UnitOfWork
from idp.usecases.source_documents import SourceDocuments, hold_unchanged

ENTITIES_AT_ONCE = 500
CHARACTERS_AT_ONCE = 1_000_000

Progress = Callable[[int], None]
"""Is told how many service providers were read so far."""


def in_silence(read: int) -> None:
    """A `Progress` that nobody watches."""
    del read


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """Reads aggregates into the index."""

    work: UnitOfWork
    documents: SourceDocuments

    def refresh(
        self, source: MetadataSource, reading: MetadataReading, *, anew: bool, now: datetime, progress: Progress
    ) -> MetadataReading:
        """Read it, and make it the one that is looked at. Raises `MetadataRefused`, and then nothing has changed.

        `anew` reads it in full and compares it with nothing: it may be older or smaller than the last one.
        """
        last = None if anew else reading.good
        shelf = _Shelf(work=self.work, source=source.name, progress=progress)
        try:
            taken = self.documents.read(source, None, last, now=now, take=shelf.put)
            if not taken.is_known:
                require_not_shrunken(taken.good.entities, last, self.documents.rules)
                shelf.write()
            new = MetadataReading(
                source=source.name,
                entity_id=None,
                due_at=taken.due_at,
                good=taken.good,
                generation=reading.generation if taken.is_known else shelf.generation,
            )
            self._publish(source, new, reading, now=now)
        finally:
            shelf.clear()
        return new

    def _publish(self, source: MetadataSource, new: MetadataReading, old: MetadataReading, *, now: datetime) -> None:
        """Unless somebody else has changed or swept what it stands on. Due again soon, until its members are done."""
        assert new.good is not None  # noqa: S101 (made above)
        assert new.generation is not None  # noqa: S101 (there is at least one service provider)
        with self.work.writing() as stores:
            store = stores.metadata_sources
            hold_unchanged(stores, source)
            kept = store.reading(new.source, None)
            is_whole = store.entities(new.source, new.generation) == new.good.entities
            if not is_whole or (kept and kept.good) != old.good:
                raise MetadataRefused(WhyRefused.OVERTAKEN)
            store.keep(
                MetadataReading(
                    source=new.source,
                    entity_id=None,
                    due_at=min(new.due_at, now + self.documents.rules.retry),
                    good=new.good,
                    generation=new.generation,
                )
            )
            if old.trouble or old.good is None or old.good.digest != new.good.digest:
                stores.audit.record(AggregateTaken(source=new.source, ends_at=new.good.ends_at, at=now))


@dataclass(slots=True, kw_only=True)
class _Shelf:
    """A copy in the making."""

    work: UnitOfWork
    source: MetadataSourceName
    progress: Progress
    generation: int | None = None
    count: int = 0
    characters: int = 0
    waiting: list[EntityDescription] = field(default_factory=list)

    def put(self, entity: EntityDescription) -> None:
        self.waiting.append(entity)
        self.characters += len(entity.text)
        if len(self.waiting) == ENTITIES_AT_ONCE or self.characters > CHARACTERS_AT_ONCE:
            self.write()

    def clear(self) -> None:
        """Sweep what nobody looks at: copies before this one, and this one if it came to nothing."""
        while self.generation is not None:
            with self.work.writing() as stores:
                swept = stores.metadata_sources.sweep(self.source, until=self.generation, limit=ENTITIES_AT_ONCE)
            if swept < ENTITIES_AT_ONCE:
                return

    def write(self) -> None:
        """What still waits."""
        if not self.waiting:
            return
        if self.generation is None:
            self.generation = self._begin()
        with self.work.writing() as stores:
            stores.metadata_sources.add_entities(self.source, self.generation, self.waiting)
        self.count += len(self.waiting)
        self.progress(self.count)
        self.waiting, self.characters = [], 0

    def _begin(self) -> int:
        with self.work.writing() as stores:
            if not stores.metadata_sources.hold(self.source):
                raise MetadataRefused(WhyRefused.OVERTAKEN)
            return stores.metadata_sources.begin_generation(self.source)
