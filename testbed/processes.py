"""Start programs, wait until they serve, and end them all, whatever happens."""

import ctypes
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1
PATIENCE = 90.0
"""Seconds until a program must serve."""
_GRACE = 12.0


class StackError(Exception):
    """Something could not be started; the message is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A running program and where its words go."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def require_free(host: str, port: int, what: str) -> None:
    """Raises `StackError` if somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(
                f"Port {port} on {host} is in use, and {what} needs it: end the program that uses it "
                "(perhaps another `make run`), then try again."
            ) from error


@contextmanager
def running(
    name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run `command` with its output in `log`; it is ended on the way out, and dies with this process."""
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 (our own programs)
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=Path(__file__).resolve().parent.parent,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (no threads are running yet)
            start_new_session=True,
        )
    try:
        yield Program(name=name, process=process, log=log)
    finally:
        end(process)


def run_once(name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """Run `command` to its end and return what it printed. Raises `StackError` with its last line."""
    done = subprocess.run(  # noqa: S603 (our own programs)
        command,
        check=False,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, **(environment or {})},
        cwd=Path(__file__).resolve().parent.parent,
    )
    with log.open("ab") as output:
        output.write(done.stdout + done.stderr)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise StackError(f"{name} failed: {lines[-1] if lines else 'it said nothing'} (see {log})")
    return done.stdout


def wait_for_http(program: Program, url: str) -> None:
    """Until `url` answers with anything. Raises `StackError` if the program ends or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not _answers(url):
        require_alive(program)
        if time.monotonic() > deadline:
            raise StackError(f"{program.name} does not answer (see {program.log})")
        time.sleep(0.05)


def wait_for_line(program: Program, start: bytes) -> None:
    """Until a line of its log begins with `start`. Raises as `wait_for_http`."""
    deadline = time.monotonic() + PATIENCE
    while not any(line.startswith(start) for line in program.log.read_bytes().splitlines()):
        require_alive(program)
        if time.monotonic() > deadline:
            raise StackError(f"{program.name} is not ready (see {program.log})")
        time.sleep(0.05)


def require_alive(program: Program) -> None:
    """Raises `StackError` with the program's last words if it has ended."""
    if program.process.poll() is not None:
        words = program.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise StackError(f"{program.name} has ended: {words[-1] if words else 'it said nothing'} (see {program.log})")


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the program, SIGKILL to its whole group if it does not go."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=_GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=_GRACE)


def python(*arguments: str) -> list[str]:
    """A command of this environment's Python."""
    return [sys.executable, *arguments]


def _answers(url: str) -> bool:
    # Nothing secret is asked here, and the testbed's certificate needs no trust to show that somebody serves.
    try:
        with urllib.request.urlopen(url, timeout=2, context=_unverified()):  # noqa: S310 (addresses of the plan)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))
