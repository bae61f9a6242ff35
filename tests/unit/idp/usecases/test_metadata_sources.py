from dataclasses import replace

import pytest
from sqlalchemy import Engine

from idp.domain.events import MetadataSourceApplied
from idp.domain.metadata_source import MetadataSourceName, SourceKind, SourceRefused, WhyRefused
from idp.usecases.service_providers import Change
from tests.support.builders import NOW
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.sources import (
    FEDERATION,
    GOOD_SIGNER,
    NEXT_SIGNER,
    QUERY,
    SINGLE,
    WEEK,
    Followed,
    a_document,
    a_member,
    a_source,
)

__all__ = ["sqlite_engine", "sqlite_template"]

A = "https://a.example"


@pytest.fixture
def followed(sqlite_engine: Engine) -> Followed:
    return Followed(sqlite_engine)


def refusal(followed: Followed, **changes: object) -> tuple[str, ...]:
    """Of a source that is good but for the changes."""
    with pytest.raises(SourceRefused) as refused:
        followed.sources.add(replace(FEDERATION, **changes), now=NOW)  # type: ignore[arg-type]
    return refused.value.faults


def test_source_is_added_changed_and_left_as_it_is(followed: Followed) -> None:
    moved = replace(FEDERATION, url="https://moved.example/")
    changes = [followed.sources.add(source, now=NOW) for source in (FEDERATION, FEDERATION, moved)]
    assert changes == [Change.ADDED, Change.UNCHANGED, Change.CHANGED]
    assert [state.source for state in followed.sources.all()] == [moved]
    assert followed.events(MetadataSourceApplied) == [
        MetadataSourceApplied(source=FEDERATION.name, change="added", at=NOW),
        MetadataSourceApplied(source=FEDERATION.name, change="changed", at=NOW),
    ]


def test_everything_that_is_wrong_is_said_at_once(followed: Followed) -> None:
    faults = refusal(followed, name=MetadataSourceName("a b"), url="http://x", signers=())
    assert [fault.split()[1] for fault in faults] == ["name", "address", "signer"]
    assert followed.sources.all() == ()
    assert followed.events(MetadataSourceApplied) == []


@pytest.mark.parametrize("name", ["", "-a", "a" * 65, "a/b", "名前", "a\n"])
def test_name_can_be_typed_and_read(followed: Followed, name: str) -> None:
    assert len(refusal(followed, name=MetadataSourceName(name))) == 1


def test_kind_of_a_source_cannot_change(followed: Followed) -> None:
    followed.add(FEDERATION)
    assert "remove it first" in refusal(followed, kind=SourceKind.QUERY)[0]


def test_changed_source_is_due_now_and_asked_in_full_but_still_not_rolled_back(followed: Followed) -> None:
    """One more signer says the same document anew, perhaps; that is no reason to believe an older one."""
    followed.add(FEDERATION)
    followed.offer(FEDERATION, a_document(a_member(id=A), published_at=NOW, etag="1"))
    followed.refresh(FEDERATION)
    followed.add(replace(FEDERATION, signers=(GOOD_SIGNER, NEXT_SIGNER)))
    reading = followed.reading(FEDERATION)
    assert reading is not None
    assert reading.good is not None
    assert (reading.due_at, reading.good.etag, reading.good.published_at) == (NOW, None, NOW)


def test_states_tell_how_it_stands_and_who_follows(followed: Followed) -> None:
    followed.add(FEDERATION, QUERY)
    followed.admit(A, FEDERATION)
    followed.offer(FEDERATION, WhyRefused.NOT_FETCHED)
    followed.refresh(FEDERATION)
    federation, query = followed.sources.all()
    assert (federation.sites, query.sites) == (1, 0)
    assert [reading.trouble for reading in federation.readings] == [WhyRefused.NOT_FETCHED]
    assert query.readings == ()


def test_trouble_of_a_site_that_left_is_not_shown(followed: Followed) -> None:
    followed.add(QUERY)
    site = followed.admit(A, QUERY)
    followed.offer(QUERY, WhyRefused.NOT_THERE, entity_id=A)
    followed.refresh(QUERY)
    assert len(followed.sources.all()[0].readings) == 1
    followed.providers.remove(site, now=NOW)
    assert followed.sources.all()[0].readings == ()


def test_removed_source_leaves_nothing(followed: Followed) -> None:
    followed.add(FEDERATION)
    followed.offer(FEDERATION, a_document(*(a_member(id=f"https://{n}.example") for n in range(1200))))
    followed.refresh(FEDERATION)
    followed.sources.remove(FEDERATION.name, now=NOW + WEEK)
    assert followed.sources.all() == ()
    assert followed.kept_entities() == 0
    assert followed.events(MetadataSourceApplied)[-1] == MetadataSourceApplied(
        source=FEDERATION.name, change="removed", at=NOW + WEEK
    )


def test_source_that_sites_follow_is_not_removed(followed: Followed) -> None:
    followed.add(SINGLE)
    site = followed.admit(A, SINGLE)
    with pytest.raises(SourceRefused, match=site):
        followed.sources.remove(SINGLE.name, now=NOW)
    followed.providers.remove(site, now=NOW)
    followed.sources.remove(SINGLE.name, now=NOW)


def test_unknown_source_is_not_removed_or_searched(followed: Followed) -> None:
    with pytest.raises(SourceRefused, match="no source"):
        followed.sources.remove(MetadataSourceName("else"), now=NOW)
    with pytest.raises(SourceRefused, match="no source"):
        followed.sources.search(MetadataSourceName("else"), ("x",))


def test_federation_is_searched_and_others_cannot_be(followed: Followed) -> None:
    followed.add(FEDERATION, QUERY)
    followed.offer(FEDERATION, a_document(a_member(id=A, names="National Tax"), a_member(id="https://b.example")))
    followed.refresh(FEDERATION)
    assert [found.entity_id for found in followed.sources.search(FEDERATION.name, ("tax",))] == [A]
    with pytest.raises(SourceRefused, match="entityID"):
        followed.sources.search(QUERY.name, ("tax",))


@pytest.mark.parametrize("source", [FEDERATION, QUERY, SINGLE], ids=lambda source: source.kind)
def test_probe_tells_the_trouble_and_keeps_nothing(followed: Followed, source: object) -> None:
    assert isinstance(source, type(FEDERATION))
    followed.add(source)
    site = followed.site(followed.admit(A, source))
    entity_id = None if source is FEDERATION else A
    followed.offer(source, a_document(a_member(id=A)), entity_id=entity_id)
    assert followed.sources.trouble(site, now=NOW) is None
    for document in (a_document(a_member(id=A), ends_at=NOW), a_document()):
        followed.offer(source, document, entity_id=entity_id)
        assert followed.sources.trouble(site, now=NOW) is not None
    followed.offer(source, WhyRefused.NOT_FETCHED, entity_id=entity_id)
    assert followed.sources.trouble(site, now=NOW) == WhyRefused.NOT_FETCHED.words
    assert followed.reading(source, entity_id) is None
    assert followed.kept_entities() == 0


def test_probe_misses_a_source_that_is_gone_and_none_that_never_was(followed: Followed) -> None:
    followed.add(QUERY)
    site = followed.site(followed.admit(A, QUERY))
    elsewhere = replace(site, source=MetadataSourceName("else"))
    assert followed.sources.trouble(elsewhere, now=NOW) == "There is no source else."
    assert followed.sources.trouble(replace(site, source=None), now=NOW) is None


def test_source_by_name(followed: Followed) -> None:
    followed.add(QUERY, a_source("b", SourceKind.ENTITY))
    assert followed.sources.get(QUERY.name) == QUERY
