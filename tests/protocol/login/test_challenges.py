"""Challenges and the time of a login: two tabs, the Back button, too late, far too late."""

from datetime import timedelta

import pytest

from tests.support.house import AGENT, SampleHouse, is_logged_in


def test_each_showing_of_the_login_page_has_its_own_challenge(house: SampleHouse) -> None:
    browser = house.browser()
    first = browser.open(house.shop.address())
    second = browser.open(first.address)
    assert first.form(AGENT).fields["nonce"] != second.form(AGENT).fields["nonce"]


@pytest.mark.parametrize("answered", [0, 1])
def test_after_back_either_page_works_once(house: SampleHouse, answered: int) -> None:
    browser, card = house.browser(), house.card()
    shown = [browser.open(house.shop.address())]
    shown.append(browser.open(shown[0].address))
    page = house.present(card, browser, shown[answered])
    assert house.shop.got_answer(browser.press(page, "/enrolment/", agree="yes"))
    late = house.present(card, browser, shown[1 - answered])
    assert late.status == 409
    assert late.heading == house.heading("request.used")


def test_two_tabs_with_two_sites_do_not_disturb_each_other(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    house.log_in(house.browser(), house.shop, card)
    tabs = [browser.open(house.shop.address()), browser.open(house.ministry.address())]
    assert house.ministry.read(house.present(card, browser, tabs[1])).status == "Success"
    assert house.shop.got_answer(house.present(card, browser, tabs[0]))


def test_tab_left_open_goes_on_without_the_card_once_another_tab_logged_in(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    waiting = browser.open(house.shop.address())
    house.log_in(browser, house.ministry, card)
    assert house.shop.got_answer(browser.open(waiting.address))


def test_card_that_answers_too_late_gets_a_new_challenge_in_the_same_login(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    login = browser.open(house.shop.address())
    house.clock.move(house.settings.lifetimes.challenge)
    page = house.present(card, browser, login)
    assert page.heading == house.heading("ui.login.heading", site="Sample shop")
    assert house.heading("login.late") in page.text
    assert house.present(card, browser, page).heading == house.heading("enrol.ask")


def test_agent_that_saw_an_old_challenge_leads_back_to_the_login(house: SampleHouse) -> None:
    browser = house.browser()
    page = house.agent_says(browser, browser.open(house.shop.address()), "expired")
    assert house.heading("login.late") in page.text
    assert page.form(AGENT)


def test_card_that_answers_in_the_last_moment_is_in_time(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    login = browser.open(house.shop.address())
    house.clock.move(house.settings.lifetimes.challenge - timedelta(microseconds=1))
    assert house.present(card, browser, login).heading == house.heading("enrol.ask")


def test_challenge_tells_the_agent_when_it_ends(house: SampleHouse) -> None:
    page = house.browser().open(house.shop.address())
    ends = house.clock() + house.settings.lifetimes.challenge
    assert page.form(AGENT).fields["expires"] == str(int(ends.timestamp()))


def test_challenge_asked_shortly_before_the_login_ends_ends_with_it(house: SampleHouse) -> None:
    browser = house.browser()
    login = browser.open(house.shop.address())
    house.clock.move(house.settings.lifetimes.login - timedelta(minutes=1))
    page = browser.open(login.address)
    assert page.form(AGENT).fields["expires"] == str(int((house.clock() + timedelta(minutes=1)).timestamp()))


def test_login_whose_time_is_over_says_how_long_it_was(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    login = browser.open(house.shop.address())
    house.clock.move(house.settings.lifetimes.login)
    for page in (browser.open(login.address), house.present(card, browser, login)):
        assert page.status == 410
        assert page.heading == house.heading("request.expired")
        assert "30 minutes" in page.text


def test_consent_given_after_the_login_ended_registers_nobody(house: SampleHouse) -> None:
    browser = house.browser()
    asked = house.present(house.card(), browser, browser.open(house.shop.address()))
    house.clock.move(house.settings.lifetimes.login)
    page = browser.press(asked, "/enrolment/", agree="yes")
    assert page.status == 410
    assert house.events() == []
    assert not is_logged_in(browser)


def test_answered_login_cannot_be_answered_again(house: SampleHouse) -> None:
    browser = house.browser()
    login = browser.open(house.shop.address())
    page = house.present(house.card(), browser, login)
    assert house.shop.got_answer(browser.press(page, "/enrolment/", agree="yes"))
    for address in (login.address, f"{login.address}/release", f"{login.address}/stopped", f"{login.address}/declined"):
        assert browser.open(address).heading == house.heading("request.used")
