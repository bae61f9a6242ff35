"""Somebody has, or makes, a card's answer that is not the one to the challenge of this login in this browser.

None of them opens a session.
"""

import base64
from collections.abc import Mapping

import pytest

from idp.domain.events import LoginRefused, SessionOpened
from jpki.revocation import RevocationReason
from tests.support.browser import Browser, Page
from tests.support.house import AGENT, ELSEWHERE, ISSUER, Card, SampleHouse, is_logged_in


@pytest.fixture
def card(house: SampleHouse) -> Card:
    """A registered citizen's card, so that a good answer is a session at once."""
    card = house.card()
    house.log_in(house.browser(), house.shop, card)
    return card


@pytest.fixture
def browser(house: SampleHouse) -> Browser:
    return house.browser()


@pytest.fixture
def login(house: SampleHouse, browser: Browser) -> Page:
    return browser.open(house.shop.address())


def sessions(house: SampleHouse) -> int:
    return len([event for event in house.events() if isinstance(event, SessionOpened)])


def refusals(house: SampleHouse) -> list[str]:
    return [event.code for event in house.events() if isinstance(event, LoginRefused)]


def arrival_of(house: SampleHouse, card: Card, login: Page) -> str:
    """Where the answer to `login` sends the browser that posts it, which does not go there."""
    client = house.app.test_client()
    response = client.post("/card/answer", data=card.answer(login), headers={"Origin": AGENT}, base_url=ISSUER)
    assert response.headers["Location"].startswith("/card/arrival/")
    return response.headers["Location"]


