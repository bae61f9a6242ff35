"""`MetadataSourceStore`: sources, readings, and copies of an aggregate's entities of which one is looked at."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from idp.domain.metadata_source import (
    EntityDescription,
    GoodReading,
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    SourceKind,
    WhyRefused,
)
from idp.usecases.metadata_sources import MOST_FOUND
from idp.usecases.ports import UnitOfWork
from tests.support.builders import NOW
from tests.support.racing import race
from tests.support.sources import FEDERATION, Followed, a_document, a_member

NAME = MetadataSourceName("federation")
SOURCE = MetadataSource(
    name=NAME, kind=SourceKind.AGGREGATE, url="https://federation.example/all.xml", signers=("first\n", "二")
)
OTHER = MetadataSource(
    name=MetadataSourceName("another"), kind=SourceKind.QUERY, url="https://mdq.example", signers=("x",)
)
GOOD = GoodReading(
    read_at=NOW,
    published_at=NOW - timedelta(hours=1),
    ends_at=NOW + timedelta(days=7),
    digest=b"d" * 32,
    entities=2,
    etag='"1"',
)
READING = MetadataReading(source=NAME, entity_id=None, due_at=NOW, trouble=WhyRefused.EXPIRED, good=GOOD, generation=1)


def an_entity(name: str, *, names: str = "") -> EntityDescription:
    return EntityDescription(entity_id=f"https://{name}.example/sp", text=f"<{name}/>", names=names, ends_at=NOW)


A, B, C = (an_entity(name) for name in "abc")


def save(work: UnitOfWork, *sources: MetadataSource) -> None:
    with work.writing() as stores:
        for source in sources:
            stores.metadata_sources.save(source, now=NOW)


def keep(work: UnitOfWork, *readings: MetadataReading) -> None:
    with work.writing() as stores:
        for reading in readings:
            stores.metadata_sources.keep(reading)


def put(work: UnitOfWork, *entities: EntityDescription) -> int:
    """A new copy with these in it."""
    with work.writing() as stores:
        generation = stores.metadata_sources.begin_generation(NAME)
        stores.metadata_sources.add_entities(NAME, generation, entities)
    return generation


def look_at(work: UnitOfWork, generation: int) -> None:
    keep(work, replace(READING, generation=generation))


def found(work: UnitOfWork, *words: str, limit: int = 10) -> list[EntityDescription]:
    with work.reading() as stores:
        return list(stores.metadata_sources.search(NAME, words, limit=limit))


def sweep(work: UnitOfWork, *, until: int, limit: int = 10) -> int:
    with work.writing() as stores:
        return stores.metadata_sources.sweep(NAME, until=until, limit=limit)


def test_sources_come_back_by_name(work: UnitOfWork) -> None:
    save(work, SOURCE, OTHER)
    with work.reading() as stores:
        assert stores.metadata_sources.all() == (OTHER, SOURCE)


def test_saving_again_replaces_the_source_and_makes_all_of_it_due(work: UnitOfWork) -> None:
    save(work, SOURCE)
    keep(work, replace(READING, due_at=NOW + timedelta(days=1)))
    changed = replace(SOURCE, url="https://moved.example/", signers=(*SOURCE.signers, "new"))
    save(work, changed)
    with work.reading() as stores:
        assert stores.metadata_sources.all() == (changed,)
        assert stores.metadata_sources.reading(NAME, None) == replace(READING, good=replace(GOOD, etag=None))


def test_what_was_read_is_forgotten_when_a_signer_is_gone(work: UnitOfWork) -> None:
    save(work, SOURCE)
    keep(work, READING)
    save(work, replace(SOURCE, signers=SOURCE.signers[1:]))
    with work.reading() as stores:
        assert stores.metadata_sources.readings(NAME) == ()


def test_generations_do_not_come_back_with_the_name(work: UnitOfWork) -> None:
    save(work, SOURCE)
    before = put(work, A)
    with work.writing() as stores:
        stores.metadata_sources.remove(NAME)
    save(work, SOURCE)
    assert put(work, A) != before


def test_readings_of_the_whole_and_of_sites_come_back(work: UnitOfWork) -> None:
    save(work, SOURCE)
    of_site = MetadataReading(source=NAME, entity_id=A.entity_id, due_at=NOW)
    keep(work, of_site, READING)
    with work.reading() as stores:
        assert stores.metadata_sources.readings(NAME) == (READING, of_site)
        assert stores.metadata_sources.reading(NAME, None) == READING
        assert stores.metadata_sources.reading(NAME, A.entity_id) == of_site
        assert stores.metadata_sources.reading(NAME, B.entity_id) is None
        assert stores.metadata_sources.readings(OTHER.name) == ()


def test_keeping_again_replaces_the_reading(work: UnitOfWork) -> None:
    save(work, SOURCE)
    later = MetadataReading(source=NAME, entity_id=None, due_at=NOW + timedelta(hours=1))
    keep(work, READING, later)
    with work.reading() as stores:
        assert stores.metadata_sources.readings(NAME) == (later,)


def test_reading_needs_a_source(work: UnitOfWork) -> None:
    with pytest.raises(IntegrityError):
        keep(work, READING)


def test_held_source_says_whether_it_is_there(work: UnitOfWork) -> None:
    save(work, SOURCE)
    with work.writing() as stores:
        assert stores.metadata_sources.hold(NAME)
        assert not stores.metadata_sources.hold(OTHER.name)


def test_generations_are_never_the_same(work: UnitOfWork) -> None:
    save(work, SOURCE)

    def begin() -> int:
        with work.writing() as stores:
            return stores.metadata_sources.begin_generation(NAME)

    numbers = race(*[begin] * 6)
    assert len(set(numbers)) == len(numbers)


def test_only_the_copy_that_is_looked_at_is_seen(work: UnitOfWork) -> None:
    save(work, SOURCE)
    first = put(work, A, B)
    assert found(work) == []
    look_at(work, first)
    second = put(work, replace(A, text="<newer/>"), C)
    with work.reading() as stores:
        assert stores.metadata_sources.entity(NAME, A.entity_id) == A
        assert stores.metadata_sources.entity(NAME, C.entity_id) is None
        assert [stores.metadata_sources.entities(NAME, each) for each in (first, second, 9)] == [2, 2, 0]
    look_at(work, second)
    assert [entity.text for entity in found(work)] == ["<newer/>", "<c/>"]


def test_one_entity_cannot_be_in_a_copy_twice(work: UnitOfWork) -> None:
    save(work, SOURCE)
    with pytest.raises(MetadataRefused) as refused:
        put(work, A, B, A)
    assert refused.value.why is WhyRefused.TWICE_THE_SAME


def test_search_wants_every_word_in_the_id_or_the_names_in_any_case(work: UnitOfWork) -> None:
    save(work, SOURCE)
    tax, bank = an_entity("tax", names="国税 / National Tax"), an_entity("bank", names="見本銀行")
    look_at(work, put(work, tax, bank))
    assert found(work, "national", "TAX.example") == [tax]
    assert found(work, "見本") == [bank]
    assert found(work, "tax", "bank") == []
    assert found(work, limit=1) == [bank]


@pytest.mark.parametrize("word", ["%", "_", "\\", "t%x"])
def test_words_are_no_patterns(work: UnitOfWork, word: str) -> None:
    save(work, SOURCE)
    look_at(work, put(work, an_entity("tax")))
    assert found(work, word) == []


def test_sweeping_spares_the_copy_that_is_looked_at_and_later_ones(work: UnitOfWork) -> None:
    save(work, SOURCE)
    left_over, good, in_the_making = (put(work, A, B) for _ in range(3))
    look_at(work, good)
    assert [sweep(work, until=good, limit=1) for _ in range(3)] == [1, 1, 0]
    with work.reading() as stores:
        counts = [stores.metadata_sources.entities(NAME, each) for each in (left_over, good, in_the_making)]
    assert counts == [0, 2, 2]
    assert sweep(work, until=in_the_making) == 2


def test_forgotten_source_is_not_looked_at_and_can_be_swept(work: UnitOfWork) -> None:
    save(work, SOURCE)
    generation = put(work, A, B)
    look_at(work, generation)
    with work.writing() as stores:
        stores.metadata_sources.forget(NAME)
    assert found(work) == []
    assert sweep(work, until=generation) == 2


def test_removed_source_leaves_nothing(work: UnitOfWork) -> None:
    save(work, SOURCE)
    look_at(work, put(work, A))
    with work.writing() as stores:
        stores.metadata_sources.remove(NAME)
    with work.reading() as stores:
        assert stores.metadata_sources.all() == ()
        assert stores.metadata_sources.readings(NAME) == ()
        assert stores.metadata_sources.entities(NAME, 1) == 0


def test_two_readings_of_one_federation_at_once_leave_one_whole_copy(engine: Engine) -> None:
    followed = Followed(engine)
    followed.add(FEDERATION)
    followed.offer(FEDERATION, a_document(*(a_member(id=f"https://{number}.example") for number in range(1200))))
    outcomes = race(*[lambda: followed.refresh(FEDERATION)] * 3)
    assert all(isinstance(outcome, tuple) for outcome in outcomes), outcomes
    assert {news for outcome in outcomes for _, news in outcome} <= {"taken", "unchanged", "overtaken"}  # type: ignore[attr-defined]
    assert (None, "taken") in [outcome[0] for outcome in outcomes]  # type: ignore[index]
    followed.refresh(FEDERATION, anew=True)
    assert followed.kept_entities() == 1200
    assert len(followed.sources.search(FEDERATION.name, ("https",))) == MOST_FOUND
