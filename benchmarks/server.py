"""The provider as it is served: gunicorn with one worker, in processes of its own, pinned to one processor."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import require
from benchmarks.load import server_pinned
from benchmarks.place import Place
from benchmarks.wire import wired_app
from idp.settings import IdpSettings
from testbed.processes import Program, python, running, wait_for_http
from testbed.toml_text import toml_text
from tests.support.house import SampleHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process of gunicorn that serves."""

    pid: int

    @property
    def memory_mb(self) -> float:
        """Resident, shared pages included."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise ProcessLookupError(self.pid)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedHouse:
    """A running server; `house` has the sample citizens and sites, whose requests go to it over the wire."""

    host: str
    house: SampleHouse
    program: Program
    worker: Worker
    seconds_to_ready: float
    """From the command `idp serve` to the first answer."""


@contextmanager
def served(place: Place, settings: IdpSettings, host: str) -> Iterator[ServedHouse]:
    """Serve `settings` at `host` (address:port) until the block ends."""
    file = place.folder / "served.toml"
    file.write_text(_settings_text(settings, host), encoding="utf-8")
    command = [*server_pinned(), *python("-m", "idp", "--settings", str(file), "serve")]
    with place.house(settings) as house:
        began = time.perf_counter()
        with running("the identity provider", command, log=place.folder / "idp.log") as program:
            wait_for_http(program, f"http://{host}/health/live")
            ready = time.perf_counter() - began
            app = wired_app(host)
            yield ServedHouse(
                host=host,
                house=replace(house, app=app, shop=replace(house.shop, app=app)),
                program=program,
                worker=Worker(pid=_only_child(program)),
                seconds_to_ready=ready,
            )


def _only_child(program: Program) -> int:
    pid = program.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(require(children, lambda found: len(found) == 1, "workers")[0])


def _settings_text(settings: IdpSettings, host: str) -> str:
    """As an operator writes them; requests name the issuer as their host, wherever the server listens."""
    return toml_text(
        {
            "profile": settings.profile.value,
            "issuer": settings.issuer,
            "listen": host,
            "service_name": {"ja": settings.service_name.ja, "en": settings.service_name.en},
            "database": {"file": str(settings.database.file)},
            "keys": {"folder": str(settings.keys.folder)},
            "agent": {"origin": settings.agent.origin},
            "trust": {
                "authentication": str(settings.trust.authentication),
                "signature_policies": list(settings.trust.signature_policies),
            },
            "revocation": {
                "ocsp_url": settings.revocation.ocsp_url,
                "crl_urls": [],
                "folder": str(settings.revocation.folder),
                "ocsp_max_age": settings.revocation.ocsp_max_age.total_seconds(),
            },
            "server": {"workers": 1},
        }
    )
