"""The slot of the virtual reader: what lies in it, what it keeps on disk, and when the card is gone."""

from pathlib import Path

import pytest

from testbed.card_memory import load_card, save_card
from testbed.card_slot import CardGone, CardSlot, Control, Insertion, SlotError, SlotState
from testbed.virtual_card import CONTACT_ATR, CONTACTLESS_ATR, JPKI_AID
from tests.support.cards import a_card, a_key_pair

SELECT_APPLICATION = bytes.fromhex("00A4040C0A") + JPKI_AID
SELECT_PIN = bytes.fromhex("00A4020C020018")
TRIES_LEFT = bytes.fromhex("00200080")
WRONG_PIN = bytes.fromhex("0020008004") + b"9999"
SIGN = bytes.fromhex("802A0080013000")


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    folder = tmp_path / "cards"
    save_card(folder, a_card())
    save_card(folder, a_card(card_id="taro"))
    return folder


@pytest.fixture
def slot(cards: Path) -> CardSlot:
    return CardSlot(cards=cards, file=cards.parent / "reader.json")


def insert(slot: CardSlot, card_id: str = "hanako") -> Insertion:
    """Put the card in and give it power, as the daemon does."""
    insertion = slot.insert(card_id)
    tell(slot, Control.TELL_ATR, Control.POWER_ON, Control.TELL_ATR)
    return insertion


def tell(slot: CardSlot, *messages: bytes) -> bytes | None:
    """The answer to the last of `messages`."""
    insertion = slot.insertion
    assert insertion is not None
    return [slot.handle(insertion, message) for message in messages][-1]


def test_a_new_slot_is_empty(slot: CardSlot) -> None:
    slot.restore()
    assert slot.state == SlotState(card=None, contactless=False)


def test_an_unknown_card_cannot_be_inserted(slot: CardSlot) -> None:
    with pytest.raises(SlotError, match="hanako, taro"):
        slot.insert("jiro")


def test_a_second_card_cannot_be_inserted(slot: CardSlot) -> None:
    slot.insert("hanako")
    with pytest.raises(SlotError, match="pull it out first"):
        slot.insert("taro")


def test_the_card_is_still_there_after_a_restart(slot: CardSlot, cards: Path) -> None:
    slot.insert("taro", is_contactless=True)
    restarted = CardSlot(cards=cards, file=cards.parent / "reader.json")
    restarted.restore()
    assert restarted.state == SlotState(card="taro", contactless=True)


def test_a_pulled_card_is_still_out_after_a_restart(slot: CardSlot, cards: Path) -> None:
    slot.insert("taro")
    slot.pull()
    restarted = CardSlot(cards=cards, file=cards.parent / "reader.json")
    restarted.restore()
    assert restarted.insertion is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"card": "jiro"}', '{"card": 5}', '{"colour": "red"}'])
def test_a_state_that_fits_no_card_leaves_the_slot_empty(slot: CardSlot, cards: Path, content: str) -> None:
    (cards.parent / "reader.json").write_text(content, encoding="utf-8")
    slot.restore()
    assert slot.insertion is None


def test_the_kind_of_reader_shows_in_the_atr(slot: CardSlot) -> None:
    slot.insert("hanako")
    assert tell(slot, Control.TELL_ATR) == CONTACT_ATR
    slot.pull()
    slot.insert("hanako", is_contactless=True)
    assert tell(slot, Control.TELL_ATR) == CONTACTLESS_ATR


def test_an_invented_atr_is_well_formed() -> None:
    check = 0
    for byte in CONTACTLESS_ATR[1:]:
        check ^= byte
    assert check == 0
    assert len(CONTACTLESS_ATR) == 5 + (CONTACTLESS_ATR[1] & 0x0F)


@pytest.mark.parametrize("control", [Control.POWER_ON, Control.RESET, Control.POWER_OFF])
def test_power_makes_the_card_forget_the_application(slot: CardSlot, control: Control) -> None:
    insert(slot)
    assert tell(slot, SELECT_APPLICATION, SELECT_PIN) == b"\x90\x00"
    assert tell(slot, control, Control.POWER_ON, SELECT_PIN) == b"\x6a\x82"


