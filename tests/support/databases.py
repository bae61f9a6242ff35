"""Empty databases for tests, migrated and thrown away. A conftest imports the fixtures that its tests need.

`engine`             runs the test twice: on SQLite and on PostgreSQL
`empty_engine`       the same, without a schema
`database_url`       the address behind `engine`, for tests that start processes of their own
`sqlite_engine`      SQLite alone, in a file
`postgresql_server`  our server, started once for the whole run
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.schema import upgrade
from tests.support.postgresql import PostgresqlMissing, PostgresqlServer, run_postgresql

WITHOUT_POSTGRESQL = "CARD_WITHOUT_POSTGRESQL"
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    if os.environ.get(WITHOUT_POSTGRESQL) == "1":
        pytest.skip(f"left out, because {WITHOUT_POSTGRESQL}=1")
    try:
        with run_postgresql() as server:
            yield server
    except PostgresqlMissing as error:
        pytest.fail(f"{error}: install Debian's package `postgresql`, or set {WITHOUT_POSTGRESQL}=1 to leave it out")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "idp.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresqlServer) -> Iterator[str]:
    with postgresql_server.new_database() as name:
        _migrate(postgresql_server.url(name))
        yield name


@pytest.fixture(params=DATABASES)
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if database_kind == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "idp.db")
        yield f"sqlite:///{tmp_path / 'idp.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with server.new_database(template=request.getfixturevalue("postgresql_template")) as name:
        yield server.url(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with open_database(database_url) as engine:
        yield engine


@pytest.fixture
def empty_engine(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if database_kind == "sqlite":
        with open_database(f"sqlite:///{tmp_path / 'empty.db'}") as engine:
            yield engine
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    with server.new_database() as name, open_database(server.url(name)) as engine:
        yield engine


@pytest.fixture
def sqlite_engine(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    shutil.copy(sqlite_template, tmp_path / "idp.db")
    with open_database(f"sqlite:///{tmp_path / 'idp.db'}") as engine:
        yield engine


@contextmanager
def open_database(url: str) -> Iterator[Engine]:
    """An engine on `url`, its connections closed at the end."""
    engine = create_database_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _migrate(url: str) -> None:
    with open_database(url) as engine:
        upgrade(engine)
