"""The measured rounds: in each one the floor, the certificates' tasks and both desks have their turn."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.certificates import CertificateTasks, Task
from benchmarks.figures import Figure, figure
from benchmarks.floor import Crypto, Floor, Operation, synced_write_ms
from benchmarks.login import Desk, Evidence, whole_login
from benchmarks.place import Place
from benchmarks.stopwatch import Step, Times

ROUNDS = 5

Visit = dict[Step, Times]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One turn of everything; milliseconds of processor time, but `synced_write` is on the wall."""

    floor: Mapping[Operation, float]
    synced_write: float
    tasks: Mapping[Task, float]
    visits: Mapping[Evidence, list[Visit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What something took: milliseconds, RSA-2048 signatures, and multiples of the signatures it cannot do without."""

    cpu: Figure
    wall: Figure | None
    signs: Figure
    crypto: Crypto
    times_crypto: Figure | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All rounds, asked for one figure at a time."""

    rounds: list[Round]

    def operation(self, operation: Operation) -> Figure:
        """Microseconds of the floor."""
        return figure([one.floor[operation] * 1e3 for one in self.rounds])

    def synced_write(self) -> Figure:
        """Milliseconds on the wall."""
        return figure([one.synced_write for one in self.rounds])

    def task(self, task: Task, crypto: Crypto) -> Cost:
        """Of a task without a web application around it."""
        return self._cost([one.tasks[task] for one in self.rounds], None, crypto)

    def step(self, evidence: Evidence, step: Step, crypto: Crypto) -> Cost:
        """Of one request."""
        return self._visited(evidence, lambda visit: visit[step], crypto)

    def login(self, evidence: Evidence, crypto: Crypto) -> Cost:
        """Of all requests of a card login."""
        return self._visited(evidence, whole_login, crypto)

    def _visited(self, evidence: Evidence, of: Callable[[Visit], Times], crypto: Crypto) -> Cost:
        times = [[of(visit) for visit in one.visits[evidence]] for one in self.rounds]
        cpu = [statistics.median(time.cpu for time in one) for one in times]
        wall = [statistics.median(time.wall for time in one) for one in times]
        return self._cost(cpu, wall, crypto)

    def _cost(self, cpu: list[float], wall: list[float] | None, crypto: Crypto) -> Cost:
        floors = [one.floor for one in self.rounds]
        return Cost(
            cpu=figure(cpu),
            wall=figure(wall) if wall else None,
            signs=figure([ms / floor[Operation.RSA_SIGN] for ms, floor in zip(cpu, floors, strict=True)]),
            crypto=crypto,
            times_crypto=figure([ms / crypto.cost(floor) for ms, floor in zip(cpu, floors, strict=True)])
            if crypto != Crypto()
            else None,
        )


def measure(place: Place, tasks: CertificateTasks, desks: Mapping[Evidence, Desk]) -> Measured:
    """Everything, several times in turn, so that a busy neighbour spoils a round and not one row."""
    floor = Floor()
    return Measured(rounds=[_round(place, floor, tasks, desks) for _ in range(ROUNDS)])


def _round(place: Place, floor: Floor, tasks: CertificateTasks, desks: Mapping[Evidence, Desk]) -> Round:
    """The floor is measured beside each part, and is the mean of that: a round is long enough for it to move."""
    floors = [floor.measure()]
    timed_tasks = tasks.round()
    visits = {}
    for evidence, desk in desks.items():
        visits[evidence] = desk.round()
        floors.append(floor.measure())
    return Round(
        floor={operation: statistics.fmean(one[operation] for one in floors) for operation in Operation},
        synced_write=synced_write_ms(place.folder),
        tasks=timed_tasks,
        visits=visits,
    )
