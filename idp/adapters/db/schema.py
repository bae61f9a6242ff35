"""The database's schema: its version, and the only way to change it. Each direction runs in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from idp.adapters.db import migrations
from idp.adapters.db.engine import reader, writer

_POSTGRESQL_PREPARES = (text("SET LOCAL statement_timeout = 0"), text("SELECT pg_advisory_xact_lock(724001)"))
"""A migration may take its time, and no two run at once; the lock's number is ours by choice. On SQLite the transaction
that begins IMMEDIATE is the lock."""


class SchemaMismatch(Exception):
    """The database is not at the version that this program needs."""

    def __init__(self, *, found: str | None, needed: str) -> None:
        state = f"has schema {found}" if found else "has no schema yet"
        super().__init__(f"the database {state}, this program needs schema {needed}: run `idp db upgrade`")
        self.found = found
        self.needed = needed


@cache
def expected_version() -> str:
    """The newest migration that this program carries; it cannot change while the program runs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise LookupError("the program was packaged without its migrations")
    return head


def current_version(engine: Engine) -> str | None:
    """The version of the database; None if it is empty."""
    with reader(engine).begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_current(engine: Engine) -> None:
    """Raise `SchemaMismatch` unless database and program fit."""
    found, needed = current_version(engine), expected_version()
    if found != needed:
        raise SchemaMismatch(found=found, needed=needed)


def upgrade(engine: Engine) -> str:
    """Bring the database to `expected_version` and return that; a second time changes nothing."""
    with _migrating(engine) as config:
        command.upgrade(config, "head")
    return expected_version()


def downgrade(engine: Engine, *, to: str) -> None:
    """Bring the database back to version `to`, or to `base`: nothing. Loses what the older schema cannot hold."""
    with _migrating(engine) as config:
        command.downgrade(config, to)


@contextmanager
def _migrating(engine: Engine) -> Iterator[Config]:
    with writer(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            for statement in _POSTGRESQL_PREPARES:
                connection.execute(statement)
        yield _config(connection)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
