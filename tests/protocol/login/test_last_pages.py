"""Pages at the end of a login, as a browser treats them: where their forms may lead, and what reloading would break."""

from tests.support.house import SampleHouse


def test_way_out_of_a_refusal_may_reach_the_site_by_redirect(house: SampleHouse) -> None:
    """Browsers apply form-action to every redirect that follows the form."""
    browser = house.browser()
    refused = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    left = browser.press(refused, "/login/")
    site = left.address.split("/callback")[0]
    assert site != house.settings.issuer
    assert site in refused.response.headers["Content-Security-Policy"].split("form-action", 1)[1].split()


def test_refusal_of_a_login_that_is_over_offers_no_way_on(house: SampleHouse) -> None:
    browser = house.browser()
    refused = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    browser.press(refused, "/login/")
    again = browser.open(refused.path)
    assert (again.status, again.heading) == (refused.status, refused.heading)
    assert again.forms == ()
    assert 'href="/login/' not in again.text


def test_stop_is_answered_by_a_page_that_was_fetched(house: SampleHouse) -> None:
    """So that Back never asks to send a form again."""
    browser = house.browser()
    stopped = browser.press(browser.open(house.ministry.address()), "/login/")
    assert stopped.heading == house.heading("login.stopped")
    assert stopped.response.request.method == "GET"


def test_pages_that_hand_over_have_no_language_link(house: SampleHouse) -> None:
    """They cannot be fetched again: the link would lose the login."""
    browser = house.browser()
    login = browser.open(house.ministry.address())
    assert 'class="language"' in login.text
    stopped = browser.press(login, "/login/")
    passive = browser.open(house.ministry.address(passive=True))
    for page in (stopped, passive):
        assert page.form("https:").fields["SAMLResponse"]
        assert 'class="language"' not in page.text


def test_page_after_logout_names_the_sites_that_were_opened_and_no_others(house: SampleHouse) -> None:
    browser = house.browser()
    consent = house.present(house.card(), browser, browser.open(house.shop.address()))
    browser.press(consent, "/enrolment/", agree="yes")
    page = browser.press(browser.open("/"), "/logout")
    assert page.heading == house.heading("ui.loggedout")
    names = {site.id: site.name.en for site in house.services.register.all()}
    assert names["shop"] in page.text
    assert names["ministry"] not in page.text


def test_page_after_logout_says_nothing_that_an_address_makes_up(house: SampleHouse) -> None:
    assert "evil" not in house.browser().open("/logged-out?site=evil.example").text
