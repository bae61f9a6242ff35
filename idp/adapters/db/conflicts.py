"""INSERT that may meet a row already there, built once per database; it returns a row if and only if it wrote one."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Integer, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from idp.adapters.db.tables import Base

_ONE = literal_column("1", Integer)

Write = Mapping[str, ReturningInsert[tuple[int]]]
"""By name of the dialect."""


def insert_unless_there(table: type[Base], key: Sequence[str]) -> Write:
    """Insert, or do nothing where the unique `key` is there already."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(index_elements=key).returning(_ONE),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(index_elements=key).returning(_ONE),
    }


def insert_or_replace(table: type[Base], key: Sequence[str], *, only_if: ColumnElement[bool] | None = None) -> Write:
    """Insert, or replace all other columns of the row with this unique `key` if it fits `only_if`."""
    others = [column.name for column in table.__table__.columns if column.name not in key]
    lite, full = sqlite.insert(table), postgresql.insert(table)
    return {
        "sqlite": lite.on_conflict_do_update(
            index_elements=key, set_={name: lite.excluded[name] for name in others}, where=only_if
        ).returning(_ONE),
        "postgresql": full.on_conflict_do_update(
            index_elements=key, set_={name: full.excluded[name] for name in others}, where=only_if
        ).returning(_ONE),
    }


def wrote(connection: Connection, write: Write, values: Mapping[str, object]) -> bool:
    """Run `write` with `values` for every column; whether a row was written."""
    return connection.execute(write[connection.dialect.name], dict(values)).first() is not None
