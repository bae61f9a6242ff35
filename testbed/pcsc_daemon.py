"""A `pcscd` of our own, beside the system's: one virtual reader with two slots, its socket in the run folder.

The daemon's own socket path is compiled in, so the socket is made here and handed over as a service manager does
(socket activation). One reader entry only: the driver keeps its slots in one table for the whole process, and a
second entry makes the daemon hang.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

READER_NAME = "My Number Card Testbed"
_DRIVERS = (
    "/usr/lib/pcsc/drivers/serial/libifdvpcd.so",
    "/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so",
)
RUN_FOLDER = Path("/run/pcscd")
"""Compiled into the daemon, which ends at once if it is missing and cannot be made."""

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_FIRST_PORT, _LAST_PORT = 35963, 36963
_LONGEST_SOCKET_PATH = 107
_START, _STOP = 10.0, 2.0
"""Seconds until the driver must listen, and until a daemon that ignores SIGTERM is killed."""


class ReaderStackMissing(Exception):
    """This machine has no `pcscd` or no virtual reader driver; the message says what to install."""


class DaemonFailed(Exception):
    """`pcscd` did not start, or ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStack:
    """The two programs of the system that a virtual reader needs."""

    daemon: Path
    driver: Path


def find_reader_stack() -> ReaderStack:
    """Raises `ReaderStackMissing`."""
    daemon = shutil.which("pcscd") or shutil.which("pcscd", path=_SYSTEM_PATH)
    driver = next((Path(path) for path in _DRIVERS if Path(path).exists()), None)
    if daemon is None or driver is None or shutil.which("setpriv") is None:
        raise ReaderStackMissing(
            "The smart-card service or its virtual reader is not installed "
            "(Debian: apt-get install pcscd vsmartcard-vpcd)."
        )
    return ReaderStack(daemon=Path(daemon), driver=driver)


def free_port_pair() -> int:
    """A port that is free together with the next one, on every interface. Raises `DaemonFailed`."""
    for port in range(_FIRST_PORT, _LAST_PORT, 2):
        if _is_free(port) and _is_free(port + 1):
            return port
    raise DaemonFailed(f"no two free ports between {_FIRST_PORT} and {_LAST_PORT}")


def listen_on(path: Path) -> socket.socket:
    """A listening Unix socket that only this user (and root) can reach. Raises `DaemonFailed` for a path too long."""
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise DaemonFailed(
            f"{path}: longer than the {_LONGEST_SOCKET_PATH} bytes of a socket's path: use a shorter run folder"
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    finally:
        os.umask(before)
    listener.listen(16)
    return listener


class PcscDaemon:
    """A running daemon; whoever started it ends it by `stop`."""

    def __init__(self, *, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port

    @classmethod
    async def start(cls, *, socket_path: Path, log: Path) -> Self:
        """Returns when the driver listens. Raises `ReaderStackMissing`, `DaemonFailed`."""
        stack, port = find_reader_stack(), free_port_pair()
        _make_run_folder()
        folder = _readers_folder(stack.driver, port)
        with listen_on(socket_path) as listener, log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *_command(stack.daemon, folder),
                stdin=listener.fileno(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )
        daemon = cls(process=process, port=port)
        try:
            await daemon._until_listening(log)
        except BaseException:
            await daemon.stop()
            raise
        finally:
            # The daemon reads its configuration once; a reader that is killed later leaves nothing behind.
            shutil.rmtree(folder)
        return daemon

    async def ended(self) -> int:
        """Wait for the daemon to end by itself."""
        return await self._process.wait()

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), _STOP)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _until_listening(self, log: Path) -> None:
        wanted = {self.port, self.port + 1}
        try:
            async with asyncio.timeout(_START):
                while not wanted <= _listening_ports():
                    if self._process.returncode is not None:
                        raise DaemonFailed(f"pcscd ended at once; its log: {log}")
                    await asyncio.sleep(0.01)
        except TimeoutError as error:
            raise DaemonFailed(f"the virtual reader was not ready after {_START:.0f} s; pcscd's log: {log}") from error


def _make_run_folder() -> None:
    """What the service manager does where there is one."""
    try:
        RUN_FOLDER.mkdir(mode=0o755, exist_ok=True)
    except PermissionError as error:
        raise DaemonFailed(f"pcscd needs the folder {RUN_FOLDER}; as root: mkdir {RUN_FOLDER}") from error


def _readers_folder(driver: Path, port: int) -> Path:
    """The daemon's configuration, readable by its unprivileged user wherever the run folder lies."""
    folder = Path(tempfile.mkdtemp(prefix="card-reader-"))
    entry = f'FRIENDLYNAME "{READER_NAME}"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {driver}\nCHANNELID {port:#x}\n'
    (folder / "virtual").write_text(entry, encoding="ascii")
    (folder / "virtual").chmod(0o644)
    folder.chmod(0o755)
    return folder


def _command(daemon: Path, folder: Path) -> list[str]:
    """Root's rights are dropped; the daemon dies with us, even if we are killed.

    The listening socket comes as standard input and becomes descriptor 3, where socket activation has it. The shell's
    process id is the daemon's, since `exec` keeps it.
    """
    drop_root = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    flags = ["--foreground", "--config", os.fspath(folder)]
    if b"--disable-polkit" in _help(daemon):
        flags.append("--disable-polkit")
    activate = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    return ["setpriv", *drop_root, "--pdeathsig", "KILL", "sh", "-c", activate, "sh", os.fspath(daemon), *flags]


def _help(daemon: Path) -> bytes:
    return subprocess.run([daemon, "--help"], capture_output=True, timeout=10, check=False).stdout  # noqa: S603 (the system's pcscd)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 (the driver will bind there, so this is what must be free)
        except OSError:
            return False
        return True


def _listening_ports() -> set[int]:
    """TCP ports on which anyone listens in this network namespace (`proc(5)`: state 0A)."""
    rows = (line.split() for line in Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:])
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
