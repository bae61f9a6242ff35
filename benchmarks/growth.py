"""Whether a worker grows: its memory after a few logins and after many, over the wire."""

from dataclasses import dataclass

from benchmarks.server import Worker
from benchmarks.visits import Visits

FEW, MANY = 50, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Resident megabytes after `FEW` and after `MANY` logins."""

    after_few: float
    after_many: float


def measure(visits: Visits, worker: Worker) -> Growth:
    """Log in `MANY` times."""
    for _ in range(FEW):
        visits.log_in_by_card()
    after_few = worker.memory_mb
    for _ in range(MANY - FEW):
        visits.log_in_by_card()
    return Growth(after_few=after_few, after_many=worker.memory_mb)
