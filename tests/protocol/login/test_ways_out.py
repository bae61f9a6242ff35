"""Every way in which a login comes to nothing, and what citizen and site are told."""

import pytest

from idp.domain.events import CitizenRegistered, LoginRefused
from jpki.revocation import RevocationReason
from tests.support.house import AGENT, ISSUER, SampleHouse, is_logged_in


def test_citizen_stops_on_the_login_page(house: SampleHouse) -> None:
    browser = house.browser()
    page = browser.press(browser.open(house.ministry.address()), "/login/")
    assert page.heading == house.heading("login.stopped")
    assert house.ministry.read(page).status == "RequestDenied"
    page = browser.press(browser.open(house.shop.address()), "/login/")
    assert house.shop.read(page) == {"error": "access_denied", "state": "a state", "iss": ISSUER}


def test_citizen_stops_on_the_agents_page(house: SampleHouse) -> None:
    browser = house.browser()
    page = house.agent_says(browser, browser.open(house.ministry.address()), "cancelled")
    assert page.heading == house.heading("login.stopped")
    assert house.ministry.read(page).status == "RequestDenied"


def test_stopped_login_is_over(house: SampleHouse) -> None:
    browser = house.browser()
    login = browser.open(house.shop.address())
    browser.press(login, "/login/")
    page = browser.open(login.address)
    assert page.status == 409
    assert page.heading == house.heading("request.used")


def test_citizen_declines_to_be_registered(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    asked = house.present(card, browser, browser.open(house.ministry.address()))
    decline = next(form.action for form in asked.forms if form.action.endswith("/decline"))
    page = browser.press(asked, decline)
    assert page.heading == house.heading("enrol.declined")
    assert house.ministry.read(page).status == "RequestDenied"
    assert not is_logged_in(browser)
    assert not [event for event in house.events() if isinstance(event, CitizenRegistered)]
    again = browser.press(asked, "/enrolment/", agree="yes")
    assert again.status == 409


@pytest.mark.parametrize("outcome", ["locked", "unusable"])
def test_agent_found_a_card_that_cannot_log_in(house: SampleHouse, outcome: str) -> None:
    browser = house.browser()
    page = house.agent_says(browser, browser.open(house.shop.address()), outcome)
    assert page.status == 403
    assert page.heading == house.heading(f"card.{outcome}")
    (event,) = house.events()
    assert isinstance(event, LoginRefused)
    assert (event.code, event.service_provider) == (f"card.{outcome}", "shop")


def test_refusal_can_be_reloaded_and_read_in_the_other_language(house: SampleHouse) -> None:
    browser = house.browser()
    page = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    again, japanese = browser.open(page.address), browser.open(f"{page.address}?lang=ja")
    assert again.text == page.text
    assert japanese.heading == house.heading("card.locked", "ja")
    assert len(house.events()) == 1


def test_refusal_leads_back_to_the_same_login(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    login = browser.open(house.shop.address())
    refused = house.agent_says(browser, login, "locked")
    assert f'href="{login.path}"' in refused.text
    page = house.present(card, browser, browser.open(login.path))
    assert page.heading == house.heading("enrol.ask")


def test_refusal_can_be_left_to_the_site(house: SampleHouse) -> None:
    browser = house.browser()
    refused = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    page = browser.press(refused, "/login/")
    assert house.shop.read(page)["error"] == "access_denied"


def test_site_is_not_told_what_is_wrong_with_the_card(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    house.revocation.revoked[card.serial] = RevocationReason.KEY_COMPROMISE
    refused = house.present(card, browser, browser.open(house.ministry.address()))
    assert refused.heading == house.heading("card.revoked")
    page = browser.press(refused, "/login/")
    assert house.ministry.read(page).status == "RequestDenied"


def test_pages_speak_the_browsers_language_until_the_citizen_chooses(house: SampleHouse) -> None:
    japanese, english = house.browser("ja,en;q=0.5"), house.browser("en-GB,ja;q=0.5")
    assert japanese.open("/help").heading == house.heading("ui.help.title", "ja")
    assert english.open("/help").heading == house.heading("ui.help.title", "en")
    english.open("/help?lang=ja")
    page = english.open(house.shop.address())
    assert page.response.headers["Content-Language"] == "ja"
    assert page.form(AGENT).fields["lang"] == "ja"


def test_language_is_chosen_in_the_middle_of_a_login(house: SampleHouse) -> None:
    browser = house.browser("ja")
    login = browser.open(house.shop.address())
    page = browser.open(f"{login.address}?lang=en")
    assert page.heading == house.heading("ui.login.heading", site="Sample shop")
    assert house.present(house.card(), browser, page).heading == house.heading("enrol.ask")


@pytest.mark.parametrize("text_id", ["help", "accessibility", "privacy"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_page_that_explains_opens_without_a_login(house: SampleHouse, text_id: str, language: str) -> None:
    page = house.browser(language).open(f"/{text_id}")
    assert page.status == 200
    assert page.heading == house.heading(f"ui.{text_id}.title", language)


def test_unknown_page_says_so(house: SampleHouse) -> None:
    page = house.browser().open("/there-is-no-such-page")
    assert page.status == 404
    assert page.heading == house.heading("request.notfound")


def test_each_error_page_has_a_number_of_its_own_and_the_log_has_it_too(
    house: SampleHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "idp")
    browser = house.browser()
    pages = [browser.open("/login/unknown") for _ in range(2)]
    numbers = [record.getMessage().partition("request=")[2].split()[0] for record in caplog.records]
    assert len(set(numbers)) == 2
    for page, number in zip(pages, numbers, strict=True):
        assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in page.text
