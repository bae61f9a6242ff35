"""The figures as text for a terminal and for a closing note."""

from collections.abc import Mapping, Sequence

from benchmarks import capacity, certificates, growth
from benchmarks.capacity import Capacity
from benchmarks.certificates import Task
from benchmarks.figures import Figure
from benchmarks.floor import Crypto, Operation
from benchmarks.growth import Growth
from benchmarks.load import CONNECTIONS
from benchmarks.login import VISITS_PER_ROUND, Evidence, crypto_of
from benchmarks.place import LIST_ENTRIES
from benchmarks.rounds import ROUNDS, Cost, Measured
from benchmarks.stopwatch import CARD_LOGIN, Asked, Step

Row = Sequence[str]

LEGEND = (
    "",
    "Every figure is the median of its rounds, with the lowest and the highest round.",
    "CPU ms is processor time of the provider's process alone; wall ms adds its waits for the disk and the responder.",
    "The responder is the testbed's, another process, asked over HTTP. Card, browser and sites are not in the times.",
    "x RSA sign: how many RSA-2048 signatures fit into the CPU time. x those: multiples of the signatures it needs",
    "(RSA-2048 if not named otherwise), at the floor of the same round.",
    "",
)

_COST_HEAD = ("", "CPU ms", "wall ms", "x RSA sign", "signatures it needs", "x those")


def floor_lines(measured: Measured) -> list[str]:
    """The limit line of this run."""
    rows = [
        (operation.value, f"{measured.operation(operation).written(1)} us", _per_second(measured, operation))
        for operation in Operation
    ]
    rows.append(("one page written and synced", f"{measured.synced_write().written(2)} ms wall", ""))
    head = (f"Floor ({ROUNDS} rounds)", "processor time", "one processor")
    return table((head, *rows))


def login_lines(measured: Measured) -> list[str]:
    """Each request of a card login and of single sign-on, then the whole login."""
    rows: list[Row] = []
    for step in Step:
        for evidence in Evidence if step is Step.ANSWER else (Evidence.REUSED,):
            name = f"{step.value}, {evidence.value}" if step is Step.ANSWER else step.value
            rows.append(_cost_row(name, measured.step(evidence, step, crypto_of(step, evidence))))
    for evidence in Evidence:
        crypto = sum((crypto_of(step, evidence) for step in CARD_LOGIN), start=Crypto())
        rows.append(_cost_row(f"WHOLE CARD LOGIN, {evidence.value}", measured.login(evidence, crypto)))
    head = (f"Provider's work ({ROUNDS} rounds of {VISITS_PER_ROUND} visits)", *_COST_HEAD[1:])
    return table((head, *rows))


def database_lines(asked: Mapping[Step, Asked]) -> list[str]:
    """Statements and transactions of each request."""
    head = ("Database", "statements", "commits synced to disk", "commits not waited for", "read-only transactions")
    rows = [(step.value, *_asked_cells(asked[step])) for step in Step]
    whole = sum((asked[step] for step in CARD_LOGIN), start=Asked(statements=0, reads=0, synced=0, unsynced=0))
    return table((head, *rows, ("WHOLE CARD LOGIN", *_asked_cells(whole))))


def certificate_lines(measured: Measured) -> list[str]:
    """The PKI's part alone."""
    head = (f"Certificates (list of {LIST_ENTRIES:,} entries)", "CPU ms", *_COST_HEAD[3:])
    rows = []
    for task in Task:
        cost = measured.task(task, certificates.CRYPTO.get(task, Crypto()))
        name, cpu, _, *rest = _cost_row(task.value, cost)
        rows.append((name, cpu, *rest))
    return table((head, *rows))


def server_lines(build_ms: Figure, ready_seconds: float, grown: Growth) -> list[str]:
    """Start and memory."""
    return table(
        (
            ("One worker under gunicorn", ""),
            ("wired (idp.composition.build)", f"{build_ms.written(0)} ms wall"),
            ("from `idp serve` to the first answer", f"{ready_seconds:.1f} s wall"),
            (f"memory after {growth.FEW} logins", f"{grown.after_few:.1f} MB"),
            (f"memory after {growth.MANY} logins", f"{grown.after_many:.1f} MB"),
        )
    )


def capacity_lines(codes: Capacity, measured: Measured) -> list[str]:
    """Answers in a second, beside the limit that one RSA signature sets."""
    limit = 1e6 / measured.operation(Operation.RSA_SIGN).median
    head = (
        f"One worker on one processor, {CONNECTIONS} connections ({capacity.ROUNDS} rounds)",
        *("replies/s", "CPU ms each", "p99 ms", "of the limit 1/RSA sign"),
    )
    row = (
        capacity.LOAD.name,
        codes.per_second.written(0),
        codes.cpu_ms.written(2),
        codes.p99_ms.written(0),
        f"{codes.per_second.median / limit:.1%}",
    )
    return table((head, row))


def table(rows: Sequence[Row]) -> list[str]:
    """Columns under their heads, a line below the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * max(len(line) for line in lines), *lines[1:], ""]


def _cost_row(name: str, cost: Cost) -> Row:
    return (
        name,
        cost.cpu.written(3),
        cost.wall.written(2) if cost.wall else "",
        cost.signs.written(2),
        cost.crypto.written(),
        cost.times_crypto.written(1) if cost.times_crypto else "",
    )


def _asked_cells(asked: Asked) -> Row:
    return (str(asked.statements), str(asked.synced), str(asked.unsynced), str(asked.reads))


def _per_second(measured: Measured, operation: Operation) -> str:
    return f"{1e6 / measured.operation(operation).median:,.0f}/s"
