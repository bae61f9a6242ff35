import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from idp.domain.events import (
    AggregateRefused,
    AggregateTaken,
    ServiceProviderSuspended,
    SiteMetadataRefused,
    SiteMetadataTaken,
)
from idp.domain.metadata_source import EntityDescription, MetadataRefused, MetadataSource, WhyRefused
from idp.domain.registration import Protection
from idp.domain.service_provider import Mark, Standing, SuspensionReason, Tier
from idp.usecases.aggregates import Aggregates
from idp.usecases.orders import Entries
from idp.usecases.service_providers import ServiceProviders
from idp.usecases.site_metadata import LOOK_AGAIN, SiteMetadata
from idp.usecases.sourced_sites import Member, SourcedSites
from tests.support.builders import NOW
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.sources import (
    FEDERATION,
    NEXT_SIGNER,
    QUERY,
    RULES,
    SINGLE,
    WEEK,
    Followed,
    a_document,
    a_member,
    told,
)

__all__ = ["sqlite_engine", "sqlite_template"]

A, B = "https://a.example", "https://b.example"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def followed(sqlite_engine: Engine) -> Followed:
    made = Followed(sqlite_engine)
    made.add(FEDERATION, QUERY, SINGLE)
    return made


def offer(followed: Followed, source: MetadataSource, *, now_says: str = "new", **document: object) -> None:
    """`A`, saying something new, from whatever kind of source."""
    entity_id = None if source is FEDERATION else A
    followed.offer(source, a_document(a_member(id=A, says=now_says), **document), entity_id=entity_id)  # type: ignore[arg-type]


every_source = pytest.mark.parametrize("source", [FEDERATION, QUERY, SINGLE], ids=lambda source: source.kind)


@every_source
def test_newer_description_of_an_admitted_site_is_taken(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source)
    assert followed.refresh(source)[-1] == (site, "taken")
    assert '"new"' in followed.site(site).registration
    assert followed.site(site).registration_ends_at == NOW + WEEK
    assert followed.events(SiteMetadataTaken) == [
        SiteMetadataTaken(service_provider=site, source=source.name, ends_at=NOW + WEEK, at=NOW)
    ]


@every_source
def test_what_the_operator_decided_stays(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source, tier=Tier.HIGH)
    followed.mark(site, Mark.STARTS_HERE)
    before = followed.site(site)
    offer(followed, source)
    followed.refresh(source)
    after = followed.site(site)
    assert (after.tier, after.circle, after.sector, after.name, after.marks, after.source) == (
        before.tier,
        before.circle,
        before.sector,
        before.name,
        before.marks,
        source.name,
    )


def test_federation_admits_nobody(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A), a_member(id=B)))
    assert followed.refresh(FEDERATION) == ((None, "taken"),)
    assert followed.providers.all() == ()


@every_source
def test_same_description_is_no_news(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source)
    followed.refresh(source)
    assert followed.refresh(source, now=NOW + HOUR)[-1] == (site, "unchanged")
    assert len(followed.events(SiteMetadataTaken, AggregateTaken)) == (2 if source is FEDERATION else 1)


