"""The schema: migrated equals declared, and programs refuse what they do not fit."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, Inspector, inspect, text

from idp.adapters.db.schema import (
    SchemaMismatch,
    current_version,
    downgrade,
    expected_version,
    require_current,
    upgrade,
)
from idp.adapters.db.tables import Base
from tests.support.racing import race


def _rules(inspector: Inspector) -> dict[str, object]:
    """All that the database knows of each table."""
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": sorted(map(repr, inspector.get_foreign_keys(table))),
            "unique": sorted(map(repr, inspector.get_unique_constraints(table))),
            "checks": sorted(map(repr, inspector.get_check_constraints(table))),
            "indexes": sorted(map(repr, inspector.get_indexes(table))),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_migrated_database_is_what_the_tables_declare(engine: Engine) -> None:
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_fresh_database_equals_a_migrated_one(engine: Engine, empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        Base.metadata.create_all(connection)
    assert _rules(inspect(empty_engine)) == _rules(inspect(engine))


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    before = _rules(inspect(engine))
    assert upgrade(engine) == expected_version() == current_version(engine)
    assert _rules(inspect(engine)) == before


def test_two_upgrades_at_once_are_one(empty_engine: Engine) -> None:
    assert race(*[lambda: upgrade(empty_engine)] * 3) == [expected_version()] * 3


def test_downgrading_leaves_nothing_and_upgrading_brings_all_back(engine: Engine) -> None:
    before = _rules(inspect(engine))
    downgrade(engine, to="base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert _rules(inspect(engine)) == before


def test_program_starts_on_its_own_schema(engine: Engine) -> None:
    require_current(engine)


def test_program_refuses_a_database_without_schema(empty_engine: Engine) -> None:
    with pytest.raises(SchemaMismatch, match=r"no schema yet.*idp db upgrade"):
        require_current(empty_engine)


def test_program_refuses_another_schema(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(SchemaMismatch, match=f"has schema 0000, this program needs schema {expected_version()}"):
        require_current(engine)


def test_broken_migration_leaves_the_database_as_it_was(empty_engine: Engine) -> None:
    with empty_engine.begin() as connection:
        connection.execute(text("CREATE TABLE due_work (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="due_work"):
        upgrade(empty_engine)
    assert inspect(empty_engine).get_table_names() == ["due_work"]
