"""What may be lost with the power on SQLite, and what may not: seen by the `synchronous` level of each statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor

from foundation.records import Codec
from idp.adapters.db.audit import SqlAuditLog
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.citizen import CitizenId
from idp.domain.events import CitizenRegistered
from tests.support.builders import NOW, a_sector

NORMAL, FULL = 1, 2
END = NOW + timedelta(minutes=1)


@contextmanager
def _levels(engine: Engine) -> Iterator[set[int]]:
    levels: set[int] = set()

    def note(connection: Connection, cursor: DBAPICursor, *rest: object) -> None:
        del cursor, rest
        driver = connection.connection.driver_connection
        assert driver is not None
        levels.add(driver.execute("PRAGMA synchronous").fetchone()[0])

    event.listen(engine, "before_cursor_execute", note)
    yield levels
    event.remove(engine, "before_cursor_execute", note)


def test_use_of_a_one_time_value_is_not_lost(sqlite_engine: Engine) -> None:
    codes = SqlOneTimeStore(sqlite_engine, "code", Codec(str), put_may_be_lost=True)
    codes.put("key", "value", now=NOW, expires_at=END)
    with _levels(sqlite_engine) as levels:
        codes.take("key", now=NOW)
    assert levels == {FULL}


@pytest.mark.parametrize(("may_be_lost", "level"), [(True, NORMAL), (False, FULL)])
def test_new_one_time_value_is_lost_only_where_that_was_chosen(
    sqlite_engine: Engine, *, may_be_lost: bool, level: int
) -> None:
    store = SqlOneTimeStore(sqlite_engine, "message", Codec(str), put_may_be_lost=may_be_lost)
    with _levels(sqlite_engine) as levels:
        store.put("key", "value", now=NOW, expires_at=END)
    assert levels == {level}


def test_message_ids_are_kept_unless_somebody_chose_otherwise(sqlite_engine: Engine) -> None:
    with _levels(sqlite_engine) as levels:
        SqlOneTimeStore(sqlite_engine, "message", Codec(str)).put("key", "value", now=NOW, expires_at=END)
    assert levels == {FULL}


def test_unit_of_work_and_refusals_are_not_lost(sqlite_engine: Engine) -> None:
    with _levels(sqlite_engine) as levels:
        with SqlUnitOfWork(sqlite_engine).writing() as stores:
            stores.service_providers.save_sector(a_sector())
        SqlAuditLog(sqlite_engine).record(CitizenRegistered(citizen=CitizenId("citizen-1"), at=NOW))
    assert levels == {FULL}
