"""Newer descriptions of the sites that we have admitted, from their sources. Nobody is admitted here.

What is not good enough changes nothing: the last good description serves until its own end. What was told once is told
again when it changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from idp.domain.events import AggregateRefused, SiteMetadataRefused, SiteMetadataTaken
from idp.domain.metadata_source import (
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    SourceKind,
    WhyRefused,
)
from idp.domain.service_provider import ServiceProvider, ServiceProviderId, Standing, SuspensionReason
from idp.usecases.aggregates import Aggregates, Progress, in_silence
from idp.usecases.ports import Stores
from idp.usecases.renewal import Offer, is_follower, renew
from idp.usecases.service_providers import ServiceProviders
from idp.usecases.source_documents import hold_unchanged

LOOK_AGAIN = timedelta(minutes=1)
"""After so long at most a new source, or a new site of one, is noticed."""


class News(StrEnum):
    """What came of one attempt."""

    TAKEN = "taken"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of asking about an aggregate as a whole, or about one `site`; `is_new` unless it was told before."""

    source: MetadataSourceName
    site: ServiceProviderId | None
    news: News
    is_new: bool
    trouble: MetadataRefused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One piece of the worker's work, and after how long the next one is due."""

    attempts: tuple[Attempt, ...]
    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What is asked for at once: an aggregate for all `sites` that follow it, or else what is said of the one site."""

    source: MetadataSource
    reading: MetadataReading
    sites: tuple[ServiceProvider, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMetadata:
    """Follows the sources. `sites` knows the register and how descriptions are read."""

    sites: ServiceProviders
    aggregates: Aggregates

    def refresh_next(self, *, now: datetime) -> Turn:
        """Ask for what has been due longest, if anything is."""
        latest = now + self.aggregates.documents.rules.refresh
        first = min(self._targets(now), key=lambda target: _due_at(target.reading, now, latest=latest), default=None)
        if first is None:
            return Turn(attempts=(), pause=LOOK_AGAIN)
        pause = _due_at(first.reading, now, latest=latest) - now
        if pause > timedelta(0):
            return Turn(attempts=(), pause=min(LOOK_AGAIN, pause))
        return Turn(attempts=tuple(self._refresh(first, anew=False, now=now)), pause=timedelta(0))

    def refresh(
        self, name: MetadataSourceName, *, now: datetime, anew: bool = False, progress: Progress = in_silence
    ) -> tuple[Attempt, ...]:
        """Ask for everything of one source, due or not.

        `anew` compares with nothing: what is read may be older or smaller than what was taken before.
        """
        return tuple(
            attempt
            for target in self._targets(now)
            if target.source.name == name
            for attempt in self._refresh(target, anew=anew, now=now, progress=progress)
        )

    def _targets(self, now: datetime) -> list[_Target]:
        with self.sites.work.reading() as stores:
            sites = stores.service_providers.all()
            return [
                target
                for source in stores.metadata_sources.all()
                for target in _targets_of(
                    source, stores, tuple(site for site in sites if is_follower(site, source.name)), now
                )
            ]

    def _refresh(
        self, target: _Target, *, anew: bool, now: datetime, progress: Progress = in_silence
    ) -> Iterator[Attempt]:
        """It is put off first: whatever happens, others get their turn before it comes again."""
        with self.sites.work.writing() as stores:
            self._put_off(stores, target.source, target.reading.entity_id, target.reading.trouble, now)
        if target.source.kind is SourceKind.AGGREGATE:
            yield from self._refresh_aggregate(target, anew=anew, now=now, progress=progress)
        else:
            yield self._refresh_site(target, target.sites[0], anew=anew, now=now)

    def _refresh_aggregate(
        self, target: _Target, *, anew: bool, now: datetime, progress: Progress
    ) -> Iterator[Attempt]:
        source, old = target.source, target.reading
        try:
            new = self.aggregates.refresh(source, old, anew=anew, now=now, progress=progress)
        except MetadataRefused as refused:
            yield self._refused(source, None, refused, now)
            return
        is_new = new.generation != old.generation
        yield Attempt(source=source.name, site=None, news=News.TAKEN if is_new else News.UNCHANGED, is_new=is_new)
        for site in target.sites:
            yield self._refresh_member(source, site, new.generation, now=now)
        self._settle(source, new)

    def _settle(self, source: MetadataSource, new: MetadataReading) -> None:
        """Only now, with all members done, the long pause begins: after a crash in between they get their turn soon."""
        with self.sites.work.writing() as stores:
            store = stores.metadata_sources
            kept = store.reading(source.name, None) if store.hold(source.name) and source in store.all() else None
            if kept is not None and (kept.generation, kept.good) == (new.generation, new.good):
                store.keep(new)

    def _refresh_member(
        self, source: MetadataSource, site: ServiceProvider, generation: int | None, *, now: datetime
    ) -> Attempt:
        """From the aggregate as it was read just now; from another copy nothing follows for the site."""
        with self.sites.work.reading() as stores:
            whole = stores.metadata_sources.reading(source.name, None)
            entity = stores.metadata_sources.entity(source.name, site.protocol_id)
            reading = stores.metadata_sources.reading(source.name, site.protocol_id)
        if whole is None or whole.generation != generation:
            return self._refused(source, site, MetadataRefused(WhyRefused.OVERTAKEN), now)
        if entity is None:
            return self._withdraw(source, site, now=now)
        trouble = reading.trouble if reading else None
        if trouble is None and (site.registration, site.registration_ends_at) == (entity.text, entity.ends_at):
            return Attempt(source=source.name, site=site.id, news=News.UNCHANGED, is_new=False)
        try:
            with self.sites.work.writing() as stores:
                hold_unchanged(stores, source)
                is_newer = renew(stores, site.id, Offer(source=source, entity=entity, now=now), self.sites.readers)
                self._put_off(stores, source, site.protocol_id, None, now)
                return _taken(stores, source, site, entity.ends_at, is_newer=is_newer, trouble=trouble, now=now)
        except MetadataRefused as refused:
            return self._refused(source, site, refused, now)

    def _withdraw(self, source: MetadataSource, site: ServiceProvider, *, now: datetime) -> Attempt:
        """A good document of the federation names the site no more. The operator may resume it, nobody else."""
        is_new = site.standing is Standing.ACTIVE
        if is_new:
            self.sites.suspend(site.id, SuspensionReason.WITHDRAWN, now=now)
        return Attempt(source=source.name, site=site.id, news=News.WITHDRAWN, is_new=is_new)

    def _refresh_site(self, target: _Target, site: ServiceProvider, *, anew: bool, now: datetime) -> Attempt:
        """From a document of its own."""
        source, old = target.source, target.reading
        try:
            taken, entity = self.aggregates.documents.read_one(
                source, site.protocol_id, None if anew else old.good, now=now
            )
            new = MetadataReading(source=source.name, entity_id=site.protocol_id, due_at=taken.due_at, good=taken.good)
            with self.sites.work.writing() as stores:
                hold_unchanged(stores, source)
                is_newer = entity is not None and renew(
                    stores, site.id, Offer(source=source, entity=entity, now=now), self.sites.readers
                )
                stores.metadata_sources.keep(new)
                return _taken(stores, source, site, taken.good.ends_at, is_newer=is_newer, trouble=old.trouble, now=now)
        except MetadataRefused as refused:
            return self._refused(source, site, refused, now)

    def _refused(
        self, source: MetadataSource, site: ServiceProvider | None, refused: MetadataRefused, now: datetime
    ) -> Attempt:
        """Told when it is another trouble than before. To be overtaken is none: somebody else has done the work."""
        is_new = False
        if refused.why is not WhyRefused.OVERTAKEN:
            with self.sites.work.writing() as stores:
                before = self._put_off(stores, source, site.protocol_id if site else None, refused.why, now)
                is_new = before is not refused.why
                if is_new:
                    stores.audit.record(
                        SiteMetadataRefused(service_provider=site.id, source=source.name, code=refused.why, at=now)
                        if site
                        else AggregateRefused(source=source.name, code=refused.why, at=now)
                    )
        return Attempt(
            source=source.name, site=site.id if site else None, news=News.REFUSED, is_new=is_new, trouble=refused
        )

    def _put_off(
        self,
        stores: Stores,
        source: MetadataSource,
        entity_id: str | None,
        trouble: WhyRefused | None,
        now: datetime,
    ) -> WhyRefused | None:
        """The next attempt is after a while; the trouble that there was until now. A changed source stays due."""
        store = stores.metadata_sources
        if not store.hold(source.name) or source not in store.all():
            return trouble
        old = store.reading(source.name, entity_id)
        store.keep(
            MetadataReading(
                source=source.name,
                entity_id=entity_id,
                due_at=now + self.aggregates.documents.rules.retry,
                trouble=trouble,
                good=old.good if old else None,
                generation=old.generation if old else None,
            )
        )
        return old.trouble if old else None


def _due_at(reading: MetadataReading, now: datetime, *, latest: datetime) -> datetime:
    """No pause is longer than until `latest`; what says so was written by a clock that was wrong, and is due."""
    return reading.due_at if reading.due_at <= latest else now


def _taken(
    stores: Stores,
    source: MetadataSource,
    site: ServiceProvider,
    ends_at: datetime | None,
    *,
    is_newer: bool,
    trouble: WhyRefused | None,
    now: datetime,
) -> Attempt:
    """Told if there is a newer text, or an end of trouble; that the same text is good for longer is no news."""
    if is_newer or trouble is not None:
        stores.audit.record(
            SiteMetadataTaken(service_provider=site.id, source=source.name, ends_at=ends_at or now, at=now)
        )
    news = News.TAKEN if is_newer else News.UNCHANGED
    return Attempt(source=source.name, site=site.id, news=news, is_new=is_newer or trouble is not None)


def _targets_of(
    source: MetadataSource, stores: Stores, sites: tuple[ServiceProvider, ...], now: datetime
) -> Iterator[_Target]:
    """What was never read is due now."""
    if source.kind is SourceKind.AGGREGATE:
        groups: list[tuple[str | None, tuple[ServiceProvider, ...]]] = [(None, sites)]
    else:
        groups = [(site.protocol_id, (site,)) for site in sites]
    for entity_id, readers in groups:
        reading = stores.metadata_sources.reading(source.name, entity_id)
        if reading is None:
            reading = MetadataReading(source=source.name, entity_id=entity_id, due_at=now)
        yield _Target(source=source, reading=reading, sites=readers)
