"""Bring the register of service providers to what a file says. Running it again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.events import ServiceProviderApplied
from idp.domain.service_provider import Sector, ServiceProvider
from idp.usecases.ports import UnitOfWork


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
        """The change per service provider id. Nobody is removed by leaving them out of a file."""
        with self.work.writing() as stores:
            known_sectors = {sector.code: sector for sector in stores.service_providers.sectors()}
            for sector in sectors:
                if known_sectors.get(sector.code) != sector:
                    stores.service_providers.save_sector(sector)
            known = {site.id: site for site in stores.service_providers.all()}
            changes = {}
            for site in service_providers:
                change = _change(known.get(site.id), site)
                changes[str(site.id)] = change
                if change is not Change.UNCHANGED:
                    stores.service_providers.save(site)
                    stores.audit.record(ServiceProviderApplied(service_provider=site.id, change=change.value, at=now))
        return changes


def _change(old: ServiceProvider | None, new: ServiceProvider) -> Change:
    if old is None:
        return Change.ADDED
    return Change.UNCHANGED if old == new else Change.CHANGED
