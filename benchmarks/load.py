"""The load program, the same for every server: wrk, which plays browsers that have a session."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import BenchmarkFailed
from benchmarks.place import processors
from tests.support.browser import Browser

CONNECTIONS = 8
_SCRIPT = Path(__file__).with_name("replay.lua")
_ANSWER_SECONDS = 10
_PATIENCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One kind of request: `needle` stands in every good answer's body or `Location`."""

    name: str
    status: int
    needle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Good answers, how many of them in a second, and the milliseconds that one in a hundred exceeds."""

    answers: int
    per_second: float
    p99_ms: float


def is_possible() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def pinned(processor: int) -> list[str]:
    """The head of a command that shall run on `processor` alone, where there are several and `taskset` is installed."""
    return ["taskset", "-c", str(processor)] if len(processors()) > 1 and shutil.which("taskset") else []


def server_pinned() -> list[str]:
    """The same for a server and all its helpers; wrk has another processor."""
    return pinned(processors()[0])


def drive(
    load: Load, addresses: Sequence[str], browsers: Sequence[Browser], *, host: str, file: Path, seconds: float
) -> Rate:
    """Send `addresses` to `host` through `browsers` in turn. Raises `BenchmarkFailed` if any answer was not good.

    `file` is written for wrk to read.
    """
    cookies = [_cookies(browser) for browser in browsers]
    lines = (f"{_path(address)}\t{cookies[turn % len(cookies)]}\n" for turn, address in enumerate(addresses))
    file.write_text("".join(lines), encoding="ascii")
    environment = {
        "REQUESTS": str(file),
        "HOST": urlsplit(browsers[0].origin).netloc,
        "STATUS": str(load.status),
        "NEEDLE": load.needle,
    }
    command = [
        *pinned(processors()[-1]),
        *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds:.0f}s"),
        *("--timeout", f"{_ANSWER_SECONDS}s", "--script", str(_SCRIPT), f"http://{host}"),
    ]
    done = subprocess.run(  # noqa: S603 (a fixed program; what it reads is ours)
        command, check=False, capture_output=True, text=True, timeout=seconds + _PATIENCE, env=os.environ | environment
    )
    return read_rate(load, done.stdout, done.stderr)


def read_rate(load: Load, said: str, complained: str) -> Rate:
    """The line that `replay.lua` writes at its end. Raises as `drive`."""
    figures = [line.split()[1:] for line in said.splitlines() if line.startswith("FIGURES ")]
    if not figures:
        raise BenchmarkFailed(f"wrk said: {said}{complained}")
    good, bad, seconds, p99 = figures[0]
    if int(bad) > 0 or int(good) == 0:
        raise BenchmarkFailed(f"{bad} bad answers and {good} good ones to {load.name}; wrk said: {said}{complained}")
    return Rate(answers=int(good), per_second=int(good) / float(seconds), p99_ms=float(p99))


def _cookies(browser: Browser) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.values())


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