def test_a_card_counts_as_taken_when_the_atr_is_asked_after_power(slot: CardSlot) -> None:
    insertion = slot.insert("hanako")
    tell(slot, Control.TELL_ATR)
    assert not insertion.powered.is_set()
    tell(slot, Control.POWER_ON, Control.TELL_ATR)
    assert insertion.powered.is_set()


def test_a_wrong_pin_is_counted_on_disk(slot: CardSlot, cards: Path) -> None:
    insert(slot)
    assert tell(slot, SELECT_APPLICATION, SELECT_PIN, WRONG_PIN) == b"\x63\xc2"
    assert load_card(cards, "hanako").pin_tries_left == 2


def test_counting_a_wrong_pin_keeps_what_issuing_wrote_meanwhile(slot: CardSlot, cards: Path) -> None:
    insert(slot)
    renewed = a_card(authentication=a_key_pair("renewed"))
    save_card(cards, renewed)
    tell(slot, SELECT_APPLICATION, SELECT_PIN, WRONG_PIN)
    assert load_card(cards, "hanako").authentication == renewed.authentication


def test_a_renewed_card_shows_its_new_certificate_at_the_next_power_on(slot: CardSlot, cards: Path) -> None:
    insertion = insert(slot)
    renewed = a_card(authentication=a_key_pair("renewed"))
    save_card(cards, renewed)
    tell(slot, Control.POWER_ON)
    assert insertion.card.memory == renewed


def test_unlocking_reaches_the_card_in_the_reader(slot: CardSlot, cards: Path) -> None:
    save_card(cards, a_card(pin_tries_left=0))
    insert(slot)
    assert tell(slot, SELECT_APPLICATION, SELECT_PIN, WRONG_PIN) == b"\x69\x84"
    slot.unlock("hanako")
    assert tell(slot, SELECT_APPLICATION, SELECT_PIN, TRIES_LEFT) == b"\x63\xc3"


def test_unlocking_an_unknown_card_is_refused(slot: CardSlot) -> None:
    with pytest.raises(SlotError):
        slot.unlock("../hanako")


def test_a_pulled_card_answers_nothing(slot: CardSlot) -> None:
    insertion = insert(slot)
    slot.pull()
    with pytest.raises(CardGone):
        slot.handle(insertion, SELECT_APPLICATION)


def test_the_card_can_leave_in_the_middle_of_a_signature(slot: CardSlot) -> None:
    insertion = insert(slot)
    slot.pull_during_next_signature()
    assert tell(slot, SELECT_APPLICATION) == b"\x90\x00"
    with pytest.raises(CardGone):
        slot.handle(insertion, SIGN)
    assert slot.insertion is None


def test_a_card_that_left_by_hand_is_not_pulled_again_later(slot: CardSlot) -> None:
    insert(slot)
    slot.pull_during_next_signature()
    slot.pull()
    insert(slot)
    assert tell(slot, SELECT_APPLICATION, SIGN) == b"\x69\x86"


def test_an_empty_slot_cannot_be_armed(slot: CardSlot) -> None:
    with pytest.raises(SlotError):
        slot.pull_during_next_signature()


def test_an_unknown_control_byte_is_ignored(slot: CardSlot) -> None:
    insert(slot)
    assert tell(slot, b"\x03") is None


def test_a_card_without_power_is_mute(slot: CardSlot) -> None:
    insert(slot)
    with pytest.raises(CardGone):
        tell(slot, Control.POWER_OFF, SELECT_APPLICATION)


def test_a_card_that_is_taken_for_the_last_one_falls_silent(slot: CardSlot) -> None:
    slot.insert("hanako")
    assert tell(slot, Control.TELL_ATR, Control.TELL_ATR) == CONTACT_ATR
    with pytest.raises(CardGone):
        tell(slot, Control.TELL_ATR)


def test_a_card_that_was_switched_off_still_shows_itself(slot: CardSlot) -> None:
    insert(slot)
    assert tell(slot, Control.POWER_OFF, *[Control.TELL_ATR] * 5) == CONTACT_ATR


def test_a_new_link_begins_without_power(slot: CardSlot) -> None:
    insert(slot).link_up()
    with pytest.raises(CardGone):
        tell(slot, SELECT_APPLICATION)
