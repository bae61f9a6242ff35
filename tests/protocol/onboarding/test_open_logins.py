"""What happens to logins that are open when a site is suspended."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.events import ReleaseMade
from idp.domain.service_provider import ServiceProviderId, SuspensionReason
from idp.usecases.service_providers import ServiceProviders
from tests.support.house import Foundations, SampleHouse, a_house, house_settings, is_logged_in
from tests.support.onboarding import READERS
from tests.support.saml import SSO_URL


@pytest.fixture
def house(foundations: Foundations, tmp_path: Path) -> Iterator[SampleHouse]:
    with a_house(foundations, house_settings(foundations, tmp_path)) as built:
        yield built


def suspend(house: SampleHouse, *sites: str) -> None:
    """By the operator; workers see it a second later."""
    register = ServiceProviders(work=SqlUnitOfWork(house.engine), readers=READERS)
    for site in sites:
        register.suspend(ServiceProviderId(site), SuspensionReason.INCIDENT, now=house.clock())
    house.clock.move(timedelta(seconds=1))


def released_to(house: SampleHouse) -> list[str]:
    return [event.service_provider for event in house.events() if isinstance(event, ReleaseMade)]


@pytest.mark.parametrize("name", ["ministry", "shop"])
def test_login_on_its_way_ends_before_the_card_is_read(house: SampleHouse, name: str) -> None:
    site = house.ministry if name == "ministry" else house.shop
    browser, card = house.browser(), house.card()
    page = browser.open(site.address())
    suspend(house, name)
    before = house.events()
    assert browser.open(page.address).heading == house.heading("request.suspended")
    page = house.present(card, browser, page)
    assert (page.status, page.heading) == (400, house.heading("request.suspended"))
    assert house.events() == before, "nobody is registered, no session is opened"


def test_consent_that_waits_is_asked_for_no_more(house: SampleHouse) -> None:
    browser = house.browser()
    asked = house.present(house.card(), browser, browser.open(house.ministry.address()))
    suspend(house, "ministry")
    before = house.events()
    assert browser.open(asked.address).heading == house.heading("request.suspended")
    assert browser.press(asked, "/enrolment/", agree="yes").heading == house.heading("request.suspended")
    assert house.events() == before


def test_suspended_site_is_told_nothing_not_even_a_refusal(house: SampleHouse) -> None:
    browser = house.browser()
    page = browser.open(house.ministry.address())
    posted = house.browser()
    posted.follows = False
    waiting = posted.send(SSO_URL, house.ministry.fields(passive=True), origin="https://ministry.example")
    suspend(house, "ministry")
    stopped = browser.press(page, f"{page.path}/stop")
    assert stopped.heading == house.heading("request.suspended")
    posted.follows = True
    page = posted.open(waiting.response.headers["Location"])
    assert (page.heading, house.ministry.got_answer(page)) == (house.heading("request.suspended"), False)


def test_session_stays_open_for_other_sites(house: SampleHouse) -> None:
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    suspend(house, "ministry")
    assert browser.open(house.ministry.address()).heading == house.heading("request.suspended")
    assert is_logged_in(browser)
    assert house.shop.got_answer(browser.open(house.shop.address()))
    assert released_to(house) == ["ministry", "shop"]


def test_suspended_site_is_not_offered_on_the_start_page(house: SampleHouse) -> None:
    assert "Sample ministry" in house.browser().open("/").text
    suspend(house, "ministry")
    page = house.browser().open("/")
    assert "Sample ministry" not in page.text
    assert "Sample shop" in page.text


def test_site_keeps_its_name_where_a_citizen_logs_out_of_it(house: SampleHouse) -> None:
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    suspend(house, "ministry")
    page = browser.press(browser.open("/"), "/logout")
    assert "Sample ministry" in page.text
