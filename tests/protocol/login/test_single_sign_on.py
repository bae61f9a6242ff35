"""When a session serves another site, and when the citizen is asked for the card again."""

from datetime import timedelta
from html import unescape

import pytest

from idp.domain.events import SessionEnded, SessionOpened
from tests.support.browser import Browser
from tests.support.house import AGENT, ISSUER, Card, SampleHouse, is_logged_in


@pytest.fixture
def browser(house: SampleHouse) -> Browser:
    return house.browser()


@pytest.fixture
def card(house: SampleHouse, browser: Browser) -> Card:
    """The card with which `browser` has logged in at the ministry."""
    card = house.card()
    house.log_in(browser, house.ministry, card)
    return card


@pytest.mark.usefixtures("card")
def test_second_site_of_the_circle_is_answered_without_a_page(house: SampleHouse, browser: Browser) -> None:
    page = browser.open(house.shop.address())
    assert "code" in house.shop.read(page)
    assert len([event for event in house.events() if isinstance(event, SessionOpened)]) == 1


@pytest.mark.usefixtures("card")
def test_saml_site_of_the_circle_is_answered_with_a_hand_over_page(house: SampleHouse, browser: Browser) -> None:
    page = browser.open(house.ministry.address())
    assert house.ministry.read(page).status == "Success"
    assert page.heading == house.heading("login.handover")


def test_passive_request_without_a_session_is_refused_to_the_site(house: SampleHouse, browser: Browser) -> None:
    assert house.shop.read(browser.open(house.shop.address(prompt="none"))) == {
        "error": "login_required",
        "state": "a state",
        "iss": ISSUER,
    }
    assert house.ministry.read(browser.open(house.ministry.address(passive=True))).status == "NoPassive"


@pytest.mark.usefixtures("card")
def test_passive_request_is_served_from_the_session(house: SampleHouse, browser: Browser) -> None:
    assert "code" in house.shop.read(browser.open(house.shop.address(prompt="none")))
    assert house.ministry.read(browser.open(house.ministry.address(passive=True))).status == "Success"


@pytest.mark.usefixtures("card")
def test_passive_request_that_the_session_may_not_serve_is_refused(house: SampleHouse, browser: Browser) -> None:
    assert house.clinic.read(browser.open(house.clinic.address(prompt="none")))["error"] == "login_required"
    house.clock.move(timedelta(seconds=1))
    passive_and_forced = house.ministry.address(passive=True, forced=True)
    assert house.ministry.read(browser.open(passive_and_forced)).status == "NoPassive"


def test_forced_login_asks_for_the_card_although_a_session_is_open(
    house: SampleHouse, browser: Browser, card: Card
) -> None:
    sites = ((house.shop, house.shop.address(prompt="login")), (house.ministry, house.ministry.address(forced=True)))
    for site, address in sites:
        house.clock.move(timedelta(seconds=30))
        page = browser.open(address)
        assert page.form(AGENT)
        house.clock.move(timedelta(seconds=30))
        assert site.got_answer(house.present(card, browser, page))


@pytest.mark.usefixtures("card")
def test_forced_login_says_how_old_the_other_login_is(house: SampleHouse, browser: Browser) -> None:
    house.clock.move(timedelta(minutes=7))
    page = browser.open(house.ministry.address(forced=True))
    assert house.heading("stepup.fresh", site="Sample ministry", minutes=7, n=7) in page.text


def test_forced_login_states_the_new_time(house: SampleHouse, browser: Browser, card: Card) -> None:
    house.clock.move(timedelta(minutes=7))
    page = house.log_in(browser, house.shop, card, house.shop.address(prompt="login"))
    assert house.shop.claims(page)["auth_time"] == int(house.clock().timestamp())


@pytest.mark.parametrize(("age", "asks_again"), [(600, False), (601, True)])
def test_max_age_is_the_age_of_the_card_login(
    house: SampleHouse, browser: Browser, card: Card, *, age: int, asks_again: bool
) -> None:
    house.clock.move(timedelta(seconds=age))
    page = browser.open(house.shop.address(max_age="600"))
    assert page.path.startswith("/login/") == asks_again
    if asks_again:
        page = house.present(card, browser, page)
    assert house.shop.got_answer(page)


def test_max_age_of_zero_is_met_by_the_card_read_for_it(house: SampleHouse, browser: Browser, card: Card) -> None:
    house.clock.move(timedelta(seconds=5))
    page = browser.open(house.shop.address(max_age="0"))
    house.clock.move(timedelta(seconds=40))
    assert house.shop.got_answer(house.present(card, browser, page))


def test_site_of_another_circle_asks_for_the_card_and_says_why(
    house: SampleHouse, browser: Browser, card: Card
) -> None:
    page = browser.open(house.clinic.address())
    assert house.heading("stepup.circle", site="Sample clinic") in unescape(page.text)
    page = house.present(card, browser, page)
    assert house.clinic.got_answer(page)


def test_session_of_the_other_circle_replaces_the_first(house: SampleHouse, browser: Browser, card: Card) -> None:
    house.log_in(browser, house.clinic, card)
    ended = [event for event in house.events() if isinstance(event, SessionEnded)]
    assert [event.why for event in ended] == ["replaced"]
    assert browser.open(house.shop.address()).path.startswith("/login/")


def test_step_up_that_is_stopped_leaves_the_first_session_open(
    house: SampleHouse, browser: Browser, card: Card
) -> None:
    del card
    page = browser.open(house.clinic.address())
    page = browser.press(page, "/login/")
    assert house.clinic.read(page)["error"] == "access_denied"
    assert house.shop.got_answer(browser.open(house.shop.address()))


def test_session_ends_at_its_time_however_often_it_was_used(house: SampleHouse, browser: Browser, card: Card) -> None:
    del card
    for _ in range(3):
        house.clock.move(timedelta(minutes=19))
        assert house.shop.got_answer(browser.open(house.shop.address()))
    house.clock.move(timedelta(minutes=3))
    assert not is_logged_in(browser)
    assert browser.open(house.shop.address()).path.startswith("/login/")


def test_citizen_ends_the_session_on_the_first_page(house: SampleHouse, browser: Browser, card: Card) -> None:
    del card
    page = browser.press(browser.open("/?lang=en"), "/logout")
    assert page.heading == house.heading("ui.loggedout")
    assert not is_logged_in(browser)
    assert browser.open(house.shop.address()).path.startswith("/login/")
    ended = [event for event in house.events() if isinstance(event, SessionEnded)]
    assert [event.why for event in ended] == ["citizen"]


@pytest.mark.usefixtures("card")
def test_handle_of_an_ended_session_is_worth_nothing(browser: Browser) -> None:
    kept = dict(browser.cookies)
    browser.press(browser.open("/?lang=en"), "/logout")
    browser.cookies = kept
    assert not is_logged_in(browser)


def test_site_keeps_its_session_name_within_one_session_and_gets_another_in_the_next(
    house: SampleHouse, browser: Browser, card: Card
) -> None:
    first = house.ministry.read(browser.open(house.ministry.address())).session_index
    again = house.ministry.read(browser.open(house.ministry.address())).session_index
    other_site = house.shop.claims(browser.open(house.shop.address()))["sid"]
    next_session = house.ministry.read(house.log_in(house.browser(), house.ministry, card)).session_index
    assert first == again
    assert len({first, other_site, next_session}) == 3
