"""SAML requests that were captured and come again: in the same way, in another way, or with another content."""

from datetime import timedelta

import pytest

from tests.support.house import SampleHouse, register_sites
from tests.support.saml import RETURN_URL, SETTINGS, SSO_URL, TestSite, an_rsa_signer
from tests.support.saml_door import OTHER_ID, other_sites

ELSEWHERE = "https://ministry.example"


def used(house: SampleHouse) -> str:
    return house.heading("request.used")


@pytest.mark.parametrize("passive", [True, False])
def test_replayed_request_is_refused(house: SampleHouse, passive: bool) -> None:  # noqa: FBT001 (pytest)
    """Whether it was answered at once or began a login, and in whosever browser it comes again."""
    address = house.ministry.address(passive=passive)
    first = house.browser().open(address)
    assert first.path.startswith("/login/") or house.ministry.got_answer(first)
    assert house.browser().open(address).heading == used(house)


def test_replayed_request_is_not_answered_from_an_open_session(house: SampleHouse) -> None:
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    address = house.ministry.address()
    assert house.ministry.read(browser.open(address)).status == "Success"
    again = browser.open(address)
    assert (again.heading, house.ministry.got_answer(again)) == (used(house), False)


def test_replayed_id_is_refused_in_another_message_too(house: SampleHouse) -> None:
    house.browser().open(house.ministry.address(request_id="_once"))
    other = house.ministry.address(request_id="_once", forced=True, relay_state="other")
    assert house.browser().open(other).heading == used(house)


def test_replay_by_the_other_binding_is_refused(house: SampleHouse) -> None:
    house.browser().open(house.ministry.address(request_id="_once"))
    fields = house.ministry.fields(request_id="_once")
    assert house.browser().send(SSO_URL, fields, origin=ELSEWHERE).heading == used(house)


def test_request_that_was_refused_to_the_site_is_not_told_twice(house: SampleHouse) -> None:
    address = house.ministry.address(inside='<samlp:NameIDPolicy Format="urn:x"/>')
    assert house.ministry.read(house.browser().open(address)).status == "InvalidNameIDPolicy"
    assert house.browser().open(address).heading == used(house)


def test_replay_is_refused_until_the_request_is_too_old(house: SampleHouse) -> None:
    fields = house.ministry.fields(IssueInstant=f"{house.clock() + SETTINGS.skew:%Y-%m-%dT%H:%M:%SZ}")
    assert house.browser().send(SSO_URL, fields, origin=ELSEWHERE).path.startswith("/login/")
    house.clock.move(SETTINGS.request_max_age + 2 * SETTINGS.skew - timedelta(seconds=1))
    assert house.browser().send(SSO_URL, fields, origin=ELSEWHERE).heading == used(house)
    house.clock.move(timedelta(seconds=2))
    assert house.browser().send(SSO_URL, fields, origin=ELSEWHERE).heading == house.heading("request.invalid")


def test_other_site_may_use_the_same_id(house: SampleHouse) -> None:
    """Or a site could keep the visitors of another away."""
    register_sites(house.services.releases.work, *other_sites())
    house.clock.move(timedelta(seconds=1))
    other = TestSite(entity_id=OTHER_ID, signer=an_rsa_signer("other"))
    request = other.request(ID="_once", issued_at=house.clock(), AssertionConsumerServiceURL=RETURN_URL)
    assert house.browser().open(f"{SSO_URL}?{other.redirect(request).decode()}").path.startswith("/login/")
    assert house.browser().open(house.ministry.address(request_id="_once")).path.startswith("/login/")
