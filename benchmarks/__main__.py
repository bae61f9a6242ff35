"""`make bench`: figures of one run, each beside the floor that was measured in the same run, and beside others.

Everything is on loopback and nothing is downloaded. `python -m benchmarks --help` shows how to run a part of it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from benchmarks import capacity, comparison, growth, load, report, rounds
from benchmarks.certificates import certificate_tasks
from benchmarks.figures import BenchmarkFailed
from benchmarks.login import Evidence, desks
from benchmarks.machine import machine_lines
from benchmarks.place import FOLDER, Place, a_place, free_host
from benchmarks.rounds import Measured
from benchmarks.server import served
from benchmarks.start import build_ms
from benchmarks.visits import Visits
from testbed.processes import StackError

_CHECKED_FOR = timedelta(minutes=15)


class Part(StrEnum):
    """What can be measured alone."""

    LOGIN = "login"
    SAML = "saml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line; `parts` in order."""

    parts: tuple[Part, ...]
    rounds: int
    seconds: int


def main() -> int:
    """Exit status 1 with one sentence if something that was to be timed did not work."""
    options, began = _options(), time.monotonic()
    try:
        with a_place() as place:
            _say(machine_lines(FOLDER))
            if Part.LOGIN in options.parts:
                _serve(place, _work(place))
            if Part.SAML in options.parts:
                comparison.run(place, rounds=options.rounds, seconds=options.seconds, say=_say)
    except (BenchmarkFailed, StackError) as error:
        sys.stderr.write(f"No figures: {error}\n")
        return 1
    _say([f"All of it took {time.monotonic() - began:.0f} s."])
    return 0


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", type=Part, help=f"of {', '.join(Part)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="of SAML replies (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=5, help="of each series of SAML replies (default: %(default)s)")
    given = parser.parse_args()
    return Options(parts=tuple(given.parts) or tuple(Part), rounds=given.rounds, seconds=given.seconds)


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
    with served(place, settings, free_host("idp")) as server:
        visits = Visits(server.house, place.cards)
        grown = growth.measure(visits, server.worker)
        _say(report.server_lines(wired, server.seconds_to_ready, grown))
        if load.is_possible():
            _say(report.capacity_lines(capacity.measure(place, server, visits), measured))
        else:
            _say(["Replies in a second were not measured: wrk is not installed (apt-get install wrk)."])


def _say(lines: Sequence[str]) -> None:
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