@every_source
def test_same_description_may_be_good_for_longer_without_a_word(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    for days in (0, 1):
        offer(followed, source, ends_at=NOW + WEEK + days * DAY)
        followed.refresh(source)
    assert followed.site(site).registration_ends_at == NOW + WEEK + DAY
    assert len(followed.events(SiteMetadataTaken)) == 1


@every_source
@pytest.mark.parametrize(("around", "within"), [(2, 9), (9, 2)])
def test_registration_ends_with_the_first_of_what_source_and_site_say(
    followed: Followed, source: MetadataSource, around: int, within: int
) -> None:
    site = followed.admit(A, source)
    text = json.dumps({"id": A, "ends_at": (NOW + within * DAY).isoformat()})
    member = EntityDescription(entity_id=A, text=text, names="", ends_at=NOW + around * DAY)
    followed.offer(source, a_document(member), entity_id=None if source is FEDERATION else A)
    followed.refresh(source)
    assert followed.site(site).registration_ends_at == NOW + 2 * DAY


@every_source
@pytest.mark.parametrize(
    "why",
    [WhyRefused.NOT_FETCHED, WhyRefused.UNSIGNED, WhyRefused.WRONGLY_SIGNED, WhyRefused.NOT_METADATA],
)
def test_bad_document_changes_nothing_and_is_told_once(
    followed: Followed, source: MetadataSource, why: WhyRefused
) -> None:
    site = followed.admit(A, source)
    offer(followed, source)
    followed.refresh(source)
    before = followed.site(site)
    followed.offer(source, why, entity_id=None if source is FEDERATION else A)
    for hours in (1, 2):
        assert followed.refresh(source, now=NOW + hours * HOUR)[0][1] == why
    assert followed.site(site) == before
    (event,) = followed.events(AggregateRefused, SiteMetadataRefused)
    assert (event.code, event.at) == (why, NOW + HOUR)  # type: ignore[union-attr]


@every_source
def test_end_of_trouble_is_told(followed: Followed, source: MetadataSource) -> None:
    followed.admit(A, source)
    entity_id = None if source is FEDERATION else A
    offer(followed, source)
    followed.refresh(source)
    followed.offer(source, WhyRefused.NOT_FETCHED, entity_id=entity_id)
    followed.refresh(source)
    offer(followed, source)
    followed.refresh(source, now=NOW + HOUR)
    kind = AggregateTaken if source is FEDERATION else SiteMetadataTaken
    assert [event.at for event in followed.events(kind)] == [NOW, NOW + HOUR]


@every_source
@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"ends_at": None}, WhyRefused.NO_END),
        ({"ends_at": NOW}, WhyRefused.EXPIRED),
        ({"ends_at": NOW + timedelta(days=31)}, WhyRefused.ENDS_TOO_LATE),
        ({"flaw": WhyRefused.WRONGLY_SIGNED}, WhyRefused.WRONGLY_SIGNED),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_document_is_judged_before_it_counts(
    followed: Followed, source: MetadataSource, document: dict[str, object], why: WhyRefused
) -> None:
    site = followed.admit(A, source)
    before = followed.site(site)
    offer(followed, source, **document)
    assert followed.refresh(source)[0][1] == why
    assert followed.site(site) == before
    assert followed.kept_entities() == 0


@every_source
def test_older_publication_is_refused_even_if_it_ends_later(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source, published_at=NOW - HOUR)
    followed.refresh(source)
    offer(followed, source, now_says="old", published_at=NOW - 2 * HOUR, ends_at=NOW + WEEK + DAY)
    assert followed.refresh(source)[0][1] == WhyRefused.ROLLED_BACK
    assert '"new"' in followed.site(site).registration


@every_source
@pytest.mark.parametrize("stated", [(False, False), (True, False), (False, True)])
def test_without_both_publications_the_ends_tell_which_is_older(
    followed: Followed, source: MetadataSource, stated: tuple[bool, bool]
) -> None:
    followed.admit(A, source)
    first, second = (NOW - HOUR if is_stated else None for is_stated in stated)
    offer(followed, source, published_at=first)
    followed.refresh(source)
    offer(followed, source, now_says="old", published_at=second, ends_at=NOW + WEEK - DAY)
    assert followed.refresh(source)[0][1] == WhyRefused.ROLLED_BACK
    offer(followed, source, now_says="newer", published_at=second, ends_at=NOW + WEEK)
    assert followed.refresh(source)[0][1] == "taken"


@every_source
def test_publication_in_the_future_does_not_shut_out_what_comes_later(
    followed: Followed, source: MetadataSource
) -> None:
    followed.admit(A, source)
    offer(followed, source, published_at=NOW + 300 * DAY)
    followed.refresh(source)
    offer(followed, source, now_says="newer", published_at=NOW + HOUR)
    assert followed.refresh(source, now=NOW + HOUR)[-1][1] == "taken"


@every_source
def test_operator_can_take_an_older_document_on_purpose(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source, etag="1")
    followed.refresh(source)
    offer(followed, source, now_says="old", ends_at=NOW + DAY, etag="1")
    assert followed.refresh(source, anew=True)[-1] == (site, "taken")
    assert '"old"' in followed.site(site).registration


@pytest.mark.parametrize(("left", "news"), [(5, "taken"), (4, "shrunken"), (0, "shrunken")])
def test_federation_cannot_lose_more_than_half_at_once(followed: Followed, left: int, news: str) -> None:
    members = [a_member(id=f"https://{n}.example") for n in range(10)]
    followed.offer(FEDERATION, a_document(*members))
    followed.refresh(FEDERATION)
    followed.offer(FEDERATION, a_document(*members[:left]))
    assert followed.refresh(FEDERATION)[0][1] == news
    assert followed.kept_entities() == (left if news == "taken" else 10)


