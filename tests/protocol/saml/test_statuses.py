"""SAML core 3.2.2: what the site is told when the login was begun rightly and came to nothing, once, and audited."""

import logging

import pytest

from idp.domain.events import LoginRefused
from tests.support.browser import Browser, Page
from tests.support.house import Card, SampleHouse
from tests.support.saml import SUBJECT

NOBODY = f"<saml:Subject><saml:NameID>{SUBJECT}</saml:NameID></saml:Subject>"
LASTING = '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"/>'
NO_NEW_ONE = LASTING.replace("/>", ' AllowCreate="false"/>')
WISHES = [(NOBODY, "UnknownPrincipal", "release.citizen"), (NO_NEW_ONE, "InvalidNameIDPolicy", "release.identifier")]


def with_card(house: SampleHouse, browser: Browser, card: Card, inside: str) -> Page:
    """The whole way to a site that has this wish."""
    page = house.present(card, browser, browser.open(house.ministry.address(inside=inside, relay_state="form-7")))
    return browser.press(page, "/enrolment/", agree="yes") if page.path.startswith("/enrolment/") else page


def refusals(house: SampleHouse) -> list[str]:
    return [event.code for event in house.events() if isinstance(event, LoginRefused)]


@pytest.mark.parametrize(("inside", "status", "code"), WISHES)
def test_wish_that_the_citizen_of_the_card_cannot_fulfil_is_told_after_the_card(
    house: SampleHouse, inside: str, status: str, code: str
) -> None:
    page = with_card(house, house.browser(), house.card(), inside)
    answer = house.ministry.read(page)
    assert (answer.status, answer.relay_state, answer.name_id) == (status, "form-7", "")
    assert page.heading == house.heading(code)
    assert refusals(house) == [code]


@pytest.mark.parametrize(("inside", "status", "code"), WISHES)
def test_login_that_was_refused_so_cannot_be_used_again(
    house: SampleHouse, inside: str, status: str, code: str
) -> None:
    browser = house.browser()
    page = with_card(house, browser, house.card(), inside)
    assert house.ministry.read(page).status == status
    assert browser.open(page.address).heading == house.heading("request.used")
    assert refusals(house) == [code]


@pytest.mark.parametrize(("inside", "status"), [(NOBODY, "UnknownPrincipal")])
def test_open_session_of_somebody_else_is_told_at_once(house: SampleHouse, inside: str, status: str) -> None:
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    assert house.ministry.read(browser.open(house.ministry.address(inside=inside))).status == status


def test_citizen_whom_the_site_names_is_let_in(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    name_id = house.ministry.read(house.log_in(browser, house.ministry, card)).name_id
    named = f"<saml:Subject><saml:NameID>{name_id}</saml:NameID></saml:Subject>{NO_NEW_ONE}"
    assert house.ministry.read(browser.open(house.ministry.address(inside=named))).name_id == name_id
    assert house.ministry.read(with_card(house, house.browser(), card, named)).name_id == name_id


def test_policy_that_is_silent_about_new_identifiers_gets_one(house: SampleHouse) -> None:
    answer = house.ministry.read(with_card(house, house.browser(), house.card(), LASTING))
    assert (answer.status, answer.name_id == "") == ("Success", False)


def test_transient_identifier_creates_nothing(house: SampleHouse) -> None:
    transient = '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"/>'
    browser = house.browser()
    page = with_card(house, browser, house.card(), transient)
    assert house.ministry.read(page).status == "Success"
    assert house.ministry.read(browser.open(house.ministry.address(inside=NO_NEW_ONE))).status == "InvalidNameIDPolicy"


def test_what_the_site_is_not_told_stands_in_our_log(house: SampleHouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "idp.refusals")
    confirmed = NOBODY.replace("</saml:Subject>", '<saml:SubjectConfirmation Method="urn:x"/></saml:Subject>')
    page = house.browser().open(house.ministry.address(inside=confirmed))
    assert house.ministry.read(page).status == "RequestUnsupported"
    assert "Subject has a SubjectConfirmation" in caplog.text
