"""Processor time of whole programs: what /proc says of every process of their sessions (proc(5))."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from testbed.processes import Program

_TICKS = os.sysconf("SC_CLK_TCK")
_SESSION = 3
_TIMES = slice(11, 15)
"""Positions in /proc/PID/stat, counted behind the program's name: user, system, and both of ended children."""


def cpu_seconds(programs: Iterable[Program]) -> float:
    """Spent since they began, by them and all that they started; each of them leads a session of its own."""
    sessions = {program.process.pid for program in programs}
    return sum(_seconds(Path(entry.path), sessions) for entry in os.scandir("/proc") if entry.name.isdecimal())


def _seconds(process: Path, sessions: set[int]) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):  # It has ended meanwhile: its parent has its times.
        fields = (process / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        if int(fields[_SESSION]) in sessions:
            return sum(int(ticks) for ticks in fields[_TIMES]) / _TICKS
    return 0.0