def test_first_document_of_a_federation_cannot_be_empty(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document())
    assert followed.refresh(FEDERATION) == ((None, WhyRefused.SHRUNKEN),)


def test_same_entity_twice_is_refused(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A), a_member(id=A, says="else")))
    assert followed.refresh(FEDERATION) == ((None, WhyRefused.TWICE_THE_SAME),)


def test_site_that_left_its_federation_is_suspended_and_comes_back_by_the_operator(followed: Followed) -> None:
    site = followed.admit(A, FEDERATION)
    followed.offer(FEDERATION, a_document(a_member(id=A), a_member(id=B)))
    followed.refresh(FEDERATION)
    followed.offer(FEDERATION, a_document(a_member(id=B)))
    assert followed.refresh(FEDERATION, now=NOW + HOUR)[-1] == (site, "withdrawn")
    assert followed.site(site).standing is Standing.SUSPENDED
    again = followed.following.refresh(FEDERATION.name, now=NOW + 2 * HOUR)[-1]
    assert (told(again), again.is_new) == ("withdrawn", False)
    assert followed.events(ServiceProviderSuspended) == [
        ServiceProviderSuspended(service_provider=site, why=SuspensionReason.WITHDRAWN, at=NOW + HOUR)
    ]
    followed.offer(FEDERATION, a_document(a_member(id=A, says="again"), a_member(id=B)))
    assert followed.refresh(FEDERATION, now=NOW + 3 * HOUR)[-1] == (site, "taken")
    assert followed.site(site).standing is Standing.SUSPENDED
    followed.providers.resume(site, now=NOW + 3 * HOUR)
    assert followed.site(site).standing is Standing.ACTIVE


def test_bad_document_withdraws_nobody(followed: Followed) -> None:
    site = followed.admit(A, FEDERATION)
    followed.offer(FEDERATION, a_document(a_member(id=B), flaw=WhyRefused.WRONGLY_SIGNED))
    followed.refresh(FEDERATION)
    assert followed.site(site).standing is Standing.ACTIVE


def test_site_that_a_query_service_does_not_know_keeps_what_it_has(followed: Followed) -> None:
    """Nobody has signed that answer."""
    site = followed.admit(A, QUERY)
    followed.offer(QUERY, WhyRefused.NOT_THERE, entity_id=A)
    assert followed.refresh(QUERY) == ((site, WhyRefused.NOT_THERE),)
    assert followed.site(site).standing is Standing.ACTIVE


