"""The stores on both databases."""

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.usecases.ports import UnitOfWork
from tests.support.databases import (
    database_kind,
    database_url,
    empty_engine,
    engine,
    postgresql_server,
    postgresql_template,
    sqlite_template,
)

__all__ = [
    "database_kind",
    "database_url",
    "empty_engine",
    "engine",
    "postgresql_server",
    "postgresql_template",
    "sqlite_template",
]


@pytest.fixture
def work(engine: Engine) -> UnitOfWork:
    return SqlUnitOfWork(engine)
