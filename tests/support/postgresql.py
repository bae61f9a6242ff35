"""A PostgreSQL server of our own, started for the tests and thrown away, as an ordinary user and on a socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypedDict

import psycopg
from psycopg import sql

PROGRAMS = Path("/usr/lib/postgresql")
START_TRIES = 600
TRY_SECONDS = 0.05
STOP_SECONDS = 20
COMMAND_SECONDS = 60

_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "autovacuum": "off",
}
_NUMBERS = count(1)


class PostgresqlMissing(Exception):
    """The server's programs are not installed."""


class PostgresqlBroken(Exception):
    """The server could not be made or did not start; the message has the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlServer:
    """A running server; its socket is in `folder`."""

    folder: Path
    user: str

    def url(self, database: str) -> str:
        """For `create_database_engine`."""
        return f"postgresql+psycopg://{self.user}@/{database}?host={self.folder}"

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement outside any transaction; `names` fill its `{}` places as identifiers."""
        with psycopg.connect(
            dbname="postgres", user=self.user, host=str(self.folder), autocommit=True, connect_timeout=5
        ) as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    @contextmanager
    def new_database(self, *, template: str = "template1") -> Iterator[str]:
        """The name of a new database, a copy of `template`; dropped at the end, whoever is still connected."""
        name = f"test_{next(_NUMBERS)}"
        self.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        yield name
        self.execute("DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def run_postgresql() -> Iterator[PostgresqlServer]:
    """Start a server, and stop it at the end, or when this process dies.

    It runs without `fsync`: what tests break is transactions, not the machine's power. The folder is directly in /tmp,
    because the path of a socket must be short. Raises `PostgresqlMissing`, `PostgresqlBroken`.
    """
    programs = _programs()
    user = _ordinary_user()
    folder = Path(tempfile.mkdtemp(prefix="card-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user)
        _make(programs, folder, user)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 (a fixed program)
                _command(programs, folder), stdout=log, stderr=log, cwd=folder, **_as(user)
            )
        try:
            _wait_until_it_answers(server, folder, user)
            yield PostgresqlServer(folder=folder, user=user)
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The programs of the newest version installed."""
    versions = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda program: float(program.parts[-3]))
    if not versions:
        raise PostgresqlMissing(f"no PostgreSQL server in {PROGRAMS}")
    return versions[-1].parent


def _ordinary_user() -> str:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class _Identity(TypedDict):
    user: str | None
    group: int | None
    extra_groups: list[str] | None


def _as(user: str) -> _Identity:
    """What `subprocess` needs to become `user`: only root may, and only root must."""
    if os.geteuid() != 0:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def _make(programs: Path, folder: Path, user: str) -> None:
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", user, "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(  # noqa: S603 (a fixed program)
        command, cwd=folder, capture_output=True, timeout=COMMAND_SECONDS, check=False, **_as(user)
    )
    if made.returncode != 0:
        raise PostgresqlBroken(made.stderr.decode(errors="replace")[-2000:])


def _command(programs: Path, folder: Path) -> list[str]:
    """The server in the foreground; the kernel tells it to stop when its parent is gone."""
    options = _OPTIONS | {"unix_socket_directories": str(folder)}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return ["/usr/bin/setpriv", "--pdeathsig=INT", str(programs / "postgres"), "-D", str(folder / "data"), *settings]


def _wait_until_it_answers(server: subprocess.Popen[bytes], folder: Path, user: str) -> None:
    for _ in range(START_TRIES):
        try:
            psycopg.connect(dbname="postgres", user=user, host=str(folder), connect_timeout=5).close()
        except psycopg.OperationalError:
            pass
        else:
            return
        try:
            server.wait(TRY_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    raise PostgresqlBroken((folder / "log").read_text(errors="replace")[-2000:])


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: it ends sessions and leaves."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(STOP_SECONDS)
