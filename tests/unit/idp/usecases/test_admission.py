from dataclasses import replace
from datetime import timedelta

import pytest

from idp.domain.metadata_source import MetadataSourceName
from idp.domain.registration import Remark
from idp.domain.service_provider import (
    FederationProtocol,
    Mark,
    Sector,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Standing,
    Tier,
    TrustCircle,
)
from idp.usecases.admission import Draft, SiteRefused, draft
from idp.usecases.admission_checks import ENDS_SOON, Neighbours, sector_faults
from idp.usecases.orders import Description, Entries, Entry, Order
from tests.support.builders import NOW, a_sector
from tests.support.onboarding import ENTITY, EVERYTHING, READERS, FakeReader, a_description, an_order


def drafted(order: Order, *others: ServiceProvider, old: ServiceProvider | None = None) -> Draft:
    neighbours = Neighbours(sites=others, sectors={SectorCode("tax"), SectorCode("shop")})
    return draft(order, old, neighbours, READERS, now=NOW)


def faults_of(order: Order, *others: ServiceProvider, old: ServiceProvider | None = None) -> tuple[Remark, ...]:
    with pytest.raises(SiteRefused) as refused:
        drafted(order, *others, old=old)
    return refused.value.faults


def places_of(order: Order, *others: ServiceProvider, old: ServiceProvider | None = None) -> list[str]:
    return [fault.place for fault in faults_of(order, *others, old=old)]


def a_site(**changes: object) -> ServiceProvider:
    return replace(drafted(an_order()).site, **changes)


def test_site_that_says_nothing_is_as_the_operator_says() -> None:
    site = drafted(an_order()).site
    assert (site.protocol_id, site.sector, site.home_url) == (ENTITY, "tax", "https://ministry.example/")
    assert (site.name.ja, site.name.en) == ("見本省", "Sample Ministry")
    assert (site.operator.ja, site.operator.en) == ("見本省本省", "Sample Ministry Proper")


def test_defaults_are_careful() -> None:
    """A session opened elsewhere serves nobody who did not ask to share it."""
    site = drafted(an_order()).site
    assert (site.tier, site.circle, site.marks, site.standing) == (Tier.STANDARD, site.id, frozenset(), Standing.ACTIVE)
    assert (site.source, site.registration_ends_at) == (None, None)


def test_what_the_site_says_of_itself_need_not_be_said_again() -> None:
    order = an_order(
        Entries(sector=SectorCode("tax")), name="Ministry", operator="State", home_url="https://go.example/"
    )
    site = drafted(order).site
    assert (site.name.en, site.operator.ja, site.home_url) == ("Ministry", "State（日本語）", "https://go.example/")


def test_operators_words_go_before_the_sites_own() -> None:
    site = drafted(an_order(name="Ministry", operator="State", home_url="https://go.example/")).site
    assert (site.name.en, site.operator.ja, site.home_url) == (
        "Sample Ministry",
        "見本省本省",
        "https://ministry.example/",
    )


@pytest.mark.parametrize(
    ("said", "site_id"),
    [
        ("https://sp.example.go.jp/shibboleth", "sp.example.go.jp"),
        ("https://SP.example.go.jp:8443/", "sp.example.go.jp"),
        ("urn:mace:見本:sp", "urn-mace-sp"),
        ("shop", "shop"),
        (f"https://{'long.' * 20}example/", "long.long.long.long.long.long.long.long.long.long.long.l"),
    ],
)
def test_site_is_named_for_its_host(said: str, site_id: str) -> None:
    assert drafted(an_order(id=said)).site.id == site_id


def test_name_that_is_taken_gets_a_number() -> None:
    taken = [
        a_site(id=ServiceProviderId(name), protocol_id=name) for name in ("ministry.example", "ministry.example-2")
    ]
    assert drafted(an_order(), *taken).site.id == "ministry.example-3"


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert places_of(an_order(Entries())) == [
        Entry.SECTOR,
        Entry.NAME_JA,
        Entry.NAME_EN,
        Entry.OPERATOR_JA,
        Entry.OPERATOR_EN,
        Entry.HOME_URL,
    ]


def test_faults_of_the_description_stand_beside_those_of_the_operator() -> None:
    entries = replace(EVERYTHING, sector=SectorCode("unheard-of"), home_url="javascript:alert(1)")
    faults = faults_of(an_order(entries, faults=["is too short", "cannot be read"]))
    assert [str(fault) for fault in faults[:2]] == [
        "line 7, md:KeyDescriptor: is too short",
        "line 7, md:KeyDescriptor: cannot be read",
    ]
    assert [fault.place for fault in faults[2:]] == [Entry.SECTOR, Entry.HOME_URL]


def test_what_an_unreadable_description_might_have_said_is_not_called_missing() -> None:
    assert places_of(an_order(Entries(sector=SectorCode("tax")), faults=["is too short"])) == [
        "line 7, md:KeyDescriptor"
    ]


