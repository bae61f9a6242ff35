import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from idp.adapters.db.engine import (
    POOL_OVERFLOW,
    POOL_SIZE,
    DatabaseUrlRefused,
    Transactions,
    create_database_engine,
    reader,
    unsynced_writer,
    writer,
)
from idp.adapters.db.schema import upgrade

_VERSION = text("SELECT version FROM register_version")
SYNCHRONOUS = {1: "NORMAL", 2: "FULL"}


def _pragma(opener: Engine | Transactions, name: str) -> object:
    with opener.begin() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar_one()


@pytest.mark.parametrize("url", ["mysql://localhost/idp", "postgresql://localhost/idp", "sqlite+aiosqlite:///x.db"])
def test_other_databases_and_drivers_are_refused(url: str) -> None:
    with pytest.raises(DatabaseUrlRefused, match="neither sqlite nor"):
        create_database_engine(url)


def test_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(DatabaseUrlRefused, match="passfile") as caught:
        create_database_engine("postgresql+psycopg://idp:topsecret@localhost/idp")
    assert "topsecret" not in str(caught.value)


def test_address_that_is_none_is_refused() -> None:
    with pytest.raises(DatabaseUrlRefused, match="cannot be read"):
        create_database_engine("idp.db")


def test_sqlite_keeps_foreign_keys_and_a_write_ahead_log(sqlite_engine: Engine) -> None:
    assert _pragma(sqlite_engine, "foreign_keys") == 1
    assert _pragma(sqlite_engine, "journal_mode") == "wal"
    assert _pragma(sqlite_engine, "busy_timeout") == timedelta(seconds=5) // timedelta(milliseconds=1)


def test_every_connection_of_the_pool_is_prepared(sqlite_engine: Engine) -> None:
    transactions = reader(sqlite_engine)
    with transactions.begin() as first, transactions.begin() as second:
        assert [c.execute(text("PRAGMA foreign_keys")).scalar_one() for c in (first, second)] == [1, 1]


def test_writers_wait_for_the_disk_except_where_loss_is_harmless(sqlite_engine: Engine) -> None:
    for _ in range(2):
        kinds = (writer(sqlite_engine), unsynced_writer(sqlite_engine))
        levels = [SYNCHRONOUS[int(str(_pragma(kind, "synchronous")))] for kind in kinds]
        assert levels == ["FULL", "NORMAL"]


def test_reader_cannot_write_even_after_a_writer(sqlite_engine: Engine) -> None:
    change = text("UPDATE register_version SET version = 7")
    with writer(sqlite_engine).begin() as connection:
        connection.execute(change)
    with pytest.raises(DBAPIError, match="readonly"), reader(sqlite_engine).begin() as connection:
        connection.execute(change)


def test_statements_are_kept_ready_between_transactions_of_one_kind(sqlite_engine: Engine) -> None:
    """Setting `query_only`, even to what it is, makes SQLite forget every statement that it has prepared."""
    told: list[str] = []
    with reader(sqlite_engine).begin() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
    raw.set_trace_callback(told.append)
    for _ in range(2):
        with reader(sqlite_engine).begin() as connection:
            connection.execute(_VERSION)
    assert told == ["BEGIN", "SELECT version FROM register_version", "COMMIT"] * 2
    with writer(sqlite_engine).begin():
        raw.set_trace_callback(None)
    assert told[-3:] == ["PRAGMA query_only = OFF", "PRAGMA synchronous = FULL", "BEGIN IMMEDIATE"]


def test_writer_takes_its_turn_at_the_beginning(sqlite_engine: Engine) -> None:
    """A writer of another process is refused when it begins, before it could have read anything; readers go on."""
    other_process = create_database_engine(str(sqlite_engine.url))
    event.listen(other_process, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 0"))
    begin_second = writer(other_process).begin()
    with writer(sqlite_engine).begin():
        with pytest.raises(OperationalError, match="locked"):
            begin_second.__enter__()
        with reader(sqlite_engine).begin() as connection:
            assert connection.execute(_VERSION).scalar_one() == 0
    with writer(sqlite_engine).begin() as connection:
        assert connection.execute(_VERSION).scalar_one() == 0
    other_process.dispose()


def test_writers_of_one_process_queue_and_a_failed_one_gives_its_turn_back(sqlite_engine: Engine) -> None:
    def fail() -> None:
        with writer(sqlite_engine).begin() as connection:
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    def write() -> int:
        with writer(sqlite_engine).begin() as connection:
            return int(connection.execute(_VERSION).scalar_one())

    with ThreadPoolExecutor(4) as threads:
        failures = [threads.submit(fail) for _ in range(4)]
        assert all(isinstance(failure.exception(timeout=5), OperationalError) for failure in failures)
        assert [done.result(timeout=5) for done in [threads.submit(write) for _ in range(20)]] == [0] * 20


def test_new_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "idp.db"
    engine = create_database_engine(f"sqlite:///{file}")
    upgrade(engine)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    engine.dispose()
    assert modes == {0o600}


def test_database_in_memory_holds_a_schema() -> None:
    engine = create_database_engine("sqlite://")
    upgrade(engine)
    with reader(engine).begin() as connection:
        assert connection.execute(_VERSION).scalar_one() == 0
    engine.dispose()


def test_pool_ends_somewhere(sqlite_engine: Engine) -> None:
    assert (POOL_SIZE, POOL_OVERFLOW) == (8, 4)
    assert "Pool size: 8" in sqlite_engine.pool.status()
