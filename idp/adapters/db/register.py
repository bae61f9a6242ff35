"""The register of service providers as requests see it: in memory, at most one second behind the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from foundation.clock import Clock
from idp.domain.errors import SiteUnknown
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId
from idp.usecases.ports import UnitOfWork

MAX_AGE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """The register at one version; never changed, only replaced."""

    version: int
    read_at: datetime
    by_id: dict[ServiceProviderId, ServiceProvider]
    by_protocol_id: dict[tuple[FederationProtocol, str], ServiceProvider]


class CachedRegister:
    """Fulfils `ServiceProviderRegister` for all threads of a worker."""

    def __init__(self, work: UnitOfWork, clock: Clock) -> None:
        self._work = work
        self._clock = clock
        self._lock = Lock()
        self._copy: _Copy | None = None

    def get(self, service_provider: ServiceProviderId) -> ServiceProvider:
        """By id. Raises `SiteUnknown`."""
        site = self._fresh().by_id.get(service_provider)
        if site is None:
            raise SiteUnknown("no site has this id")
        return site

    def by_protocol_id(self, protocol: FederationProtocol, protocol_id: str) -> ServiceProvider:
        """By entityID or client_id. Raises `SiteUnknown`."""
        site = self._fresh().by_protocol_id.get((protocol, protocol_id))
        if site is None:
            raise SiteUnknown("no site of this name is registered")
        return site

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every service provider, by id."""
        return tuple(self._fresh().by_id.values())

    def _fresh(self) -> _Copy:
        """The copy, its version asked again if it is older than `MAX_AGE`, or if the clock was put back."""
        now = self._clock()
        copy = self._copy
        if copy is not None and abs(now - copy.read_at) < MAX_AGE:
            return copy
        with self._lock:
            if self._copy is None or self._copy is copy:
                self._copy = self._read(copy, now)
            return self._copy

    def _read(self, old: _Copy | None, now: datetime) -> _Copy:
        """The version is read before the rows: a change in between is noticed the next time."""
        with self._work.reading() as stores:
            version = stores.service_providers.version()
            if old is not None and old.version == version:
                sites = tuple(old.by_id.values())
            else:
                sites = stores.service_providers.all()
        return _Copy(
            version=version,
            read_at=now,
            by_id={site.id: site for site in sites},
            by_protocol_id={(site.protocol, site.protocol_id): site for site in sites},
        )
