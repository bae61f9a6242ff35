from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from foundation.database import UtcDateTime

INSTANTS = Table("instants", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
NOON = datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC)
JAPAN = timezone(timedelta(hours=9))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        INSTANTS.create(connection)
        yield connection
    engine.dispose()


def _keep(connection: Connection, at: datetime | None) -> datetime | None:
    connection.execute(insert(INSTANTS), {"id": 1, "at": at})
    kept: datetime | None = connection.execute(select(INSTANTS.c.at)).scalar_one()
    return kept


def test_instant_comes_back_to_the_microsecond_and_aware(connection: Connection) -> None:
    kept = _keep(connection, NOON)
    assert kept == NOON
    assert kept is not None
    assert kept.tzinfo is UTC


def test_instant_of_another_zone_is_kept_as_utc(connection: Connection) -> None:
    kept = _keep(connection, NOON.astimezone(JAPAN))
    assert kept is not None
    assert (kept, kept.tzinfo) == (NOON, UTC)


def test_naive_instant_is_refused(connection: Connection) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        _keep(connection, NOON.replace(tzinfo=None))


def test_no_instant_stays_none(connection: Connection) -> None:
    assert _keep(connection, None) is None


def test_comparing_in_the_database_compares_instants(connection: Connection) -> None:
    _keep(connection, NOON)
    later = (NOON + timedelta(microseconds=1)).astimezone(JAPAN)
    assert connection.execute(select(INSTANTS.c.id).where(INSTANTS.c.at < later)).scalar_one_or_none() == 1
    assert connection.execute(select(INSTANTS.c.id).where(INSTANTS.c.at >= later)).scalar_one_or_none() is None
