from pathlib import Path

import pytest

from testbed.acts import ActError, Desk
from testbed.defects import Defect
from testbed.profiles import Authority
from testbed.sample_cards import SAMPLE_CARDS, Condition
from testbed.scenario import fill
from tests.support.pki import A_MOMENT, SamplePki, a_pki


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    pki = a_pki(tmp_path_factory.mktemp("desk"))
    fill(pki.pki, lambda: A_MOMENT, state=pki.state)
    return pki


@pytest.fixture
def desk(filled: SamplePki, tmp_path: Path) -> Desk:
    """No reader runs."""
    return Desk(state=filled.state, reader=tmp_path, clock=lambda: A_MOMENT)


def test_cards_are_listed_while_no_reader_runs(desk: Desk) -> None:
    shown = desk.cards()[: len(SAMPLE_CARDS)]
    assert [card.condition for card in shown] == [sample.condition for sample in SAMPLE_CARDS]
    assert not any(card.is_inserted for card in shown)


def test_card_issued_by_hand_is_registered_and_listed_after_the_others(desk: Desk, filled: SamplePki) -> None:
    desk.issue("by-hand", Condition.ORDINARY, pin="4321")
    listed = {shown.card.card_id: shown for shown in desk.cards()[len(SAMPLE_CARDS) :]}
    assert listed["by-hand"].condition is None
    assert listed["by-hand"].card.pin == "4321"
    assert [issued.revocation for issued in filled.pki.register.on_card("by-hand")] == [None, None]


def test_card_can_be_issued_in_a_condition(desk: Desk, filled: SamplePki) -> None:
    desk.issue("held-by-hand", Condition.ON_HOLD, pin="1234")
    held = filled.pki.register.on_card("held-by-hand")[0]
    assert held.authority is Authority.AUTHENTICATION
    assert held.revocation is not None
    assert held.revocation.is_hold


@pytest.mark.parametrize("card_id", ["hanako", "", "Upper", "../outside", "a/b", "x" * 33])
def test_card_without_an_id_of_its_own_is_not_issued(desk: Desk, card_id: str) -> None:
    before = desk.cards()
    with pytest.raises(ActError):
        desk.issue(card_id, Condition.ORDINARY, pin="1234")
    assert desk.cards() == before


@pytest.mark.parametrize("pin", ["", "123", "12345", "abcd", "１２３４"])
def test_card_is_not_issued_with_what_is_no_pin(desk: Desk, pin: str) -> None:
    with pytest.raises(ActError, match="four digits"):
        desk.issue("no-pin", Condition.ORDINARY, pin=pin)


def test_broken_card_has_another_certificate(desk: Desk) -> None:
    desk.issue("to-break", Condition.ORDINARY, pin="1234")
    before = next(shown.card for shown in desk.cards() if shown.card.card_id == "to-break")
    desk.spoil("to-break", Defect.CA_FLAG)
    after = next(shown.card for shown in desk.cards() if shown.card.card_id == "to-break")
    assert after.authentication != before.authentication
    assert after.signature == before.signature


def test_card_that_does_not_exist_cannot_be_broken(desk: Desk) -> None:
    with pytest.raises(ActError, match="no sample card"):
        desk.spoil("nobody", Defect.CA_FLAG)
