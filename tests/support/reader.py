"""A running virtual card reader for tests.

    with a_running_reader(cards) as reader:          # pcscd, its driver and the card, in a network of their own
        reader.control.insert("hanako")
        subprocess.run(["opensc-tool", "-n"], env=reader.environment(), timeout=10)

    with a_running_reader(cards, without_pcscd=True) as reader:
        transport = DirectTransport(reader.run_folder)

A process that uses PC/SC reads `PCSCLITE_CSOCK_NAME` once: give each client process `environment()` at its start.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.pcsc_daemon import ReaderStackMissing, find_reader_stack
from testbed.reader_control import ReaderControl

STACK_IS_ABSENT = "CARD_READER_STACK"
_START, _STOP = 20.0, 10.0
"""Seconds, generous: other tests keep the machine busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningReader:
    """`ready` is what the reader said when it could be used."""

    run_folder: Path
    process: "subprocess.Popen[bytes]"
    ready: dict[str, object]
    words: Sequence[str]

    @property
    def control(self) -> ReaderControl:
        return ReaderControl(self.run_folder)

    @property
    def socket(self) -> Path:
        return Path(str(self.ready["socket"]))

    def environment(self) -> dict[str, str]:
        """Our environment, with PC/SC going to this reader."""
        return os.environ | {"PCSCLITE_CSOCK_NAME": str(self.socket)}


def need_reader_stack(*programs: str) -> None:
    """Fail where `pcscd`, its driver or one of `programs` is missing, unless `CARD_READER_STACK=absent` says so."""
    missing = [program for program in programs if shutil.which(program) is None]
    try:
        find_reader_stack()
    except ReaderStackMissing as error:
        missing.append(str(error))
    if missing and os.environ.get(STACK_IS_ABSENT) == "absent":
        pytest.skip(f"{STACK_IS_ABSENT}=absent; missing: {', '.join(missing)}")
    if missing:
        pytest.fail(f"missing: {', '.join(missing)}; if that is meant, set {STACK_IS_ABSENT}=absent")


@contextmanager
def a_run_folder() -> Iterator[Path]:
    """A new folder with a short path: a socket's path has at most 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="reader-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def a_running_reader(
    cards: Path, *, without_pcscd: bool = False, run_folder: Path | None = None
) -> Iterator[RunningReader]:
    """Start the reader as a process of its own and end it; `run_folder` is made and removed if not given."""
    if run_folder is None:
        with (
            a_run_folder() as folder,
            a_running_reader(cards, without_pcscd=without_pcscd, run_folder=folder) as reader,
        ):
            yield reader
        return
    process = start_reader(cards, run_folder, *(["--without-pcscd"] if without_pcscd else []))
    try:
        words = until_ready(process)
        ready = json.loads(words[-1].removeprefix("READY "))
        yield RunningReader(run_folder=run_folder, process=process, ready=ready, words=words)
    finally:
        end_reader(process)


def start_reader(cards: Path, run_folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "testbed.virtual_reader", "--run-folder", str(run_folder), "--cards", str(cards)]
    return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, bufsize=0)  # noqa: S603 (our own program)


def end_reader(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM; a reader that does not end by that fails the test."""
    process.terminate()
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()


def until_ready(process: "subprocess.Popen[bytes]") -> list[str]:
    """What the reader says, up to and with its `READY` line; fails if it ends or is silent for too long."""
    assert process.stdout is not None
    heard, deadline = b"", time.monotonic() + _START
    while not (heard.endswith(b"\n") and heard.splitlines()[-1].startswith(b"READY ")):
        is_readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), 4096) if is_readable else b""
        if not chunk:
            pytest.fail(f"the virtual reader was not ready; it said: {heard.decode()!r}")
        heard += chunk
    return heard.decode().splitlines()
