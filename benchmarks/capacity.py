"""How many OpenID Connect codes one worker on one processor gives to browsers that have a session."""

from dataclasses import dataclass

from benchmarks.figures import Figure, figure
from benchmarks.load import Load, Rate, drive
from benchmarks.peers.contender import BROWSERS
from benchmarks.place import Place
from benchmarks.server import ServedHouse
from benchmarks.spent import cpu_seconds
from benchmarks.visits import Visits
from tests.support.browser import Browser

ROUNDS = 3
SECONDS = 2
LOAD = Load(name="OIDC authorize to code", status=303, needle="code=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Answers in a second; processor time for one in milliseconds; the slowest hundredth's latency."""

    per_second: Figure
    cpu_ms: Figure
    p99_ms: Figure


def measure(place: Place, served: ServedHouse, visits: Visits) -> Capacity:
    """Several rounds. Raises `BenchmarkFailed` at the first bad answer."""
    browsers = [visits.log_in_by_card()[0] for _ in range(BROWSERS)]
    rounds = [_round(place, served, browsers) for _ in range(ROUNDS)]
    return Capacity(
        per_second=figure([rate.per_second for rate, _ in rounds]),
        cpu_ms=figure([cpu_ms for _, cpu_ms in rounds]),
        p99_ms=figure([rate.p99_ms for rate, _ in rounds]),
    )


def _round(place: Place, served: ServedHouse, browsers: list[Browser]) -> tuple[Rate, float]:
    """A request may be sent as often as one likes."""
    file = place.folder / "requests"
    before = cpu_seconds([served.program])
    rate = drive(LOAD, [served.house.shop.address()], browsers, host=served.host, file=file, seconds=SECONDS)
    return rate, (cpu_seconds([served.program]) - before) / rate.answers * 1e3
