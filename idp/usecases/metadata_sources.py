"""The operator's acts on sources of metadata, and looking at what they say. To keep a source admits nobody."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.domain.events import MetadataSourceApplied
from idp.domain.metadata_rules import require_not_shrunken
from idp.domain.metadata_source import (
    EntityDescription,
    GoodReading,
    LookedUp,
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    SourceKind,
    SourceRefused,
    WhyRefused,
)
from idp.domain.service_provider import ServiceProvider
from idp.usecases.ports import Stores, UnitOfWork
from idp.usecases.renewal import is_follower
from idp.usecases.service_providers import Change
from idp.usecases.source_documents import SourceDocuments

MOST_FOUND = 50
_SWEPT_AT_ONCE = 500
_ALL_GENERATIONS = 2**31 - 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source, how it stands with it and its sites, and how many sites follow it."""

    source: MetadataSource
    readings: tuple[MetadataReading, ...]
    sites: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Every act raises `SourceRefused` with all that is wrong, and then nothing has changed."""

    work: UnitOfWork
    documents: SourceDocuments

    def add(self, source: MetadataSource, *, now: datetime) -> Change:
        """Keep it; or give one of the same name and kind another address or other signers."""
        self._require_usable(source)
        with self.work.writing() as stores:
            store = stores.metadata_sources
            store.hold(source.name)
            old = next((each for each in store.all() if each.name == source.name), None)
            if old == source:
                return Change.UNCHANGED
            if old is not None and old.kind is not source.kind:
                raise SourceRefused(f"There is a source {source.name} of another kind; remove it first.")
            change = Change.ADDED if old is None else Change.CHANGED
            store.save(source, now=now)
            stores.audit.record(MetadataSourceApplied(source=source.name, change=change.value, at=now))
        return change

    def remove(self, name: MetadataSourceName, *, now: datetime) -> None:
        """Forget it, and all that was read there. Sites that follow it must be removed or given another one before."""
        self.get(name)
        with self.work.writing() as stores:
            _require_unused(stores, name)
            stores.metadata_sources.forget(name)
        swept = _SWEPT_AT_ONCE
        while swept == _SWEPT_AT_ONCE:
            with self.work.writing() as stores:
                swept = stores.metadata_sources.sweep(name, until=_ALL_GENERATIONS, limit=_SWEPT_AT_ONCE)
        with self.work.writing() as stores:
            _require_unused(stores, name)
            stores.metadata_sources.remove(name)
            stores.audit.record(MetadataSourceApplied(source=name, change=Change.REMOVED.value, at=now))

    def all(self) -> tuple[SourceState, ...]:
        """Every source, by name; a site that follows another one by now is left out."""
        with self.work.reading() as stores:
            sites = stores.service_providers.all()
            return tuple(_state(source, sites, stores) for source in stores.metadata_sources.all())

    def get(self, name: MetadataSourceName) -> MetadataSource:
        """By name."""
        with self.work.reading() as stores:
            found = next((source for source in stores.metadata_sources.all() if source.name == name), None)
        if found is None:
            raise SourceRefused(f"There is no source {name}.")
        return found

    def search(self, name: MetadataSourceName, words: Sequence[str]) -> tuple[EntityDescription, ...]:
        """At most `MOST_FOUND` members of a federation, of whose ids and names each has all `words`."""
        if self.get(name).kind is not SourceKind.AGGREGATE:
            raise SourceRefused(f"{name} can only be asked for one site by its entityID.")
        with self.work.reading() as stores:
            return stores.metadata_sources.search(name, words, limit=MOST_FOUND)

    def look_up(self, source: MetadataSource, entity_id: str | None, *, now: datetime) -> LookedUp:
        """What `source` says of a site that is to be admitted. Raises `MetadataRefused`.

        An aggregate is looked up as it was read last; other sources are asked now, need not be kept for that, and may
        say nothing older than was read there before. A source of one entity needs no `entity_id`.
        """
        if source.kind is not SourceKind.AGGREGATE:
            last = self._last(source, entity_id)
            taken, found = self.documents.read_one(source, entity_id, last and last.by_age_alone(), now=now)
            good: GoodReading | None = taken.good
        else:
            good = None
            with self.work.reading() as stores:
                found = stores.metadata_sources.entity(source.name, entity_id or "")
        if found is None:
            raise MetadataRefused(WhyRefused.NOT_THERE)
        if found.ends_at is not None and now >= found.ends_at:
            raise MetadataRefused(WhyRefused.EXPIRED)
        return LookedUp(entity=found, good=good)

    def note(self, source: MetadataSourceName, looked_up: LookedUp, *, now: datetime) -> None:
        """A site was admitted by this: nothing older will be taken for it. The worker asks again at once."""
        if looked_up.good is None:
            return
        with self.work.writing() as stores:
            if stores.metadata_sources.hold(source):
                stores.metadata_sources.keep(
                    MetadataReading(
                        source=source, entity_id=looked_up.entity.entity_id, due_at=now, good=looked_up.good
                    )
                )

    def _last(self, source: MetadataSource, entity_id: str | None) -> GoodReading | None:
        """Nothing that came from another address or by another signer."""
        with self.work.reading() as stores:
            if source not in stores.metadata_sources.all():
                return None
            readings = stores.metadata_sources.readings(source.name)
        goods = [each.good for each in readings if entity_id in {None, each.entity_id} and each.good is not None]
        return max(goods, key=lambda good: good.ends_at, default=None)

    def trouble(self, site: ServiceProvider, *, now: datetime) -> str | None:
        """Fulfils `SourceProbe`."""
        try:
            if site.source is not None:
                self._try(self.get(site.source), site.protocol_id, now=now)
        except (MetadataRefused, SourceRefused) as refused:
            return str(refused)
        return None

    def _try(self, source: MetadataSource, entity_id: str, *, now: datetime) -> None:
        is_aggregate = source.kind is SourceKind.AGGREGATE
        with self.work.reading() as stores:
            reading = stores.metadata_sources.reading(source.name, None if is_aggregate else entity_id)
        last = reading.good if reading else None
        if not is_aggregate:
            self.documents.read_one(source, entity_id, last, now=now)
            return
        taken = self.documents.read(source, None, last, now=now, take=_ignore)
        require_not_shrunken(taken.good.entities, last, self.documents.rules)

    def _require_usable(self, source: MetadataSource) -> None:
        faults = []
        if not _NAME.fullmatch(source.name):
            faults.append("The name must be 1 to 64 letters, digits, dots, hyphens and underscores.")
        try:
            self.documents.fetcher.require_address(source.url)
        except MetadataRefused as refused:
            faults.append(str(refused))
        try:
            self.documents.reader.require_signers(source.signers)
        except SourceRefused as refused:
            faults += refused.faults
        if faults:
            raise SourceRefused(*faults)


def _require_unused(stores: Stores, name: MetadataSourceName) -> None:
    """From here to the end of the transaction nobody begins to follow it."""
    stores.metadata_sources.hold(name)
    sites = [site.id for site in stores.service_providers.all() if is_follower(site, name)]
    if sites:
        raise SourceRefused(f"These sites follow {name}: {', '.join(sites)}.")


def _state(source: MetadataSource, sites: Sequence[ServiceProvider], stores: Stores) -> SourceState:
    followers = {site.protocol_id for site in sites if is_follower(site, source.name)}
    readings = stores.metadata_sources.readings(source.name)
    return SourceState(
        source=source,
        readings=tuple(each for each in readings if each.entity_id is None or each.entity_id in followers),
        sites=len(followers),
    )


def _ignore(entity: EntityDescription) -> None:
    del entity
