"""The part of the benchmark that has others in it: who takes part, in which order, and what is printed."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from benchmarks import library, load, reply_report
from benchmarks.figures import require
from benchmarks.machine import others_line
from benchmarks.peers import simplesamlphp
from benchmarks.peers.contender import Attributes, Contender
from benchmarks.peers.ours import Ours
from benchmarks.peers.served_stock import ServedStock, a_served_stock
from benchmarks.peers.simplesamlphp import SimpleSamlPhp, a_simplesamlphp
from benchmarks.place import Place, free_host
from benchmarks.replies import Comparison, Turn
from benchmarks.sites import SITES
from benchmarks.witness import XMLSEC1

AIMS = {SimpleSamlPhp.name: 2.5, ServedStock.name: 30.0}
_CHECKED_FOR = timedelta(minutes=15)

Say = Callable[[Sequence[str]], None]


def run(place: Place, *, rounds: int, seconds: int, say: Say) -> None:
    """Library, then servers. Raises `BenchmarkFailed`; what is not installed is skipped, and said."""
    if not XMLSEC1.exists() or not load.is_possible():
        say(["SAML was not compared: xmlsec1 or wrk is not installed (scripts/system-packages test)."])
        return
    say([others_line(), ""])
    ours = Ours(place=place, settings=place.settings("replies", check_max_age=_CHECKED_FOR), host=free_host("idp"))
    ours.register_sites()
    attributes = _released(ours)
    say(reply_report.library_lines(library.measure(place.folder / "library", attributes=attributes, rounds=rounds)))
    audited = ours.audited()
    contenders = [ours, *_peers(place, attributes, say)]
    replies = Comparison(
        contenders=contenders,
        folder=place.folder,
        rounds=rounds,
        seconds=seconds,
        progress=lambda line: say([line]),
    ).run()
    answers = replies.answers(ours.name)
    require(ours.audited() - audited, lambda events: events >= answers, f"events in the audit trail, not {answers}")
    say(["", *reply_report.equal_work_lines(replies, contenders)])
    say(reply_report.reply_lines(replies, seconds))
    say(reply_report.ratio_lines(replies, Ours.name, AIMS))


def _released(ours: Ours) -> Attributes:
    """What our provider says of a citizen, so that the others say the same."""
    with ours.started() as server:
        return Turn(contender=ours, server=server, site=SITES[0]).read(ours.place.folder).attributes


def _peers(place: Place, attributes: Attributes, say: Say) -> list[Contender]:
    peers: list[Contender] = []
    if simplesamlphp.is_installed():
        peers.append(a_simplesamlphp(place.folder / "simplesamlphp", host=free_host("idp"), attributes=attributes))
    else:
        say([f"{SimpleSamlPhp.name} takes no part: it is not installed (scripts/system-packages test).", ""])
    return [*peers, a_served_stock(place.folder / "stock", host=free_host("idp"), attributes=attributes)]
