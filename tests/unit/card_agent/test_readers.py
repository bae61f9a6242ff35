import pytest

from card_agent import card, transport
from card_agent.card import CardError
from card_agent.readers import CardState, Readers, Sighting, pick, state_of
from card_agent.transport import READER_ERRORS, NoReader, NoReaderService, ReaderBusy
from tests.support.fake_reader import FakeReader, FakeTransport, a_card, another_card


def states(*readers: FakeReader) -> list[CardState]:
    return [sighting.state for sighting in Readers(FakeTransport(*readers)).look()]


def test_each_reader_is_seen_as_it_is() -> None:
    busy = FakeReader(a_card(), name="busy")
    busy.failure = ReaderBusy()
    assert states(
        FakeReader(None, name="empty"),
        FakeReader(another_card, name="other"),
        FakeReader(a_card(has_login=False), name="child"),
        FakeReader(lambda _: b"", name="coin"),
        busy,
        FakeReader(a_card(), name="good"),
    ) == [
        CardState.EMPTY,
        CardState.OTHER_CARD,
        CardState.NO_CERTIFICATE,
        CardState.UNREADABLE,
        CardState.BUSY,
        CardState.READY,
    ]


def test_looking_leaves_the_reader_free_and_sends_no_pin() -> None:
    reader = FakeReader(a_card(tries_left=2))
    assert Readers(FakeTransport(reader)).look() == [Sighting(reader=reader.name, state=CardState.READY, tries_left=2)]
    assert not reader.is_connected
    assert reader.verifications == []


def test_a_missing_service_is_raised() -> None:
    with pytest.raises(NoReaderService):
        Readers(FakeTransport(is_served=False)).look()


def seen(**by_name: CardState) -> list[Sighting]:
    return [Sighting(reader=name, state=state, tries_left=3) for name, state in by_name.items()]


def test_the_only_my_number_card_is_picked_among_other_readers() -> None:
    picked = pick(seen(a=CardState.EMPTY, b=CardState.READY, c=CardState.OTHER_CARD))
    assert picked is not None
    assert picked.reader == "b"


def test_two_my_number_cards_are_for_the_citizen_to_choose() -> None:
    sightings = seen(a=CardState.READY, b=CardState.NO_CERTIFICATE)
    assert pick(sightings) is None
    assert pick(sightings, wanted="b") is sightings[1]


def test_a_wanted_reader_that_is_gone_is_not_picked() -> None:
    sightings = seen(a=CardState.READY)
    assert pick(sightings, wanted="gone") is sightings[0]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ((CardState.EMPTY, CardState.OTHER_CARD), CardState.OTHER_CARD),
        ((CardState.EMPTY, CardState.BUSY), CardState.BUSY),
        ((CardState.EMPTY, CardState.EMPTY), CardState.EMPTY),
        ((CardState.NO_READER,), CardState.NO_READER),
    ],
)
def test_without_a_card_the_most_telling_state_is_picked(states: tuple[CardState, ...], told: CardState) -> None:
    picked = pick([Sighting(reader=str(number), state=state) for number, state in enumerate(states)])
    assert picked is not None
    assert picked.state is told


def test_no_reader_is_raised() -> None:
    with pytest.raises(NoReader):
        pick([])


def test_every_reader_error_is_in_the_closed_family() -> None:
    assert set(transport.ReaderError.__subclasses__()) == set(READER_ERRORS)


def test_every_error_has_a_state() -> None:
    told = {kind: state_of(kind()) for kind in READER_ERRORS}
    assert told[transport.CardUnreadable] is CardState.UNREADABLE
    assert told[transport.NoCard] is CardState.EMPTY
    assert CardState.READY not in told.values()
    assert state_of(card.WrongPin(2)) is not CardState.READY
    assert {kind.__module__ for kind in CardError.__subclasses__()} == {"card_agent.card"}
