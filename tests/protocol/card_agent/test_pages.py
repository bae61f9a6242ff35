"""The ways through the agent's pages, as a citizen walks them."""

import re
from datetime import timedelta

import pytest

from card_agent.transport import CardUnreadable, NoReader, ReaderBusy, ReaderError
from tests.support.agent_browser import AgentBrowser, Page, question_fields
from tests.support.fake_reader import PIN, FakeReader, FakeTransport, a_card, another_card, is_signature, is_verify


def asked(*readers: FakeReader, is_served: bool = True) -> tuple[AgentBrowser, Page]:
    browser = AgentBrowser(FakeTransport(*readers, is_served=is_served))
    return browser, browser.ask()


def test_the_pin_page_shows_the_asking_site_and_the_use() -> None:
    _, page = asked(FakeReader(a_card()))
    assert page.heading == "Enter your PIN"
    assert "login.example.jp" in page.text
    assert "Not a signature on a document" in page.text
    assert "maxlength" not in page.text
    assert "Three wrong entries in a row lock it." in page.text


def test_tries_left_are_shown_when_they_are_fewer_than_three() -> None:
    _, page = asked(FakeReader(a_card(tries_left=2)))
    assert page.heading == "Enter your PIN"
    assert "2 tries left" in page.text


def test_a_wrong_pin_becomes_the_heading_with_the_number() -> None:
    browser, _ = asked(FakeReader(a_card()))
    page = browser.send_pin("0000")
    assert page.heading == "That PIN is not right. 2 tries left"
    assert "<title>Error: That PIN is not right. 2 tries left - Card Agent</title>" in page.text
    assert page.response.status_code == 200


def test_the_last_try_needs_its_own_confirmation() -> None:
    reader = FakeReader(a_card(tries_left=1))
    browser, page = asked(reader)
    assert page.heading == "1 try left"
    assert browser.send_pin(PIN).heading == "1 try left"
    assert reader.verifications == []
    assert browser.send_pin(PIN, last_try="confirmed").heading == "Confirmed"


def test_the_last_wrong_pin_leads_to_the_locked_page() -> None:
    browser, _ = asked(FakeReader(a_card(tries_left=1)))
    page = browser.send_pin("0000", last_try="confirmed")
    assert page.heading == "The PIN is locked"
    assert not page.has_pin_field


def test_a_last_try_that_another_program_used_up_meanwhile_is_not_taken() -> None:
    reader = FakeReader(a_card(tries_left=2))
    browser, _ = asked(reader)
    reader.card = a_card(tries_left=1)
    assert browser.send_pin(PIN).heading == "1 try left"
    assert reader.verifications == []


def test_what_is_not_four_digits_never_reaches_the_card() -> None:
    reader = FakeReader(a_card())
    browser, _ = asked(reader)
    page = browser.send_pin("46490")
    assert page.heading == "Enter 4 digits"
    assert page.has_pin_field
    assert reader.verifications == []


def test_full_width_digits_are_accepted() -> None:
    browser, _ = asked(FakeReader(a_card()))
    assert browser.send_pin("４６ ４９").heading == "Confirmed"


@pytest.mark.parametrize(
    ("reader", "heading"),
    [
        (FakeReader(None), "No card yet"),
        (FakeReader(another_card), "This does not seem to be a My Number Card"),
        (FakeReader(lambda _: b""), "The card cannot be read"),
    ],
)
def test_each_state_has_its_own_page_without_a_pin_field(reader: FakeReader, heading: str) -> None:
    _, page = asked(reader)
    assert page.heading == heading
    assert not page.has_pin_field
    assert "Check again" in page.text


@pytest.mark.parametrize(
    ("failure", "heading"),
    [
        (ReaderBusy(), "Another program is using the reader"),
        (NoReader(), "No card reader found"),
        (CardUnreadable(), "The card cannot be read"),
    ],
)
def test_a_reader_that_fails_is_explained(failure: ReaderError, heading: str) -> None:
    reader = FakeReader(a_card())
    reader.failure = failure
    _, page = asked(reader)
    assert page.heading == heading


def test_a_computer_without_readers_or_service_is_explained() -> None:
    assert asked()[1].heading == "No card reader found"
    assert asked(is_served=False)[1].heading == "The computer is not ready for card readers"


