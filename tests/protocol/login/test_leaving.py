"""Ending a registration: the card becomes a stranger's, and every browser is out."""

from idp.domain.events import CitizenLeft, CitizenRegistered
from tests.support.house import SampleHouse, is_logged_in


def test_citizen_who_left_is_out_in_every_browser_and_a_stranger_afterwards(house: SampleHouse) -> None:
    card, first, second = house.card(), house.browser(), house.browser()
    before = house.shop.claims(house.log_in(first, house.shop, card))["sub"]
    house.log_in(second, house.ministry, card)
    page = first.press(first.open("/registration"), "/registration/end")
    assert page.path == "/registration/ended"
    assert [is_logged_in(browser) for browser in (first, second)] == [False, False]
    page = house.present(card, second, second.open(house.shop.address()))
    assert page.heading == house.heading("enrol.ask")
    after = house.shop.claims(second.press(page, "/enrolment/", agree="yes"))["sub"]
    assert after != before
    trail = house.events()
    left = [event.citizen for event in trail if isinstance(event, CitizenLeft)]
    registered = [event.citizen for event in trail if isinstance(event, CitizenRegistered)]
    assert left == registered[:1]
    assert len(set(registered)) == 2


def test_leaving_needs_an_open_login(house: SampleHouse) -> None:
    browser = house.browser()
    assert browser.open("/registration").path == "/"
    assert browser.send("/registration/end", {}, origin=house.settings.issuer).path == "/"
    assert house.events() == []


def test_others_are_not_touched_by_one_who_leaves(house: SampleHouse) -> None:
    leaver, stayer, card = house.browser(), house.browser(), house.card()
    house.log_in(leaver, house.shop, house.card())
    house.log_in(stayer, house.shop, card)
    leaver.press(leaver.open("/registration"), "/registration/end")
    assert is_logged_in(stayer)
    assert house.shop.got_answer(house.log_in(house.browser(), house.shop, card))