def test_unknown_sector_is_told_with_the_known_ones() -> None:
    (fault,) = faults_of(an_order(replace(EVERYTHING, sector=SectorCode("taxes"))))
    assert fault == Remark(place=Entry.SECTOR, words="there is no sector taxes; known are: shop, tax")


@pytest.mark.parametrize("text", ["x" * 65, "a b", "見本", "-a", "../a", "a/b", ".", "\u202ea"])
def test_id_that_could_not_stand_everywhere_is_refused(text: str) -> None:
    entries = replace(EVERYTHING, id=ServiceProviderId(text), circle=TrustCircle("c"))
    assert places_of(an_order(entries)) == [Entry.ID]


@pytest.mark.parametrize("standing", Standing)
def test_id_of_another_site_is_refused_even_of_one_that_is_gone(standing: Standing) -> None:
    other = a_site(id=ServiceProviderId("ministry"), protocol_id="https://other.example", standing=standing)
    assert places_of(an_order(replace(EVERYTHING, id=ServiceProviderId("ministry"))), other) == [Entry.ID]


def test_entity_that_is_registered_already_is_named_with_its_id() -> None:
    (fault,) = faults_of(an_order(), a_site(id=ServiceProviderId("first")))
    assert fault == Remark(place=Entry.ENTITY, words=f"{ENTITY} is registered already, as first")


def test_same_text_may_be_an_entity_id_and_a_client_id() -> None:
    client = a_site(id=ServiceProviderId("first"), protocol=FederationProtocol.OIDC)
    assert drafted(an_order(), client).site.protocol is FederationProtocol.SAML


@pytest.mark.parametrize("entry", ["name_ja", "name_en", "operator_ja", "operator_en"])
@pytest.mark.parametrize("text", ["x" * 201, "two\nlines", "\u202eexample", "\x1b[2J"])
def test_name_that_could_disturb_a_page_is_refused(entry: str, text: str) -> None:
    assert places_of(an_order(replace(EVERYTHING, **{entry: text}))) == [entry.replace("_", ".")]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//ministry.example/",
        "https:///",
        "https://user@ministry.example/",
        "https://ministry.example/ x",
        "https://見本.example/",
        "https://[::1",
        "https://ministry.example:0/",
        "https://ministry.example/" + "x" * 1024,
    ],
)
def test_home_page_must_be_a_web_address(url: str) -> None:
    assert places_of(an_order(replace(EVERYTHING, home_url=url))) == [Entry.HOME_URL]


def test_circle_has_its_bounds() -> None:
    assert places_of(an_order(replace(EVERYTHING, circle=TrustCircle("x" * 65)))) == [Entry.CIRCLE]


def test_site_that_does_not_sign_is_marked_and_admitted_to_the_standard_tier() -> None:
    assert drafted(an_order(unsigned=True)).site.marks == {Mark.UNSIGNED_REQUESTS}


def test_site_that_does_not_sign_is_kept_out_of_the_high_tier() -> None:
    assert places_of(an_order(replace(EVERYTHING, tier=Tier.HIGH), unsigned=True)) == [Entry.TIER]


def test_site_of_the_high_tier_cannot_stop_signing() -> None:
    old = a_site(tier=Tier.HIGH)
    assert places_of(an_order(Entries(), unsigned=True), old, old=old) == [Entry.TIER]


def test_mark_goes_when_the_site_begins_to_sign() -> None:
    old = drafted(an_order(unsigned=True)).site
    assert drafted(an_order(Entries()), old, old=old).site.marks == frozenset()


def test_reader_is_told_the_operators_marks_and_no_others() -> None:
    reader = FakeReader()
    old = a_site(marks=frozenset({Mark.UNSIGNED_REQUESTS, Mark.STARTS_HERE}))
    neighbours = Neighbours(sites=[old], sectors={SectorCode("tax")})
    order = an_order(Entries(unsafe_cbc=True))
    changed = draft(order, old, neighbours, {FederationProtocol.SAML: reader}, now=NOW).site
    assert reader.asked == [{Mark.UNSAFE_CBC, Mark.STARTS_HERE}]
    assert changed.marks == {Mark.UNSAFE_CBC, Mark.STARTS_HERE}


def test_mark_of_the_operator_stays_until_it_is_taken_away() -> None:
    old = a_site(marks=frozenset({Mark.UNSAFE_CBC, Mark.STARTS_HERE}))
    site = drafted(an_order(Entries(unsafe_cbc=False)), old, old=old).site
    assert site.marks == {Mark.STARTS_HERE}


def test_description_that_is_over_is_refused() -> None:
    assert places_of(an_order(ends_at=NOW.isoformat())) == [Entry.DESCRIPTION]


