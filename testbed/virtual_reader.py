"""The virtual card reader as a process: `python -m testbed.virtual_reader --run-folder DIR --cards DIR`.

Prints one line `READY {json}` when the reader can be used, and ends, with everything it started, on SIGTERM, SIGINT or
the death of its parent. Exit codes: 0 asked to end, 1 failed, 2 wrong arguments, 3 no smart-card service installed.
"""

import argparse
import asyncio
import ctypes
import fcntl
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from testbed import network_namespace
from testbed.card_link import keep_linked
from testbed.card_slot import CardSlot, SlotError
from testbed.control_server import ControlServer, until_taken
from testbed.direct_transport import APDU_SOCKET, DirectServer
from testbed.pcsc_daemon import RUN_FOLDER as PCSCD_RUN_FOLDER
from testbed.pcsc_daemon import DaemonFailed, PcscDaemon, ReaderStackMissing, find_reader_stack, listen_on
from testbed.reader_control import CONTROL_SOCKET, LONGEST_LINE

PCSC_SOCKET = "pcscd.sock"
_FAILED, _NO_READER_STACK = 1, 3
_SET_PARENT_DEATH_SIGNAL = 1


class AlreadyRunning(Exception):
    """Another reader runs in the same folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for."""

    run_folder: Path
    cards: Path
    uses_pcscd: bool
    wants_namespace: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; returns the exit code."""
    options = _parse(arguments)
    _die_with_parent()
    options.run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with _only_one(options.run_folder):
            is_isolated = options.uses_pcscd and _isolate(options)
            asyncio.run(_run(options, is_isolated=is_isolated))
    except ReaderStackMissing as error:
        return _complain(error, _NO_READER_STACK)
    except (DaemonFailed, AlreadyRunning) as error:
        return _complain(error, _FAILED)
    return 0


async def _run(options: Options, *, is_isolated: bool) -> None:
    slot = CardSlot(cards=options.cards, file=options.run_folder / "reader.json")
    slot.restore()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    carrier = _behind_pcscd if options.uses_pcscd else _without_pcscd
    async with carrier(slot, options.run_folder) as failure, _controlled(slot, options):
        if options.uses_pcscd and slot.insertion is not None:
            await _until_first_card_is_taken(slot)
        _announce(options, slot, is_isolated=is_isolated)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({stopping, failure}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if failure.done():
            await failure


@asynccontextmanager
async def _behind_pcscd(slot: CardSlot, run_folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    """Yields a task that ends only by failing: when the daemon ends by itself, or our side of the link does."""
    daemon = await PcscDaemon.start(socket_path=run_folder / PCSC_SOCKET, log=run_folder / "pcscd.log")
    failure = asyncio.create_task(_watch(daemon, slot))
    try:
        yield failure
    finally:
        await _end(failure)
        await daemon.stop()
        (run_folder / PCSC_SOCKET).unlink(missing_ok=True)


async def _watch(daemon: PcscDaemon, slot: CardSlot) -> None:
    async with asyncio.TaskGroup() as group:
        linked = group.create_task(keep_linked(slot, daemon.port))
        code = await daemon.ended()
        linked.cancel()
    raise DaemonFailed(f"pcscd ended by itself, with code {code}")


@asynccontextmanager
async def _without_pcscd(slot: CardSlot, run_folder: Path) -> AsyncIterator[asyncio.Task[None]]:
    with listen_on(run_folder / APDU_SOCKET) as listener:
        listener.setblocking(False)  # noqa: FBT003 (the standard library's own parameter)
        serving = asyncio.create_task(DirectServer(slot).serve_forever(listener))
        try:
            yield serving
        finally:
            await _end(serving)
            (run_folder / APDU_SOCKET).unlink(missing_ok=True)


@asynccontextmanager
async def _controlled(slot: CardSlot, options: Options) -> AsyncIterator[None]:
    path = options.run_folder / CONTROL_SOCKET
    obey = ControlServer(slot, waits_for_service=options.uses_pcscd).serve
    server = await asyncio.start_unix_server(obey, sock=listen_on(path), limit=LONGEST_LINE)
    try:
        async with server:
            yield
    finally:
        path.unlink(missing_ok=True)


async def _until_first_card_is_taken(slot: CardSlot) -> None:
    try:
        await until_taken(await slot.arrival())
    except SlotError as error:
        raise DaemonFailed(str(error)) from error


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel `task`; whatever it failed with has been reported by the one who waited for it."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _isolate(options: Options) -> bool:
    """Enter a network of our own if we may; says so in one sentence if not. Raises `ReaderStackMissing` before that."""
    find_reader_stack()
    if options.wants_namespace and network_namespace.is_possible():
        network_namespace.enter()
        _give_run_folder(options)
        return True
    reason = "this system does not allow one" if options.wants_namespace else "as asked"
    _say(
        f"NOTE The virtual card reader runs without a network of its own ({reason}): "
        "its driver listens on every network interface of this machine."
    )
    return False


def _give_run_folder(options: Options) -> None:
    """An ordinary user cannot make the daemon's folder below `/run`, but may have a `/run` that nobody else sees."""
    below = PCSCD_RUN_FOLDER.parent
    ours = (options.run_folder, options.cards)
    if os.geteuid() != 0 and not PCSCD_RUN_FOLDER.exists() and not any(path.is_relative_to(below) for path in ours):
        network_namespace.cover_with_empty_folder(below)


def _announce(options: Options, slot: CardSlot, *, is_isolated: bool) -> None:
    facts = {
        "mode": "pcsc" if options.uses_pcscd else "direct",
        "socket": str(options.run_folder / (PCSC_SOCKET if options.uses_pcscd else APDU_SOCKET)),
        "namespace": is_isolated,
        "card": slot.state.card,
    }
    _say("READY " + json.dumps(facts))


def _say(line: str) -> None:
    """The reader's words go to whoever started it; a closed pipe is no reason to end."""
    with suppress(BrokenPipeError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _complain(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


@contextmanager
def _only_one(run_folder: Path) -> Iterator[None]:
    with (run_folder / "reader.lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"a virtual card reader already runs in {run_folder}") from error
        yield


def _die_with_parent() -> None:
    """SIGTERM when the parent dies (`prctl(2)`, PR_SET_PDEATHSIG), so that no reader outlives the testbed or a test."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGTERM))


def _parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m testbed.virtual_reader", description="A virtual card reader.")
    parser.add_argument("--run-folder", type=Path, required=True, help="sockets, log and state; made if missing")
    parser.add_argument("--cards", type=Path, required=True, help="the folder of the sample cards")
    parser.add_argument("--no-namespace", action="store_true", help="do not try for a network of its own")
    parser.add_argument(
        "--without-pcscd", action="store_true", help="serve the testbed's own transport instead of PC/SC"
    )
    given = parser.parse_args(arguments)
    return Options(
        run_folder=given.run_folder.resolve(),
        cards=given.cards.resolve(),
        uses_pcscd=not given.without_pcscd,
        wants_namespace=not given.no_namespace,
    )


if __name__ == "__main__":
    sys.exit(main())
