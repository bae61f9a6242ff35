"""How long what a card proved may be used, and how much a login may write."""

import logging
import re
from datetime import timedelta

import pytest

from idp.domain.errors import CardLocked
from idp.domain.events import LoginRefused
from jpki.revocation import RevocationReason
from tests.support.house import SampleHouse, is_logged_in


def test_session_ends_an_hour_after_the_card_was_read_however_long_consent_took(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    page = house.present(card, browser, browser.open(house.shop.address()))
    house.clock.move(timedelta(minutes=14))
    browser.press(page, "/enrolment/", agree="yes")
    assert is_logged_in(browser)
    house.clock.move(house.settings.lifetimes.session - timedelta(minutes=14))
    assert not is_logged_in(browser)


def test_consent_to_registration_does_not_outlive_the_check_of_the_card(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    page = house.present(card, browser, browser.open(house.shop.address()))
    house.clock.move(house.settings.revocation.ocsp_max_age)
    house.revocation.on_list[card.serial] = RevocationReason.UNSPECIFIED
    browser.press(page, "/enrolment/", agree="yes")
    assert not is_logged_in(browser)


def test_what_an_agent_says_without_proof_is_audited_once_for_each_login(house: SampleHouse) -> None:
    browser = house.browser()
    path = browser.open(house.shop.address()).path
    for _ in range(5):
        house.agent_says(browser, browser.open(path), "locked")
    refused = [event for event in house.events() if isinstance(event, LoginRefused)]
    assert [event.code for event in refused] == [CardLocked.code]


def test_number_that_the_citizen_reads_stands_in_the_log(house: SampleHouse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "idp.refusals")
    browser = house.browser()
    page = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    number = re.search(r"\d{4}-\d{4}-\d{4}", page.text)
    assert number is not None
    assert f"refused {CardLocked.code} request={number[0].replace('-', '')}" in caplog.text