@pytest.mark.parametrize(("left", "is_warned"), [(ENDS_SOON - timedelta(seconds=1), True), (ENDS_SOON, False)])
def test_description_that_ends_soon_is_warned_about(left: timedelta, *, is_warned: bool) -> None:
    warnings = drafted(an_order(ends_at=(NOW + left).isoformat())).warnings
    assert [warning.place for warning in warnings] == [Entry.DESCRIPTION] * is_warned


def test_earlier_end_counts_the_sites_or_its_sources() -> None:
    day = timedelta(days=30)
    for own, of_source in ((NOW + day, NOW + 2 * day), (NOW + 2 * day, NOW + day)):
        text = a_description(ends_at=own.isoformat()).text
        description = Description(
            protocol=FederationProtocol.SAML,
            text=text,
            source=MetadataSourceName("federation"),
            source_ends_at=of_source,
        )
        site = drafted(Order(description=description, entries=EVERYTHING)).site
        assert (site.registration_ends_at, site.source) == (NOW + day, "federation")


def test_change_without_a_description_keeps_it_with_its_source_and_end() -> None:
    end = NOW + timedelta(days=30)
    old = a_site(source=MetadataSourceName("federation"), registration_ends_at=end)
    site = drafted(Order(description=None, entries=Entries(name_en="New name")), old, old=old).site
    assert site == replace(old, name=replace(old.name, en="New name"))


def test_description_that_the_operator_brings_ends_the_tie_to_a_source() -> None:
    old = a_site(source=MetadataSourceName("federation"))
    assert drafted(an_order(Entries()), old, old=old).site.source is None


def test_update_keeps_what_is_not_named() -> None:
    old = a_site(tier=Tier.HIGH, circle=TrustCircle("government"), standing=Standing.SUSPENDED)
    site = drafted(an_order(Entries(), name="Other", keys=["b"]), old, old=old).site
    assert site == replace(old, registration=site.registration)


def test_site_keeps_its_name_in_its_protocol() -> None:
    old = a_site()
    assert places_of(an_order(Entries(), id="https://other.example"), old, old=old) == [Entry.DESCRIPTION]


def test_site_keeps_its_protocol() -> None:
    old = a_site()
    order = Order(description=a_description(FederationProtocol.OIDC), entries=Entries())
    assert places_of(order, old, old=old) == [Entry.DESCRIPTION]


def test_another_sector_is_warned_about() -> None:
    old = a_site()
    order = Order(description=None, entries=Entries(sector=SectorCode("shop")))
    assert [warning.place for warning in drafted(order, old, old=old).warnings] == [Entry.SECTOR]


def test_client_id_is_told_by_the_operator_where_the_description_does_not() -> None:
    entries = replace(EVERYTHING, client_id="shop-client")
    assert drafted(an_order(entries, id="")).site.protocol_id == "shop-client"


def test_client_id_must_come_from_somewhere() -> None:
    assert Entry.CLIENT_ID in places_of(an_order(id=""))


def test_client_id_cannot_contradict_the_description() -> None:
    assert places_of(an_order(replace(EVERYTHING, client_id="other"), id="shop")) == [Entry.CLIENT_ID]


def test_new_site_needs_a_description() -> None:
    with pytest.raises(SiteRefused, match="needs its description"):
        drafted(Order(description=None, entries=EVERYTHING))


def test_warnings_of_the_description_are_told() -> None:
    assert [warning.words for warning in drafted(an_order(warnings=["has no key"])).warnings] == ["has no key"]


@pytest.mark.parametrize("url", ["http://ministry.example/", "HTTP://ministry.example/"])
def test_home_page_that_others_can_change_is_warned_about(url: str) -> None:
    (warning,) = drafted(an_order(replace(EVERYTHING, home_url=url))).warnings
    assert warning.place == Entry.HOME_URL
    assert drafted(an_order(home_url=url)).warnings == ()


@pytest.mark.parametrize(("left", "tense"), [(timedelta(days=-120), "ended"), (timedelta(days=13), "ends")])
def test_certificate_that_is_or_will_soon_be_over_is_warned_about(left: timedelta, tense: str) -> None:
    (warning,) = drafted(an_order(keys_end_at=(NOW + left).isoformat())).warnings
    assert warning.place == f"signing key {'a' * 16}"
    assert warning.words.startswith(f"its certificate {tense} on ")


def test_good_sector_has_no_faults() -> None:
    assert list(sector_faults(a_sector())) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"code": "two words"}, Entry.SECTOR),
        ({"code": ""}, Entry.SECTOR),
        ({"owner": ""}, Entry.OWNER),
        ({"purpose": "two\nlines"}, Entry.PURPOSE),
        ({"legal_basis": "x" * 201}, Entry.LEGAL_BASIS),
    ],
)
def test_sector_must_be_described(changes: dict[str, str], place: Entry) -> None:
    sector: Sector = replace(a_sector(), **changes)  # type: ignore[arg-type]
    assert [fault.place for fault in sector_faults(sector)] == [place]