def test_checking_again_finds_the_card_that_was_placed() -> None:
    reader = FakeReader(None)
    browser, page = asked(reader)
    reader.card = a_card()
    again = re.search(r'<a class="button" href="([^"]*)"', page.text)
    assert again is not None
    assert browser.open(again[1]).heading == "Enter your PIN"


def test_a_card_pulled_before_the_pin_says_that_no_try_was_used() -> None:
    reader = FakeReader(a_card())
    browser, _ = asked(reader)
    reader.card = None
    assert browser.send_pin(PIN).heading == "The card was moved away"


def test_a_card_pulled_while_it_compares_is_not_called_unused() -> None:
    reader = FakeReader(a_card())
    browser, _ = asked(reader)
    reader.pull_at = is_verify
    page = browser.send_pin(PIN)
    assert page.heading == "The card gave no answer"
    assert "No try was used" not in page.text


def test_a_card_pulled_at_the_signature_leaves_nothing_signed() -> None:
    reader = FakeReader(a_card())
    browser, _ = asked(reader)
    reader.pull_at = is_signature
    assert browser.send_pin(PIN).heading == "The card was moved away"
    reader.pull_at, reader.card = (lambda _: False), a_card()
    browser.open(f"/confirm/{browser.page.path.split('/')[2]}")
    assert browser.send_pin(PIN).heading == "Confirmed"


def test_two_cards_are_a_list_to_choose_from_with_empty_readers_marked() -> None:
    a, b = FakeReader(a_card(tries_left=2), name="A"), FakeReader(a_card(), name="B")
    browser, page = asked(a, FakeReader(None, name="C"), b)
    assert page.heading == "There are 3 readers"
    assert page.text.count('type="radio"') == 3
    assert "No card yet" in page.text
    browser.open(f"{page.path}?reader=B")
    assert browser.send_pin(PIN).heading == "Confirmed"
    assert (len(a.verifications), len(b.verifications)) == (0, 1)


def test_digits_can_be_shown_and_hidden_by_a_link() -> None:
    browser, page = asked(FakeReader(a_card()))
    assert 'type="password"' in page.text
    shown = browser.open(f"{page.path}?digits=shown")
    assert 'type="password"' not in shown.text
    assert "Hide the digits" in shown.text
    assert 'type="password"' not in browser.send_pin("12").text


def test_the_language_link_keeps_the_place() -> None:
    browser, _ = asked(FakeReader(a_card()))
    page = browser.send_pin("12")
    link = re.search(r'<a class="language" href="([^"]*)" lang="ja"', page.text)
    assert link is not None
    assert browser.open(link[1]).heading == "数字4桁で入力してください"
    assert browser.send_pin(PIN).heading == "確認できました"


def test_a_challenge_that_ends_while_the_pin_is_typed_sends_nothing_to_the_card() -> None:
    reader = FakeReader(a_card())
    browser, _ = asked(reader)
    browser.now += timedelta(minutes=5)
    page = browser.send_pin(PIN)
    assert page.heading == "Time is up"
    assert page.fields["outcome"] == "expired"
    assert reader.verifications == []


def test_a_page_that_waits_for_reading_is_not_pressed_by_the_script() -> None:
    browser, _ = asked(FakeReader(a_card()))
    assert "handover.js" in browser.leave("cancelled").text
    assert "handover.js" not in browser.ask(question_fields(expires_at=browser.now)).text


def test_reloading_the_hand_over_shows_it_again() -> None:
    browser, _ = asked(FakeReader(a_card()))
    page = browser.send_pin(PIN)
    assert browser.open(page.address).fields == page.fields


def test_the_hand_over_keeps_its_answer_in_the_other_language() -> None:
    browser, _ = asked(FakeReader(a_card()))
    page = browser.send_pin(PIN)
    found = re.search(r'<a class="language" href="([^"]+)"', page.text)
    assert found
    assert browser.open(found[1]).fields == page.fields


def test_the_address_alone_says_that_the_agent_runs() -> None:
    browser = AgentBrowser(FakeTransport())
    assert browser.open("/?lang=en").heading == "Card Agent is running"