def test_honest_answer_opens_a_session(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    before = sessions(house)
    assert house.shop.got_answer(house.present(card, browser, login))
    assert sessions(house) == before + 1


def test_stale_answer_opens_nothing(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    before = sessions(house)
    house.clock.move(house.settings.lifetimes.challenge)
    page = house.present(card, browser, login)
    assert house.heading("login.late") in page.text
    assert (sessions(house), is_logged_in(browser)) == (before, False)


def test_replayed_answer_is_refused(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    form = card.answer(login)
    arrival_of(house, card, login)
    before = sessions(house)
    for replayer in (browser, house.browser()):
        page = replayer.send("/card/answer", form, origin=AGENT)
        assert page.status == 409
        assert page.heading == house.heading("request.used")
    assert sessions(house) == before


def test_wrong_answer_uses_the_challenge_up(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    """Or one could try as often as one likes."""
    assert house.present(card, browser, login, signature="AAAA").heading == house.heading("card.mismatch")
    page = house.present(card, browser, login)
    assert page.status == 409
    assert not is_logged_in(browser)


def test_revoked_answer_uses_the_challenge_up(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    house.revocation.on_list[card.serial] = RevocationReason.CERTIFICATE_HOLD
    assert house.present(card, browser, login).heading == house.heading("card.hold")
    house.revocation.on_list.clear()
    assert house.present(card, browser, login).status == 409


def test_answer_that_arrives_in_another_browser_opens_nothing_there(
    house: SampleHouse, browser: Browser, login: Page, card: Card
) -> None:
    stranger = house.browser()
    stranger.open(house.shop.address())
    before = sessions(house)
    page = house.present(card, stranger, login)
    assert page.status == 400
    assert page.heading == house.heading("request.otherbrowser")
    assert (sessions(house), is_logged_in(stranger), is_logged_in(browser)) == (before, False, False)


def test_answer_that_arrives_in_a_browser_without_cookies_opens_nothing(
    house: SampleHouse, login: Page, card: Card
) -> None:
    stranger, before = house.browser(), sessions(house)
    page = house.present(card, stranger, login)
    assert page.heading == house.heading("request.cookies")
    assert sessions(house) == before


def test_attackers_own_login_cannot_be_finished_in_the_victims_browser(
    house: SampleHouse, browser: Browser, login: Page, card: Card
) -> None:
    """Login CSRF: the victim would work under the attacker's name."""
    victim = house.browser()
    victim.open(house.ministry.address())
    page = victim.open(arrival_of(house, card, login))
    assert page.heading == house.heading("request.otherbrowser")
    for link in (login.address, f"{login.address}/release"):
        assert victim.open(link).heading == house.heading("request.otherbrowser")
    assert not is_logged_in(victim)
    assert not is_logged_in(browser)


def test_way_from_the_answer_to_the_browser_can_be_gone_once(
    house: SampleHouse, browser: Browser, login: Page, card: Card
) -> None:
    arrival = arrival_of(house, card, login)
    browser.follows = False
    assert browser.open(arrival).status == 303
    before = sessions(house)
    assert browser.open(arrival).status == 409
    assert sessions(house) == before


def test_way_from_the_answer_to_the_browser_ends_soon(
    house: SampleHouse, browser: Browser, login: Page, card: Card
) -> None:
    arrival = arrival_of(house, card, login)
    house.clock.move(house.settings.lifetimes.challenge)
    assert browser.open(arrival).status == 410
    assert not is_logged_in(browser)


@pytest.mark.parametrize("origin", [ELSEWHERE, ISSUER, "null", None, AGENT + ".elsewhere.example", AGENT.upper()])
def test_answer_from_a_page_that_is_not_the_agents_is_refused_and_uses_nothing_up(
    house: SampleHouse, browser: Browser, login: Page, card: Card, *, origin: str | None
) -> None:
    before = sessions(house)
    page = house.present(card, browser, login, origin=origin)
    assert page.status == 400
    assert page.heading == house.heading("request.invalid")
    assert sessions(house) == before
    assert house.shop.got_answer(house.present(card, browser, login))


def test_answer_to_another_challenge_is_refused(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    other = house.browser().open(house.shop.address())
    stolen = card.answer(other)["signature"]
    page = house.present(card, browser, login, signature=stolen)
    assert page.heading == house.heading("card.mismatch")
    assert refusals(house) == ["card.mismatch"]
    assert not is_logged_in(browser)


def test_signature_for_another_purpose_is_refused(
    house: SampleHouse, browser: Browser, login: Page, card: Card
) -> None:
    nonce = login.form(AGENT).fields["nonce"]
    page = house.present(card, browser, login, signature=card.signature(nonce, purpose="registration"))
    assert page.heading == house.heading("card.mismatch")
    assert not is_logged_in(browser)


@pytest.mark.parametrize("origin", [ELSEWHERE, AGENT, ISSUER + ":443", ISSUER + "/", "http://idp.example"])
def test_signature_given_to_another_site_is_refused(
    house: SampleHouse, browser: Browser, login: Page, card: Card, *, origin: str
) -> None:
    """A site in the middle shows our nonce as its own; the agent signs that site's origin."""
    nonce = login.form(AGENT).fields["nonce"]
    page = house.present(card, browser, login, signature=card.signature(nonce, origin=origin))
    assert page.heading == house.heading("card.mismatch")
    assert not is_logged_in(browser)


def test_signature_of_another_key_is_refused(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    thief = house.card()
    assert thief.key.private_numbers() != card.key.private_numbers()
    page = house.present(card, browser, login, signature=thief.answer(login)["signature"])
    assert page.heading == house.heading("card.mismatch")
    assert not is_logged_in(browser)


def test_swapped_certificate_is_refused(house: SampleHouse, browser: Browser, login: Page, card: Card) -> None:
    thief = house.card()
    certificate = base64.b64encode(card.certificate).decode()
    page = house.present(thief, browser, login, unverified_certificate=certificate)
    assert page.heading == house.heading("card.mismatch")
    assert not is_logged_in(browser)


@pytest.mark.parametrize("nonce", ["A" * 43, "", "A" * 42, "A" * 44, "A" * 42 + "=", "あ" * 43, "A" * 42 + "B", "\0"])
def test_answer_to_no_challenge_is_refused(
    house: SampleHouse, browser: Browser, login: Page, card: Card, *, nonce: str
) -> None:
    page = house.present(card, browser, login, nonce=nonce)
    assert page.status == 400
    assert page.heading == house.heading("request.invalid")


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm": "none"},
        {"algorithm": "RS1"},
        {"algorithm": None},
        {"outcome": "perhaps"},
        {"outcome": None},
        {"signature": None},
        {"signature": "%%%"},
        {"unverified_certificate": None},
        {"unverified_certificate": "not base64!"},
        {"format": "jpki-auth:2"},
        {"format": None},
        {"nonce": None},
    ],
    ids=str,
)
def test_answer_that_is_not_as_the_contract_says_is_refused(
    house: SampleHouse, browser: Browser, login: Page, card: Card, *, changes: Mapping[str, str | None]
) -> None:
    before = sessions(house)
    page = house.present(card, browser, login, **changes)
    assert page.status == 400
    assert page.heading == house.heading("request.invalid")
    assert sessions(house) == before


def test_field_given_twice_is_refused(house: SampleHouse, login: Page, card: Card) -> None:
    """Which of the two would be checked, and which used?"""
    form = card.answer(login)
    for name in form:
        doubled = [*form.items(), (name, form[name])]
        response = house.app.test_client().post(
            "/card/answer",
            data="&".join(f"{key}={value.replace('+', '%2B')}" for key, value in doubled),
            content_type="application/x-www-form-urlencoded",
            headers={"Origin": AGENT},
            base_url=ISSUER,
        )
        assert response.status_code in {400, 409}
        assert "Location" not in response.headers


def test_answer_is_never_sent_on(house: SampleHouse, browser: Browser, login: Page) -> None:
    """A 307 would post certificate and signature to the next address (RFC 9110 section 15.4.8)."""
    house.present(house.card(), browser, login)
    posted = next(r for r in browser.responses if r.request.method == "POST")
    assert posted.status_code == 303


def test_answer_by_get_is_not_taken(browser: Browser, login: Page, card: Card) -> None:
    form = card.answer(login)
    query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in form.items())
    page = browser.open(f"/card/answer?{query}")
    assert page.status == 405
    page = browser.send(f"/card/answer?{query}", {}, origin=AGENT)
    assert page.status == 400
    assert not is_logged_in(browser)
