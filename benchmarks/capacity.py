"""How many replies one worker on one processor gives to browsers that have a session; the load comes from wrk."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import BenchmarkFailed, Figure, figure, require
from benchmarks.place import Place, processors
from benchmarks.server import ServedHouse, pinned
from benchmarks.visits import Visits
from tests.support.browser import Browser

ROUNDS = 3
CONNECTIONS = 4
SECONDS = 2
_SCRIPT = Path(__file__).with_name("replay.lua")
_PATIENCE = 20
_MARGIN = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One kind of request: `needle` stands in every good answer's body or `Location`."""

    name: str
    status: int
    needle: str


SAML = Load(name="SAML request to Response", status=200, needle='name="SAMLResponse"')
OIDC = Load(name="OIDC authorize to code", status=303, needle="code=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Replies in a second; the worker's own processor time for one in milliseconds; the slowest hundredth's latency."""

    replies: Figure
    cpu_ms: Figure
    p99_ms: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    replies: float
    cpu_ms: float
    p99_ms: float


def is_possible() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def measure(place: Place, served: ServedHouse, visits: Visits, *, saml_ms: float) -> dict[Load, Rate]:
    """Both loads in turn, several rounds. Raises `BenchmarkFailed` at the first bad answer.

    A SAML request serves once, so more are signed beforehand than can be answered at `saml_ms` each.
    """
    browser, _ = visits.log_in_by_card()
    rounds: dict[Load, list[_Round]] = {SAML: [], OIDC: []}
    enough = int(_MARGIN * SECONDS * 1e3 / saml_ms)
    for _ in range(ROUNDS):
        signed = [served.house.ministry.address() for _ in range(enough)]
        rounds[SAML].append(_round(place, served, browser, SAML, signed))
        rounds[OIDC].append(_round(place, served, browser, OIDC, [served.house.shop.address()]))
    return {load: _rate(measured) for load, measured in rounds.items()}


def _round(place: Place, served: ServedHouse, browser: Browser, load: Load, addresses: Sequence[str]) -> _Round:
    paths = place.folder / "paths"
    paths.write_text("".join(f"{_path(address)}\n" for address in addresses), encoding="ascii")
    environment = {
        "PATHS": str(paths),
        "COOKIE": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.values()),
        "HOST": urlsplit(served.house.settings.issuer).netloc,
        "STATUS": str(load.status),
        "NEEDLE": load.needle,
    }
    before = served.worker.cpu_seconds
    good, bad, seconds, p99 = _wrk(served.host, environment)
    spent = served.worker.cpu_seconds - before
    require(bad, lambda number: number == 0, f"bad answers to {load.name}")
    return _Round(replies=good / seconds, cpu_ms=spent / good * 1e3, p99_ms=p99)


def _wrk(host: str, environment: dict[str, str]) -> tuple[int, int, float, float]:
    """Good answers, bad ones, seconds, and the latency in milliseconds that one in a hundred exceeds."""
    command = [
        *pinned(processors()[-1]),
        *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s"),
        *("--script", str(_SCRIPT), f"http://{host}"),
    ]
    done = subprocess.run(  # noqa: S603 (a fixed program; what it reads is ours)
        command, check=False, capture_output=True, text=True, timeout=_PATIENCE, env=os.environ | environment
    )
    for line in done.stdout.splitlines():
        if line.startswith("FIGURES "):
            _, good, bad, seconds, p99 = line.split()
            return (
                int(require(good, lambda number: int(number) > 0, "good answers")),
                int(bad),
                float(seconds),
                float(p99),
            )
    raise BenchmarkFailed(f"wrk said: {done.stdout}{done.stderr}")


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def _rate(rounds: Sequence[_Round]) -> Rate:
    return Rate(
        replies=figure([one.replies for one in rounds]),
        cpu_ms=figure([one.cpu_ms for one in rounds]),
        p99_ms=figure([one.p99_ms for one in rounds]),
    )
