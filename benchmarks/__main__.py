"""`make bench`: figures of one run, each beside the floor that was measured in the same run.

Everything is on loopback and nothing is downloaded. The peers (other identity providers) are not part of it yet.
"""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from benchmarks import capacity, growth, report, rounds
from benchmarks.certificates import certificate_tasks
from benchmarks.figures import BenchmarkFailed
from benchmarks.login import CRYPTO, Evidence, desks
from benchmarks.machine import machine_lines
from benchmarks.place import FOLDER, Place, a_place
from benchmarks.rounds import Measured
from benchmarks.server import served
from benchmarks.start import build_ms
from benchmarks.stopwatch import Step
from benchmarks.visits import Visits
from testbed.processes import StackError

_CHECKED_FOR = timedelta(minutes=15)


def main() -> int:
    """Exit status 1 with one sentence if something that was to be timed did not work."""
    began = time.monotonic()
    try:
        with a_place() as place:
            _say(machine_lines(FOLDER))
            _serve(place, _work(place))
    except (BenchmarkFailed, StackError) as error:
        sys.stderr.write(f"No figures: {error}\n")
        return 1
    _say([f"All of it took {time.monotonic() - began:.0f} s."])
    return 0


def _work(place: Place) -> Measured:
    """In process."""
    tasks = certificate_tasks(place)
    with desks(place) as ready:
        measured = rounds.measure(place, tasks, ready)
        _say(report.LEGEND)
        _say(report.floor_lines(measured))
        _say(report.login_lines(measured))
        _say(report.database_lines(ready[Evidence.REUSED].asked))
        _say(report.certificate_lines(measured))
    return measured


def _serve(place: Place, measured: Measured) -> None:
    """Through gunicorn."""
    settings = place.settings("served", check_max_age=_CHECKED_FOR)
    wired = build_ms(settings)
    with served(place, settings) as server:
        visits = Visits(server.house, place.cards)
        grown = growth.measure(visits, server.worker)
        _say(report.server_lines(wired, server.seconds_to_ready, grown))
        if capacity.is_possible():
            in_process = measured.step(Evidence.REUSED, Step.SAML_AGAIN, CRYPTO[Step.SAML_AGAIN])
            rates = capacity.measure(place, server, visits, saml_ms=in_process.cpu.low)
            _say(report.capacity_lines(rates, measured))
        else:
            _say(["Replies in a second were not measured: wrk is not installed (apt-get install wrk)."])


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
