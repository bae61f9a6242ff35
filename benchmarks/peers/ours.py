"""The contender that this is about: our provider as `idp serve` runs it, with one worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select

from benchmarks.peers.contender import BROWSERS, Running
from benchmarks.place import Place
from benchmarks.server import served
from benchmarks.sites import SITES
from benchmarks.visits import Visits
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.tables import AuditEventRow
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.adapters.keys.key_folder import KeyFolder
from idp.settings import IdpSettings
from tests.support.browser import Browser
from tests.support.saml import SSO_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A `Contender`; `browsers` log in once, by card, for their sessions outlive a restart."""

    place: Place
    settings: IdpSettings
    host: str
    browsers: list[Browser] = field(default_factory=list)

    name = "ours"
    keeps = "database row and audit, synced"
    sso_url = SSO_URL

    @property
    def certificate(self) -> bytes:
        """The one in our metadata."""
        return KeyFolder(path=self.place.foundations.keys).saml_certificate.read_bytes()

    def audited(self) -> int:
        """How many events stand in the audit trail."""
        with self._engine() as engine, engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(AuditEventRow)).scalar_one()

    def register_sites(self) -> None:
        """Beside the usual ones."""
        with self._engine() as engine, SqlUnitOfWork(engine).writing() as stores:
            for site in SITES:
                stores.service_providers.save(site.registered())

    @contextmanager
    def started(self) -> Iterator[Running]:
        """Until the block ends."""
        with served(self.place, self.settings, self.host) as server:
            visits = Visits(server.house, self.place.cards)
            while len(self.browsers) < BROWSERS:
                self.browsers.append(visits.log_in_by_card()[0])
            yield Running(host=self.host, programs=[server.program], browsers=self.browsers)

    @contextmanager
    def _engine(self) -> Iterator[Engine]:
        engine = create_database_engine(f"sqlite:///{self.settings.database.file}")
        yield engine
        engine.dispose()
