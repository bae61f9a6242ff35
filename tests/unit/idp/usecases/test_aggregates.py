"""Copies of a federation's entities: made in small transactions, looked at only when whole, swept when not."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from idp.domain.metadata_source import EntityDescription, WhyRefused
from idp.usecases.aggregates import ENTITIES_AT_ONCE
from tests.support.builders import NOW
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.sources import FEDERATION, Followed, a_document, a_member
from tests.support.statements import count_statements

__all__ = ["sqlite_engine", "sqlite_template"]

MANY = ENTITIES_AT_ONCE * 3 + 1


@pytest.fixture
def followed(sqlite_engine: Engine) -> Followed:
    made = Followed(sqlite_engine)
    made.add(FEDERATION)
    return made


def members(count: int, **said: object) -> list[EntityDescription]:
    return [a_member(id=f"https://{number}.example", **said) for number in range(count)]


def text_of(followed: Followed, number: int) -> str | None:
    with followed.work.reading() as stores:
        found = stores.metadata_sources.entity(FEDERATION.name, f"https://{number}.example")
    return found.text if found else None


def test_entities_are_written_some_hundred_at_a_time(followed: Followed, sqlite_engine: Engine) -> None:
    followed.offer(FEDERATION, a_document(*members(MANY)))
    with count_statements(sqlite_engine) as counted:
        followed.refresh(FEDERATION)
    inserts = [each for each in counted.statements if each.startswith("INSERT INTO federation_entities")]
    assert len(inserts) == 4
    assert counted.commits >= len(inserts)
    assert followed.kept_entities() == MANY


def test_large_entities_are_written_fewer_at_a_time(followed: Followed, sqlite_engine: Engine) -> None:
    followed.offer(FEDERATION, a_document(*members(10, long="x" * 600_000)))
    with count_statements(sqlite_engine) as counted:
        followed.refresh(FEDERATION)
    assert sum(each.startswith("INSERT INTO federation_entities") for each in counted.statements) == 5


def test_progress_is_told(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(*members(MANY)))
    told: list[int] = []
    followed.following.refresh(FEDERATION.name, now=NOW, progress=told.append)
    assert told == [500, 1000, 1500, MANY]


def test_newer_copy_takes_the_place_of_the_one_before(followed: Followed) -> None:
    for word in ("first", "second"):
        followed.offer(FEDERATION, a_document(*members(MANY, says=word)))
        followed.refresh(FEDERATION)
        assert word in str(text_of(followed, MANY - 1))
        assert followed.kept_entities() == MANY


def test_known_document_is_not_written_again(followed: Followed, sqlite_engine: Engine) -> None:
    followed.offer(FEDERATION, a_document(*members(MANY)))
    followed.refresh(FEDERATION)
    before = followed.reading(FEDERATION)
    with count_statements(sqlite_engine) as counted:
        followed.refresh(FEDERATION, now=NOW + timedelta(hours=1))
    assert not any("INTO federation_entities" in statement for statement in counted.statements)
    after = followed.reading(FEDERATION)
    assert before is not None
    assert after is not None
    assert after.generation == before.generation
    assert after.due_at > before.due_at


def test_copy_that_comes_to_nothing_is_swept_and_never_looked_at(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(*members(MANY, says="good")))
    followed.refresh(FEDERATION)
    followed.offer(FEDERATION, a_document(*members(MANY, says="bad"), flaw=WhyRefused.WRONGLY_SIGNED))
    followed.refresh(FEDERATION)
    assert "good" in str(text_of(followed, 0))
    assert followed.kept_entities() == MANY


def test_what_a_crash_left_is_swept_by_the_next_reading(followed: Followed) -> None:
    with followed.work.writing() as stores:
        generation = stores.metadata_sources.begin_generation(FEDERATION.name)
        stores.metadata_sources.add_entities(FEDERATION.name, generation, members(MANY - 700))
    followed.offer(FEDERATION, a_document(*members(3)))
    followed.refresh(FEDERATION)
    assert followed.kept_entities() == 3


def test_reading_that_was_overtaken_changes_nothing(followed: Followed) -> None:
    """Two at once: the slower one finds another good reading than it began with."""

    def another() -> None:
        followed.offer(FEDERATION, a_document(*members(3, says="quick")))
        followed.refresh(FEDERATION)

    followed.offer(FEDERATION, a_document(*members(3, says="slow")))
    followed.fake.meanwhile = (nothing, another)
    assert followed.refresh(FEDERATION) == ((None, WhyRefused.OVERTAKEN),)
    assert "quick" in str(text_of(followed, 0))
    reading = followed.reading(FEDERATION)
    assert reading is not None
    assert reading.trouble is None


def test_copy_of_which_something_is_missing_is_not_looked_at(followed: Followed, sqlite_engine: Engine) -> None:
    def rob() -> None:
        with sqlite_engine.begin() as connection:
            connection.execute(text("DELETE FROM federation_entities WHERE entity_id = 'https://7.example'"))

    followed.offer(FEDERATION, a_document(*members(MANY)))
    followed.fake.meanwhile = (nothing, rob)
    assert followed.refresh(FEDERATION) == ((None, WhyRefused.OVERTAKEN),)
    assert text_of(followed, 8) is None


@pytest.mark.parametrize("moment", ["first", "last"])
def test_source_that_is_removed_meanwhile_is_not_missed(followed: Followed, moment: str) -> None:
    def remove() -> None:
        followed.sources.remove(FEDERATION.name, now=NOW)

    followed.offer(FEDERATION, a_document(*members(3)))
    followed.fake.meanwhile = (remove, nothing) if moment == "first" else (nothing, remove)
    assert followed.refresh(FEDERATION) == ((None, WhyRefused.OVERTAKEN),)
    assert followed.sources.all() == ()
    assert followed.kept_entities() == 0


def nothing() -> None:
    """Meanwhile."""
