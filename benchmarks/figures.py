"""How things are timed, and what becomes of many timings: a median over rounds, and the lowest and highest round."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class BenchmarkFailed(Exception):
    """What was to be timed did not do its work; the message says which. No figure is printed then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number per round, told as three."""

    median: float
    low: float
    high: float

    def written(self, digits: int) -> str:
        """As it stands in a table."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


def figure(rounds: Sequence[float]) -> Figure:
    """`rounds` has one value for each round, at least one."""
    return Figure(median=statistics.median(rounds), low=min(rounds), high=max(rounds))


def require(value: T, is_good: Callable[[T], bool], what: str) -> T:
    """`value`, or `BenchmarkFailed` saying that `what` is not as it must be."""
    if not is_good(value):
        raise BenchmarkFailed(f"{what}: {value!r}")
    return value


def cpu_ms_per_call(call: Callable[[], object], *, seconds: float) -> float:
    """Processor time of this process for one call, the mean of as many as fit into `seconds`, and one before.

    Processor time, because a neighbour on the machine lengthens every other kind.
    """
    call()
    calls, began, ends = 0, time.process_time_ns(), time.perf_counter() + seconds
    while time.perf_counter() < ends:
        call()
        calls += 1
    return (time.process_time_ns() - began) / calls / 1e6


def cpu_ms_of(call: Callable[[T], object], inputs: Sequence[T]) -> float:
    """Processor time for one call, of this process and of the programs it ran: the mean over all inputs but one."""
    call(inputs[0])
    began = _cpu_seconds()
    for each in inputs[1:]:
        call(each)
    return (_cpu_seconds() - began) / (len(inputs) - 1) * 1e3


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
