"""Sites that are admitted or changed from wherever they are described; a published description is followed on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from idp.domain.metadata_source import LookedUp, MetadataSource, MetadataSourceName, SourceKind, SourceRefused
from idp.domain.service_provider import FederationProtocol, ServiceProviderId
from idp.usecases.admission import SiteRefused
from idp.usecases.metadata_sources import Sources
from idp.usecases.orders import Description, Entries, Order
from idp.usecases.service_providers import Change, Outcome, ServiceProviders


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A site as a source describes it that we keep. No `entity_id` means the one that the site has already."""

    source: MetadataSourceName
    entity_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one site publishes its metadata, and the certificates (PEM) of those who may sign it."""

    url: str
    signers: tuple[str, ...]


Origin = Description | Member | Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedSites:
    """Every act raises `MetadataRefused`, `SourceRefused` or `SiteRefused`, and then nothing has changed."""

    sites: ServiceProviders
    sources: Sources

    def add(self, origin: Origin, entries: Entries, *, now: datetime, rehearsed: bool) -> Outcome:
        """As `ServiceProviders.add`. An address is kept as a source of its own, with the new site's id."""
        match origin:
            case Description():
                return self.sites.add(_order(origin, entries), now=now, rehearsed=rehearsed)
            case Member(source=source, entity_id=entity_id):
                found = self._look_up(source, entity_id, now)
                outcome = self.sites.add(_order(_from(found, source), entries), now=now, rehearsed=rehearsed)
                return outcome if rehearsed else self._noted(outcome, source, found, now)
            case Address():
                found = self.sources.look_up(_source(_UNNAMED, origin), None, now=now)
                site = self.sites.add(_order(_from(found, None), entries), now=now, rehearsed=True).site.id
                new = self._new_source(site, origin)
                order = _order(_from(found, new.name), entries)
                if rehearsed:
                    return self.sites.add(order, now=now, rehearsed=True)
                outcome = self._with(new, lambda: self.sites.add(order, now=now), now=now)
                return self._noted(outcome, new.name, found, now)
            case _:
                assert_never(origin)

    def update(
        self, site: ServiceProviderId, origin: Origin | None, entries: Entries, *, now: datetime, rehearsed: bool
    ) -> Outcome:
        """As `ServiceProviders.update`; without an origin the description stays. From a source, the site follows it."""
        match origin:
            case None | Description():
                order = Order(description=origin, entries=entries)
                return self.sites.update(site, order, now=now, rehearsed=rehearsed)
            case Member(source=source, entity_id=entity_id):
                found = self._look_up(source, entity_id or self.sites.show(site).site.protocol_id, now)
                outcome = self.sites.update(site, _order(_from(found, source), entries), now=now, rehearsed=rehearsed)
                return outcome if rehearsed else self._noted(outcome, source, found, now)
            case Address():
                new = self._new_source(site, origin)
                found = self.sources.look_up(new, None, now=now)
                order = _order(_from(found, new.name), entries)
                outcome = self.sites.update(site, order, now=now, rehearsed=True)
                if rehearsed:
                    return outcome
                outcome = self._with(new, lambda: self.sites.update(site, order, now=now), now=now)
                return self._noted(outcome, new.name, found, now)
            case _:
                assert_never(origin)

    def _look_up(self, source: MetadataSourceName, entity_id: str | None, now: datetime) -> LookedUp:
        return self.sources.look_up(self.sources.get(source), entity_id, now=now)

    def _noted(self, outcome: Outcome, source: MetadataSourceName, found: LookedUp, now: datetime) -> Outcome:
        self.sources.note(source, found, now=now)
        return outcome

    def _new_source(self, site: ServiceProviderId, address: Address) -> MetadataSource:
        """Named for the site. One of that name which others may follow is never changed by this."""
        source = _source(MetadataSourceName(site), address)
        others = [state.source for state in self.sources.all() if state.source.name == source.name]
        if others not in ([], [source]):
            raise SourceRefused(f"There is a source {source.name} already, with another address or other signers.")
        return source

    def _with(self, source: MetadataSource, act: Callable[[], Outcome], *, now: datetime) -> Outcome:
        """Keep the source and act; it is taken back if the register changed after the rehearsal."""
        change = self.sources.add(source, now=now)
        try:
            return act()
        except SiteRefused:
            if change is Change.ADDED:
                self.sources.remove(source.name, now=now)
            raise


_UNNAMED = MetadataSourceName("new")
"""Until it is known which site it describes."""


def _source(name: MetadataSourceName, address: Address) -> MetadataSource:
    return MetadataSource(name=name, kind=SourceKind.ENTITY, url=address.url, signers=address.signers)


def _from(found: LookedUp, source: MetadataSourceName | None) -> Description:
    entity = found.entity
    return Description(protocol=FederationProtocol.SAML, text=entity.text, source=source, source_ends_at=entity.ends_at)


def _order(description: Description, entries: Entries) -> Order:
    return Order(description=description, entries=entries)