@every_source
def test_description_that_cannot_be_used_is_refused(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    before = followed.site(site)
    document = a_document(a_member(id=A, faults=["no key"]))
    followed.offer(source, document, entity_id=None if source is FEDERATION else A)
    assert followed.refresh(source)[-1] == (site, WhyRefused.REGISTRATION)
    assert followed.refresh(source)[-1] == (site, WhyRefused.REGISTRATION)
    assert followed.site(site) == before
    assert len(followed.events(SiteMetadataRefused)) == 1


@every_source
@pytest.mark.parametrize("tier", Tier)
def test_site_that_signed_its_requests_cannot_stop_in_silence(
    followed: Followed, source: MetadataSource, tier: Tier
) -> None:
    site = followed.admit(A, source, tier=tier)
    followed.offer(source, a_document(a_member(id=A, unsigned=True)), entity_id=None if source is FEDERATION else A)
    assert followed.refresh(source)[-1] == (site, WhyRefused.LOWERED)
    assert "old" in followed.site(site).registration


def offer_protections(followed: Followed, source: MetadataSource, *protections: str, now_says: str = "new") -> None:
    """`A`, guarded like this from now on."""
    member = a_member(id=A, says=now_says, protections=protections)
    followed.offer(source, a_document(member), entity_id=None if source is FEDERATION else A)


@every_source
@pytest.mark.parametrize("dropped", Protection)
def test_no_protection_is_dropped_in_silence(followed: Followed, source: MetadataSource, dropped: Protection) -> None:
    site = followed.admit(A, source, protections=list(Protection))
    before = followed.site(site)
    offer_protections(followed, source, *(set(Protection) - {dropped}))
    attempt = followed.following.refresh(source.name, now=NOW)[-1]
    assert attempt.trouble is not None
    assert (attempt.trouble.why, attempt.trouble.detail) == (WhyRefused.LOWERED, f"no longer: {dropped}")
    assert followed.site(site) == before
    assert followed.events(SiteMetadataRefused) == [
        SiteMetadataRefused(service_provider=site, source=source.name, code=WhyRefused.LOWERED, at=NOW)
    ]


@every_source
def test_protection_that_came_with_a_newer_description_must_stay_too(
    followed: Followed, source: MetadataSource
) -> None:
    site = followed.admit(A, source)
    offer_protections(followed, source, Protection.ENCRYPTED)
    assert followed.refresh(source)[-1] == (site, "taken")
    offer_protections(followed, source, now_says="newer")
    assert followed.refresh(source)[-1] == (site, WhyRefused.LOWERED)
    offer_protections(followed, source, *Protection, now_says="newest")
    assert followed.refresh(source)[-1] == (site, "taken")


@every_source
def test_operator_accepts_less_protection_by_an_update(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source, protections=list(Protection))
    offer_protections(followed, source)
    followed.refresh(source)
    member = Member(source=source.name, entity_id=None)
    outcome = SourcedSites(sites=followed.providers, sources=followed.sources).update(
        site, member, Entries(), now=NOW, rehearsed=False
    )
    (protections,) = (each for each in outcome.differences if each.what == "protections")
    assert (protections.before, protections.after) == (", ".join(sorted(Protection)), "")
    assert followed.refresh(source)[-1] == (site, "unchanged")


@every_source
def test_registration_that_is_refused_today_protects_nobody_and_may_be_replaced(
    followed: Followed, source: MetadataSource
) -> None:
    site = followed.admit(A, source, protections=list(Protection))
    with followed.work.writing() as stores:
        unusable = replace(followed.site(site), registration=a_member(id=A, faults=["no key"]).text)
        stores.service_providers.save(unusable)
    offer_protections(followed, source)
    assert followed.refresh(source)[-1] == (site, "taken")


@every_source
def test_site_that_begins_to_sign_its_requests_must_go_on(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source, unsigned=True)
    assert followed.site(site).marks == {Mark.UNSIGNED_REQUESTS}
    offer(followed, source)
    followed.refresh(source)
    assert followed.site(site).marks == frozenset()


@every_source
def test_refused_description_is_looked_at_again_once_the_operator_has_decided(
    followed: Followed, source: MetadataSource
) -> None:
    """Although the document is the same, and the source says so."""
    site = followed.admit(A, source)
    document = a_document(a_member(id=A, unsigned=True), etag="1")
    followed.offer(source, document, entity_id=None if source is FEDERATION else A)
    followed.refresh(source)
    with followed.work.writing() as stores:
        stores.service_providers.save(replace(followed.site(site), marks=frozenset({Mark.UNSIGNED_REQUESTS})))
    assert followed.refresh(source)[-1] == (site, "taken")


@every_source
def test_entity_of_its_own_that_is_over_is_refused(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    document = a_document(a_member(id=A, ends_at=NOW))
    followed.offer(source, document, entity_id=None if source is FEDERATION else A)
    assert followed.refresh(source)[-1] == (site, WhyRefused.EXPIRED)


@pytest.mark.parametrize("source", [QUERY, SINGLE], ids=lambda source: source.kind)
@pytest.mark.parametrize("members", [(), (a_member(id=B),), (a_member(id=A), a_member(id=A))], ids=len)
def test_document_must_be_about_the_site_and_once(
    followed: Followed, source: MetadataSource, members: tuple[object, ...]
) -> None:
    site = followed.admit(A, source)
    followed.offer(source, a_document(*members), entity_id=A)  # type: ignore[arg-type]
    assert followed.refresh(source) == ((site, WhyRefused.WRONG_ENTITY),)


def test_text_that_is_about_another_site_is_refused(followed: Followed) -> None:
    """Whatever the name is that it goes by."""
    site = followed.admit(A, FEDERATION)
    member = a_member(id=A)
    other = type(member)(entity_id=A, text=a_member(id=B).text, names="", ends_at=None)
    followed.offer(FEDERATION, a_document(other))
    assert followed.refresh(FEDERATION)[-1] == (site, WhyRefused.WRONG_ENTITY)


@every_source
def test_unchanged_answer_is_believed_until_the_end(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source, etag="1")
    followed.refresh(source)
    assert followed.refresh(source, now=NOW + DAY)[-1] == (site, "unchanged")
    assert followed.fake.asked[-1][2] == "1"
    assert followed.refresh(source, now=NOW + WEEK)[0][1] == WhyRefused.EXPIRED


def test_removed_site_is_left_alone(followed: Followed) -> None:
    site = followed.admit(A, FEDERATION)
    followed.providers.remove(site, now=NOW)
    offer(followed, FEDERATION)
    assert followed.refresh(FEDERATION) == ((None, "taken"),)


def test_suspended_site_stays_suspended_and_current(followed: Followed) -> None:
    site = followed.admit(A, QUERY)
    followed.providers.suspend(site, SuspensionReason.INCIDENT, now=NOW)
    offer(followed, QUERY)
    assert followed.refresh(QUERY) == ((site, "taken"),)
    assert followed.site(site).standing is Standing.SUSPENDED


# The worker's turns


def turns(followed: Followed, *, now: object = NOW) -> list[str]:
    """What is done until nothing is due, by the names of sources."""
    done: list[str] = []
    for _ in range(20):
        turn = followed.following.refresh_next(now=now)  # type: ignore[arg-type]
        if not turn.attempts:
            return done
        done += [f"{attempt.source} {told(attempt)}" for attempt in turn.attempts]
    pytest.fail("the worker never comes to an end")


def test_everything_is_asked_for_once_and_again_when_it_is_due(followed: Followed) -> None:
    followed.admit(A, QUERY)
    followed.admit(B, SINGLE)
    offer(followed, QUERY)
    followed.offer(SINGLE, a_document(a_member(id=B)), entity_id=B)
    followed.offer(FEDERATION, a_document(a_member(id=A)))
    assert sorted(turns(followed)) == ["federation taken", "mdq taken", "single taken"]
    assert turns(followed, now=NOW + HOUR - timedelta(seconds=1)) == []
    assert len(turns(followed, now=NOW + HOUR)) == 3


def test_worker_looks_for_new_sources_once_a_minute(followed: Followed) -> None:
    followed.sources.remove(FEDERATION.name, now=NOW)
    turn = followed.following.refresh_next(now=NOW)
    assert (turn.attempts, turn.pause) == ((), LOOK_AGAIN)


def test_worker_waits_for_what_is_due_next(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A)))
    followed.refresh(FEDERATION)
    turn = followed.following.refresh_next(now=NOW + HOUR - timedelta(seconds=7))
    assert turn.pause == timedelta(seconds=7)


