"""From a URL to an engine that behaves alike on SQLite and PostgreSQL, and the three ways to open a transaction.

On SQLite every transaction that may write begins IMMEDIATE: it waits for its turn at the start, where waiting is safe,
and never fails half-way for having read first. Read-only is enforced by both databases.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

WAIT_FOR_LOCK = timedelta(seconds=5)
POOL_SIZE = 8
POOL_OVERFLOW = 4
"""A thread of a worker holds one connection at a time, and workers have eight: the overflow is for mistakes."""

KIND = "idp_transaction"
"""Under this name a connection's `info` tells the kind of its transaction."""

_PRAGMAS = "idp_pragmas"
_QUEUE = "idp_writers_queue"
"""The lock at which the threads of this process wait for the one writer's place, and not in SQLite's busy handler.

The handler sleeps up to 100 ms between its tries and favours nobody: with four threads it made the slowest tenth of a
second's requests ten times slower. Other processes still meet there.
"""


class Transaction(Enum):
    """How a transaction begins. Each value is what SQLite is told: `query_only`, `synchronous`, and how to begin."""

    READING = ("ON", "NORMAL", "BEGIN")
    WRITING = ("OFF", "FULL", "BEGIN IMMEDIATE")
    WRITING_UNSYNCED = ("OFF", "NORMAL", "BEGIN IMMEDIATE")


class DatabaseUrlRefused(Exception):
    """The URL names a database that this program does not run on."""


def create_database_engine(url: str) -> Engine:
    """An engine for `sqlite:///path`, `sqlite://` (memory, one thread) or `postgresql+psycopg://…`; one per process.

    A new SQLite file can be read by its owner only. Raises `DatabaseUrlRefused`, also for a password in the URL: it
    belongs in a file of libpq's form, named by `?passfile=/path`.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUrlRefused("the database's URL cannot be read") from error
    if parsed.password is not None:
        raise DatabaseUrlRefused("the database's URL holds a password; put it in a file, named by ?passfile=/path")
    match parsed.drivername:
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql+psycopg":
            return _postgresql(parsed)
        case other:
            raise DatabaseUrlRefused(
                f"the database's URL begins with {other}, which is neither sqlite nor postgresql+psycopg"
            )


@dataclass(frozen=True, slots=True)
class Transactions:
    """The transactions of one kind.

    They are opened here and not by listeners to the engine's events: those cost more than half of a statement, for
    every statement (measured: a transaction with one SELECT 205 µs with them, 120 µs without).
    """

    engine: Engine
    kind: Transaction

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Commits when the block ends well, rolls back when it raises. `OperationalError` tells that no turn came."""
        with self._turn(), self.engine.connect() as connection:
            if self.kind is Transaction.READING and connection.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)
            with connection.begin():
                connection.info[KIND] = self.kind
                if connection.dialect.name == "sqlite":
                    _begin_sqlite(connection, self.kind)
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """If nobody lets go in time, SQLite's own waiting tells the error."""
        queue: threading.Lock | None = self.engine.get_execution_options().get(_QUEUE)
        if queue is None or self.kind is Transaction.READING:
            yield
            return
        has_turn = queue.acquire(timeout=WAIT_FOR_LOCK.total_seconds())
        try:
            yield
        finally:
            if has_turn:
                queue.release()


def reader(engine: Engine) -> Transactions:
    """Read-only transactions."""
    return Transactions(engine, Transaction.READING)


def writer(engine: Engine) -> Transactions:
    """Transactions that survive a loss of power once committed."""
    return Transactions(engine, Transaction.WRITING)


def unsynced_writer(engine: Engine) -> Transactions:
    """For what may be lost with the last moments before a loss of power (not of the process): unused codes.

    On SQLite it saves the wait for the disk; PostgreSQL makes no difference.
    """
    return Transactions(engine, Transaction.WRITING_UNSYNCED)


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        file = Path(str(url.database)).resolve()
        if file.parent.is_dir() and not file.exists():
            file.touch(mode=0o600)
        engine = create_engine(
            url.set(database=str(file)),
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_use_lifo=True,
            execution_options={_QUEUE: threading.Lock()},
        )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 (tells the type; the driver is fixed above)
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout = {WAIT_FOR_LOCK // timedelta(milliseconds=1)}",
        "journal_mode = WAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection, kind: Transaction) -> None:
    """Only what differs from the connection's last transaction is set: `query_only` makes it forget its statements."""
    query_only, synchronous, begin = kind.value
    wanted = {"query_only": query_only, "synchronous": synchronous}
    known: dict[str, str] = connection.info.setdefault(_PRAGMAS, {})
    cursor = connection.connection.cursor()
    try:
        for name, value in wanted.items():
            if known.get(name) != value:
                cursor.execute(f"PRAGMA {name} = {value}")
                known[name] = value
        cursor.execute(begin)
    except sqlite3.Error as error:
        raise OperationalError(begin, (), error) from error
    finally:
        cursor.close()


def _postgresql(url: URL) -> Engine:
    wait = WAIT_FOR_LOCK // timedelta(milliseconds=1)
    options = f"-c timezone=UTC -c lock_timeout={wait} -c statement_timeout={2 * wait}"
    options += f" -c idle_in_transaction_session_timeout={6 * wait}"
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=WAIT_FOR_LOCK.total_seconds(),
        pool_use_lifo=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": options},
    )
