"""The operator's acts on the register of service providers, each checked whole, in one transaction with its events.

Running workers see every change within a second, because each raises the register's version.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.events import (
    SectorDefined,
    ServiceProviderApplied,
    ServiceProviderRemoved,
    ServiceProviderResumed,
    ServiceProviderSuspended,
)
from idp.domain.metadata_source import MetadataSourceName
from idp.domain.registration import RegistrationFacts, RegistrationRefused, Remark
from idp.domain.service_provider import Sector, ServiceProvider, ServiceProviderId, Standing, SuspensionReason
from idp.usecases.admission import OPERATORS_MARKS, Readers, SiteRefused, draft
from idp.usecases.admission_checks import Neighbours, sector_faults
from idp.usecases.differences import Difference, differences
from idp.usecases.orders import Entries, Order
from idp.usecases.ports import Stores, UnitOfWork


class Change(StrEnum):
    """What happened to a service provider or a sector."""

    ADDED = "added"
    CHANGED = "changed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A site after an act. `facts` is what its description says, None if the act did not read it."""

    change: Change
    site: ServiceProvider
    facts: RegistrationFacts | None = None
    warnings: tuple[Remark, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A registered site and its description; `faults` say why that would not be accepted today."""

    site: ServiceProvider
    facts: RegistrationFacts | None
    faults: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviders:
    """Every act raises `SiteRefused` with all that is wrong, and then nothing has changed."""

    work: UnitOfWork
    readers: Readers

    def add(self, order: Order, *, now: datetime, rehearsed: bool = False) -> Outcome:
        """Register a new site. `rehearsed` does all but the writing."""
        with self._register(_source_of(order), rehearsed=rehearsed) as stores:
            return self._put(stores, order, None, now=now, rehearsed=rehearsed)

    def update(self, site: ServiceProviderId, order: Order, *, now: datetime, rehearsed: bool = False) -> Outcome:
        """Change a registered site; a suspended one stays suspended. `rehearsed` does all but the writing."""
        with self._register(_source_of(order), rehearsed=rehearsed) as stores:
            return self._put(stores, order, _present(stores, site), now=now, rehearsed=rehearsed)

    def apply(self, sectors: Sequence[Sector], orders: Sequence[Order], *, now: datetime) -> tuple[Outcome, ...]:
        """Bring the register to what a file says: the sectors, and the sites by their ids. All of it or nothing.

        Nobody is removed by being left out of a file, and applying it again changes nothing.
        """
        outcomes: list[Outcome] = []
        faults: list[Remark] = []
        with self._register() as stores:
            for sector in sectors:
                _define(stores, sector, now)
            for order in orders:
                try:
                    old = next((site for site in stores.service_providers.all() if site.id == order.entries.id), None)
                    outcomes.append(self._put(stores, order, old and _present(stores, old.id), now=now))
                except SiteRefused as error:
                    faults += (_of_site(order, fault) for fault in error.faults)
            if faults:
                raise SiteRefused(*faults)
        return tuple(outcomes)

    def suspend(self, site: ServiceProviderId, why: SuspensionReason, *, now: datetime) -> Outcome:
        """Release nothing more to the site until it is resumed."""
        with self._register() as stores:
            old = _present(stores, site)
            if old.standing is Standing.SUSPENDED:
                return Outcome(change=Change.UNCHANGED, site=old)
            new = _standing(old, Standing.SUSPENDED)
            stores.service_providers.save(new)
            stores.audit.record(ServiceProviderSuspended(service_provider=site, why=why, at=now))
        return Outcome(change=Change.SUSPENDED, site=new)

    def resume(self, site: ServiceProviderId, *, now: datetime) -> Outcome:
        """Serve a suspended site again, if it would be accepted today."""
        with self._register() as stores:
            old = _present(stores, site)
            if old.standing is Standing.ACTIVE:
                return Outcome(change=Change.UNCHANGED, site=old)
            order = Order(description=None, entries=Entries())
            drafted = draft(order, old, _neighbours(stores), self.readers, now=now)
            new = _standing(drafted.site, Standing.ACTIVE)
            stores.service_providers.save(new)
            stores.audit.record(ServiceProviderResumed(service_provider=site, at=now))
        return Outcome(change=Change.RESUMED, site=new, facts=drafted.facts, warnings=drafted.warnings)

    def remove(self, site: ServiceProviderId, *, now: datetime) -> Outcome:
        """Take the site out for good. Its row stays, without registration, for the history that names it."""
        with self._register() as stores:
            new = _standing(_present(stores, site), Standing.REMOVED)
            stores.service_providers.save(new)
            stores.audit.record(ServiceProviderRemoved(service_provider=site, at=now))
        return Outcome(change=Change.REMOVED, site=new)

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every service provider, the removed ones too, by id."""
        with self.work.reading() as stores:
            return stores.service_providers.all()

    def show(self, site: ServiceProviderId) -> View:
        """One site, its description read as its protocol would read it now."""
        with self.work.reading() as stores:
            found = _found(stores, site)
        return view(found, self.readers)

    def sectors(self) -> tuple[Sector, ...]:
        """Every sector, by code."""
        with self.work.reading() as stores:
            return stores.service_providers.sectors()

    def add_sector(self, sector: Sector, *, now: datetime) -> Change:
        """Define a sector. Its words can be changed by a file that is applied, not by adding it a second time."""
        with self._register() as stores:
            known = {other.code: other for other in stores.service_providers.sectors()}
            if known.get(sector.code, sector) != sector:
                raise SiteRefused(Remark(place="", words=f"there is a sector {sector.code} already, with other words"))
            return _define(stores, sector, now)

    @contextmanager
    def _register(self, source: MetadataSourceName | None = None, *, rehearsed: bool = False) -> Iterator[Stores]:
        """The stores in a transaction in which nobody else changes the register, or removes `source`."""
        with self.work.reading() if rehearsed else self.work.writing() as stores:
            if not rehearsed:
                if source is not None and not stores.metadata_sources.hold(source):
                    raise SiteRefused(Remark(place="", words=f"there is no source {source} any more"))
                stores.service_providers.hold()
            yield stores

    def _put(
        self, stores: Stores, order: Order, old: ServiceProvider | None, *, now: datetime, rehearsed: bool = False
    ) -> Outcome:
        drafted = draft(order, old, _neighbours(stores), self.readers, now=now)
        change = Change.ADDED if old is None else Change.UNCHANGED if old == drafted.site else Change.CHANGED
        if change is not Change.UNCHANGED and not rehearsed:
            stores.service_providers.save(drafted.site)
            stores.audit.record(ServiceProviderApplied(service_provider=drafted.site.id, change=change.value, at=now))
        return Outcome(
            change=change,
            site=drafted.site,
            facts=drafted.facts,
            warnings=drafted.warnings,
            differences=differences(old, view(old, self.readers).facts, drafted.site, drafted.facts) if old else (),
        )


def _source_of(order: Order) -> MetadataSourceName | None:
    return order.description.source if order.description else None


def view(site: ServiceProvider, readers: Readers) -> View:
    """`site` with its description, read once more."""
    if site.standing is Standing.REMOVED:
        return View(site=site, facts=None, faults=())
    try:
        facts = readers[site.protocol].read(site.registration, marks=site.marks & OPERATORS_MARKS)
    except RegistrationRefused as error:
        return View(site=site, facts=None, faults=error.faults)
    return View(site=site, facts=facts, faults=())


def _define(stores: Stores, sector: Sector, now: datetime) -> Change:
    if faults := tuple(sector_faults(sector)):
        raise SiteRefused(*faults)
    known = {other.code: other for other in stores.service_providers.sectors()}
    if known.get(sector.code) == sector:
        return Change.UNCHANGED
    change = Change.CHANGED if sector.code in known else Change.ADDED
    stores.service_providers.save_sector(sector)
    stores.audit.record(SectorDefined(sector=sector.code, change=change.value, at=now))
    return change


def _neighbours(stores: Stores) -> Neighbours:
    return Neighbours(
        sites=stores.service_providers.all(),
        sectors=frozenset(sector.code for sector in stores.service_providers.sectors()),
    )


def _found(stores: Stores, wanted: ServiceProviderId) -> ServiceProvider:
    sites = stores.service_providers.all()
    found = next((site for site in sites if site.id == wanted), None)
    if found is None:
        raise SiteRefused(Remark(place="", words=f"no service provider has the id {wanted}"))
    return found


def _present(stores: Stores, wanted: ServiceProviderId) -> ServiceProvider:
    found = _found(stores, wanted)
    if found.standing is Standing.REMOVED:
        raise SiteRefused(Remark(place="", words=f"{wanted} is removed, and an id is never given again"))
    return found


def _of_site(order: Order, fault: Remark) -> Remark:
    place = f"{order.entries.id}, {fault.place}" if fault.place else f"{order.entries.id}"
    return Remark(place=place, words=fault.words)


def _standing(site: ServiceProvider, standing: Standing) -> ServiceProvider:
    """The same site, standing otherwise; a removed one loses what served logins, and its name in its protocol."""
    is_removed = standing is Standing.REMOVED
    return ServiceProvider(
        id=site.id,
        protocol=site.protocol,
        protocol_id=f"removed/{site.id}" if is_removed else site.protocol_id,
        sector=site.sector,
        tier=site.tier,
        circle=site.circle,
        name=site.name,
        operator=site.operator,
        home_url=site.home_url,
        registration="" if is_removed else site.registration,
        registration_ends_at=None if is_removed else site.registration_ends_at,
        source=None if is_removed else site.source,
        standing=standing,
        marks=site.marks,
    )