def test_members_get_their_turn_soon_if_the_worker_dies_before_them(followed: Followed) -> None:
    followed.admit(A, FEDERATION)
    followed.offer(FEDERATION, a_document(a_member(id=A)))
    nobody_reads = ServiceProviders(work=followed.work, readers={})
    dying = SiteMetadata(sites=nobody_reads, aggregates=followed.following.aggregates)
    with pytest.raises(KeyError):
        dying.refresh(FEDERATION.name, now=NOW)
    published = followed.reading(FEDERATION)
    assert published is not None
    assert (published.good is not None, published.due_at) == (True, NOW + RULES.retry)
    followed.refresh(FEDERATION)
    done = followed.reading(FEDERATION)
    assert done is not None
    assert done.due_at == NOW + HOUR


def test_pause_of_a_clock_that_was_wrong_does_not_last(followed: Followed) -> None:
    followed.offer(FEDERATION, WhyRefused.NOT_FETCHED)
    assert turns(followed, now=NOW + timedelta(days=3650)) == ["federation not_fetched"]
    followed.offer(FEDERATION, a_document(a_member(id=A)))
    assert turns(followed, now=NOW) == ["federation taken"]


def test_trouble_is_tried_again_after_a_while_and_keeps_nobody_waiting(followed: Followed) -> None:
    followed.admit(A, QUERY)
    followed.offer(FEDERATION, WhyRefused.NOT_FETCHED)
    offer(followed, QUERY)
    assert sorted(turns(followed)) == ["federation not_fetched", "mdq taken"]
    assert turns(followed, now=NOW + RULES.retry) == ["federation not_fetched"]


def test_trouble_of_our_own_keeps_nobody_waiting(followed: Followed) -> None:
    followed.admit(A, QUERY)
    offer(followed, QUERY)
    with pytest.raises(KeyError):
        followed.following.refresh_next(now=NOW)  # the federation has no answer at all
    assert turns(followed) == ["mdq taken"]


@pytest.mark.parametrize(
    ("cache_for", "pause"),
    [
        (timedelta(minutes=20), timedelta(minutes=20)),
        (timedelta(seconds=1), RULES.retry),
        (timedelta(days=9), RULES.refresh),
        (None, RULES.refresh),
    ],
)
def test_source_may_wish_to_be_asked_sooner_but_not_at_once(
    followed: Followed, cache_for: timedelta | None, pause: timedelta
) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A), cache_for=cache_for))
    followed.refresh(FEDERATION)
    reading = followed.reading(FEDERATION)
    assert reading is not None
    assert reading.due_at == NOW + pause


