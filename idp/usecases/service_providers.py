"""Bring the register of service providers to what a file says. Running it again changes nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.events import ServiceProviderApplied
from idp.domain.service_provider import Sector, SectorCode, ServiceProvider
from idp.usecases.ports import UnitOfWork


class OnboardingConflict(Exception):
    """A site cannot be registered beside the others; the message names it and says why."""


class Change(StrEnum):
    """What happened to one service provider."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """Adds and changes service providers, in one transaction per file."""

    work: UnitOfWork

    def apply(
        self, sectors: Sequence[Sector], service_providers: Sequence[ServiceProvider], *, now: datetime
    ) -> dict[str, Change]:
        """The change per service provider id. Nobody is removed by leaving them out of a file.

        Raises `OnboardingConflict` for an unknown sector and for a protocol id that another site has.
        """
        with self.work.writing() as stores:
            known_sectors = {sector.code: sector for sector in stores.service_providers.sectors()}
            for sector in sectors:
                if known_sectors.get(sector.code) != sector:
                    stores.service_providers.save_sector(sector)
            known = {site.id: site for site in stores.service_providers.all()}
            changes = {}
            known_sectors |= {sector.code: sector for sector in sectors}
            for site in service_providers:
                _require_place(site, known_sectors.keys(), known.values())
                change = _change(known.get(site.id), site)
                known[site.id] = site
                changes[str(site.id)] = change
                if change is not Change.UNCHANGED:
                    stores.service_providers.save(site)
                    stores.audit.record(ServiceProviderApplied(service_provider=site.id, change=change.value, at=now))
        return changes


def _require_place(site: ServiceProvider, sectors: Collection[SectorCode], others: Iterable[ServiceProvider]) -> None:
    if site.sector not in sectors:
        raise OnboardingConflict(f"{site.id}: its sector {site.sector} is not known")
    for other in others:
        if (other.protocol, other.protocol_id) == (site.protocol, site.protocol_id) and other.id != site.id:
            raise OnboardingConflict(f"{site.id}: {other.id} is registered with the same entityID or client_id")


def _change(old: ServiceProvider | None, new: ServiceProvider) -> Change:
    if old is None:
        return Change.ADDED
    return Change.UNCHANGED if old == new else Change.CHANGED
