"""The first login of a citizen, and the ones after it."""

from datetime import timedelta

from idp.domain.citizen import CheckSource
from idp.domain.events import CitizenRegistered, ReleaseMade, SessionOpened
from tests.support.house import AGENT, SampleHouse, is_logged_in


def test_login_page_names_the_site_and_what_it_will_learn(house: SampleHouse) -> None:
    page = house.browser().open(house.ministry.address())
    assert page.heading == house.heading("ui.login.heading", site="Sample ministry")
    assert house.heading("release.none", site="Sample ministry") in page.text
    assert house.heading("ui.login.operator", operator="Sample ministry") in page.text
    assert page.form(AGENT).action == f"{AGENT}/login"


def test_first_login_asks_for_consent_and_then_answers_the_site(house: SampleHouse) -> None:
    browser = house.browser()
    page = house.present(house.card(), browser, browser.open(house.ministry.address()))
    assert page.heading == house.heading("enrol.ask")
    assert house.events() == []
    page = browser.press(page, "/enrolment/", agree="yes")
    assert house.ministry.read(page).status == "Success"
    kinds = [type(event) for event in house.events()]
    assert kinds == [CitizenRegistered, SessionOpened, ReleaseMade]


def test_consent_that_was_not_given_registers_nobody(house: SampleHouse) -> None:
    browser = house.browser()
    page = house.present(house.card(), browser, browser.open(house.ministry.address()))
    page = browser.press(page, "/enrolment/")
    assert page.heading == house.heading("ui.enrol.unticked")
    assert house.events() == []
    page = browser.press(page, "/enrolment/", agree="yes")
    assert house.ministry.read(page).status == "Success"


def test_later_login_with_the_same_card_asks_for_no_consent(house: SampleHouse) -> None:
    card = house.card()
    house.log_in(house.browser(), house.ministry, card)
    later = house.browser()
    page = house.present(card, later, later.open(house.ministry.address()))
    assert house.ministry.read(page).status == "Success"
    registered = [event for event in house.events() if isinstance(event, CitizenRegistered)]
    opened = [event for event in house.events() if isinstance(event, SessionOpened)]
    assert len(registered) == 1
    assert len(opened) == 2
    assert {event.citizen for event in opened} == {registered[0].citizen}


def test_another_card_is_another_citizen(house: SampleHouse) -> None:
    first = house.log_in(house.browser(), house.ministry, house.card())
    second = house.log_in(house.browser(), house.ministry, house.card())
    assert house.ministry.read(first).name_id != house.ministry.read(second).name_id


def test_site_is_told_how_and_when_the_card_was_checked(house: SampleHouse) -> None:
    claims = house.shop.claims(house.log_in(house.browser(), house.shop, house.card()))
    now = int(house.clock().timestamp())
    assert claims["auth_time"] == now
    assert claims["acr"] == "https://idp.example/acr/card-pin"
    assert claims["https://idp.example/claims/cert_status"] == {
        "source": CheckSource.OCSP,
        "checked_at": now,
        "list_issued_at": now,
        "valid_until": now + int(house.revocation.fresh_for.total_seconds()),
    }


def test_site_is_told_the_time_of_the_card_and_not_of_its_own_request(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    house.log_in(browser, house.ministry, card)
    logged_in = int(house.clock().timestamp())
    house.clock.move(timedelta(minutes=20))
    claims = house.shop.claims(house.log_in(browser, house.shop, card))
    assert claims["auth_time"] == logged_in


def test_relay_state_comes_back_as_it_was(house: SampleHouse) -> None:
    address = house.ministry.address(relay_state="申請/7?x=1&y=<2>")
    page = house.log_in(house.browser(), house.ministry, house.card(), address)
    assert house.ministry.read(page).relay_state == "申請/7?x=1&y=<2>"


def test_card_answer_in_a_second_browser_leaves_the_first_as_it_was(house: SampleHouse) -> None:
    first, second, card = house.browser(), house.browser(), house.card()
    house.log_in(first, house.shop, card)
    house.log_in(second, house.shop, card)
    assert is_logged_in(first)
    assert is_logged_in(second)


def test_same_card_registered_in_two_tabs_is_one_citizen(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    tabs = [house.present(card, browser, browser.open(house.shop.address())) for _ in range(2)]
    assert [tab.heading for tab in tabs] == [house.heading("enrol.ask")] * 2
    subjects = [house.shop.claims(browser.press(tab, "/enrolment/", agree="yes"))["sub"] for tab in tabs]
    assert subjects[0] == subjects[1]
    assert len([event for event in house.events() if isinstance(event, CitizenRegistered)]) == 1


def test_renewed_certificate_is_a_stranger_until_it_is_registered(house: SampleHouse) -> None:
    """The successor of a certificate is not known to be one: that takes the national service."""
    card = house.card()
    house.log_in(house.browser(), house.shop, card)
    browser = house.browser()
    page = house.present(house.card(), browser, browser.open(house.shop.address()))
    assert page.heading == house.heading("enrol.ask")