def test_short_lived_document_is_asked_for_again_in_the_middle_of_its_life(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A), ends_at=NOW + timedelta(minutes=40)))
    followed.refresh(FEDERATION)
    reading = followed.reading(FEDERATION)
    assert reading is not None
    assert reading.due_at == NOW + timedelta(minutes=20)


# Looking up a site that is to be admitted


def test_aggregate_is_looked_up_as_it_was_read_last(followed: Followed) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=A), a_member(id=B)))
    followed.refresh(FEDERATION)
    asked = len(followed.fake.asked)
    found = followed.sources.look_up(FEDERATION, B, now=NOW).entity
    assert (found.entity_id, found.ends_at) == (B, NOW + WEEK)
    assert len(followed.fake.asked) == asked


@pytest.mark.parametrize(
    ("entity_id", "now", "why"),
    [
        ("https://c.example", NOW, WhyRefused.NOT_THERE),
        (None, NOW, WhyRefused.NOT_THERE),
        (B, NOW + WEEK, WhyRefused.EXPIRED),
    ],
)
def test_aggregate_does_not_know_everybody_for_ever(
    followed: Followed, entity_id: str | None, now: object, why: WhyRefused
) -> None:
    followed.offer(FEDERATION, a_document(a_member(id=B)))
    followed.refresh(FEDERATION)
    with pytest.raises(MetadataRefused) as refused:
        followed.sources.look_up(FEDERATION, entity_id, now=now)  # type: ignore[arg-type]
    assert refused.value.why is why


def test_other_sources_are_asked_now_and_nothing_is_kept(followed: Followed) -> None:
    followed.offer(QUERY, a_document(a_member(id=A)), entity_id=A)
    assert followed.sources.look_up(QUERY, A, now=NOW).entity.entity_id == A
    assert followed.reading(QUERY, A) is None


def test_source_of_one_entity_says_its_name_itself(followed: Followed) -> None:
    followed.offer(SINGLE, a_document(a_member(id=A)))
    assert followed.sources.look_up(SINGLE, None, now=NOW).entity.entity_id == A


CHANGES = {"signers": {"signers": (NEXT_SIGNER,)}, "address": {"url": "https://new.example/"}}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@every_source
def test_reading_under_way_comes_to_nothing_when_its_source_is_changed(
    followed: Followed, source: MetadataSource, change: dict[str, str]
) -> None:
    """It may be from an address or a signer that the operator trusts no more."""
    site = followed.admit(A, source)
    later = NOW + timedelta(minutes=2)
    offer(followed, source)
    followed.fake.meanwhile = (lambda: followed.sources.add(replace(source, **change), now=later), lambda: None)  # type: ignore[arg-type]
    assert followed.refresh(source)[-1][1] == WhyRefused.OVERTAKEN
    assert '"new"' not in followed.site(site).registration
    entity_id = None if source is FEDERATION else A
    reading = followed.reading(source, entity_id)
    assert reading is None or reading.due_at == later


@every_source
def test_new_signers_are_not_held_to_what_the_old_ones_published(followed: Followed, source: MetadataSource) -> None:
    site = followed.admit(A, source)
    offer(followed, source, now_says="stolen", published_at=NOW)
    followed.refresh(source)
    followed.sources.add(replace(source, signers=(NEXT_SIGNER,)), now=NOW)
    offer(followed, source, now_says="honest", published_at=NOW - HOUR)
    followed.refresh(source, now=NOW + HOUR)
    assert '"honest"' in followed.site(site).registration


def test_nobody_is_withdrawn_when_the_signers_change_between_the_whole_and_its_members(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = followed.admit(A, FEDERATION)
    offer(followed, FEDERATION)
    refresh = Aggregates.refresh

    def then_change(self: Aggregates, *of: MetadataSource, **more: object) -> object:
        new = refresh(self, *of, **more)  # type: ignore[call-arg, arg-type]
        followed.sources.add(replace(FEDERATION, signers=(NEXT_SIGNER,)), now=NOW)
        return new

    monkeypatch.setattr(Aggregates, "refresh", then_change)
    assert followed.refresh(FEDERATION)[-1] == (site, WhyRefused.OVERTAKEN)
    assert followed.site(site).standing is Standing.ACTIVE
