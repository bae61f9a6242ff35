"""The comparison with others as text."""

from collections.abc import Mapping, Sequence

from benchmarks.library import Message, Outcome
from benchmarks.load import CONNECTIONS
from benchmarks.peers.contender import Contender
from benchmarks.place import processors
from benchmarks.replies import Replies, Row, Series
from benchmarks.report import table

LIBRARY_AIM = 50.0


def equal_work_lines(replies: Replies, contenders: Sequence[Contender]) -> list[str]:
    """What was the same, asserted in every series, and what was not."""
    first, last = processors()[0], processors()[-1]
    load = "the same one" if first == last else f"processor {last}"
    reading = replies.reading(replies.rows[0])
    proof = f"one signature ({reading.signature}, RSA-2048), on its assertion, and {len(reading.attributes)} attributes"
    keeps = {contender.name: contender.keeps for contender in contenders}
    rows = [
        (_name(row), replies.reading(row).encryption or "none", str(replies.reading(row).size), keeps[row.contender])
        for row in replies.rows
    ]
    return [
        f"SAML replies. Each server with its helpers on processor {first}, wrk on {load}, {CONNECTIONS} connections.",
        f"Each request is signed by its site. Each reply has {proof}.",
        "The first of each series was decrypted and verified by xmlsec1, wrk got no bad answer, and each of our",
        "replies is in the audit trail. Servers were started anew for each round. What differs:",
        "",
        *table((("Reply", "encryption", "bytes", "kept of it"), *rows)),
    ]


def reply_lines(replies: Replies, seconds: int) -> list[str]:
    """Replies in a second, beside the limit that one signature sets."""
    head = (
        f"SAML replies ({len(replies.rounds)} rounds of {seconds} s)",
        *("replies/s on one processor", "p99 ms", "CPU ms, all its processes", "x RSA sign"),
    )
    rows = [
        (
            _name(row),
            replies.of(row, _per_second).written(0),
            replies.of(row, lambda series: series.rate.p99_ms).written(0),
            replies.of(row, _cpu_ms).written(2),
            replies.of(row, lambda series: series.times_floor).written(1),
        )
        for row in replies.rows
    ]
    bare = replies.of(replies.rows[0], lambda series: 1e3 / series.sign_ms)
    bare_ms = replies.of(replies.rows[0], lambda series: series.sign_ms)
    return table((head, *rows, ("the bare signature", bare.written(0), "", bare_ms.written(2), "1.0")))


def ratio_lines(replies: Replies, ours: str, aims: Mapping[str, float]) -> list[str]:
    """Ours and each other one of the same kind, round by round; `aims` by the other's name."""
    rows = [
        (
            f"{ours} and {row.contender}, {row.kind}",
            replies.ratio(mine, row, _per_second).written(2),
            replies.ratio(row, mine, _cpu_ms).written(2),
            f"{aims[row.contender]:g}",
        )
        for row in replies.rows
        if row != (mine := Row(contender=ours, kind=row.kind))
    ]
    return table((("How many times", "as many replies/s", "less CPU ms", "aim"), *rows))


def library_lines(outcomes: Mapping[Message, Outcome]) -> list[str]:
    """One message, without a web application."""
    rows = [
        (
            message.value,
            outcome.ours.written(3),
            outcome.stock.written(1),
            outcome.ratio.written(0),
            f"{LIBRARY_AIM:g}" if message.is_xml_signed else "",
        )
        for message, outcome in outcomes.items()
    ]
    head = ("Library alone", "ours, CPU ms", "pysaml2 with xmlsec1, CPU ms", "ratio", "aim")
    return table((head, *rows))


def _name(row: Row) -> str:
    return f"{row.contender}, {row.kind}"


def _per_second(series: Series) -> float:
    return series.rate.per_second


def _cpu_ms(series: Series) -> float:
    return series.cpu_ms
