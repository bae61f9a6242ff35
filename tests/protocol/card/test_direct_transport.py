"""The card agent reaches the virtual card where there is no smart-card service, with the same errors as over PC/SC."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from card_agent.transport import CardPulled, CardTransport, NoCard, NoReader, NoReaderService, ReaderBusy
from testbed.card_memory import load_card, save_card
from testbed.direct_transport import DIRECT_READER, DirectTransport
from testbed.reader_control import ReaderControl
from testbed.virtual_card import JPKI_AID
from tests.support.cards import PIN, a_card, public_key
from tests.support.reader import RunningReader, a_running_reader

OK = b"\x90\x00"
SELECT_APPLICATION = bytes.fromhex("00A4040C0A") + JPKI_AID
SELECT_PIN = bytes.fromhex("00A4020C020018")
SELECT_KEY = bytes.fromhex("00A4020C020017")
VERIFY = bytes.fromhex("0020008004") + PIN.encode()
SIGN = bytes.fromhex("802A0080333031300d060960864801650304020105000420") + bytes(32) + b"\x00"


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    save_card(folder, a_card())
    return folder


@pytest.fixture(scope="module")
def running(cards: Path) -> Iterator[RunningReader]:
    with a_running_reader(cards, without_pcscd=True) as reader:
        yield reader


@pytest.fixture
def control(running: RunningReader) -> ReaderControl:
    """The reader with the card in it and no try lost."""
    running.control.unlock("hanako")
    running.control.swap("hanako")
    return running.control


@pytest.fixture
def transport(running: RunningReader, control: ReaderControl) -> CardTransport:
    assert control.state().card == "hanako"
    return DirectTransport(running.run_folder)


def test_the_agent_signs_through_it(transport: CardTransport) -> None:
    assert transport.readers() == [DIRECT_READER]
    with transport.connect(DIRECT_READER) as connection:
        assert [connection.transmit(apdu) for apdu in (SELECT_APPLICATION, SELECT_PIN, VERIFY, SELECT_KEY)] == [OK] * 4
        answer = connection.transmit(SIGN)
    assert answer[-2:] == OK
    key = public_key(a_card().authentication)
    key.verify(answer[:-2], bytes(32), padding.PKCS1v15(), Prehashed(SHA256()))


def test_the_card_forgets_the_pin_when_the_connection_closes(transport: CardTransport) -> None:
    with transport.connect(DIRECT_READER) as connection:
        for apdu in (SELECT_APPLICATION, SELECT_PIN, VERIFY):
            connection.transmit(apdu)
    with transport.connect(DIRECT_READER) as connection:
        assert connection.transmit(SELECT_KEY) == b"\x6a\x82"
        connection.transmit(SELECT_APPLICATION)
        connection.transmit(SELECT_KEY)
        assert connection.transmit(SIGN) == b"\x69\x82"


def test_a_second_connection_finds_the_reader_busy(transport: CardTransport) -> None:
    with transport.connect(DIRECT_READER), pytest.raises(ReaderBusy):
        transport.connect(DIRECT_READER)


def test_an_empty_reader_has_no_card(transport: CardTransport, control: ReaderControl) -> None:
    control.pull()
    assert transport.readers() == [DIRECT_READER]
    with pytest.raises(NoCard):
        transport.connect(DIRECT_READER)


def test_a_card_pulled_out_between_two_commands_is_noticed(transport: CardTransport, control: ReaderControl) -> None:
    with transport.connect(DIRECT_READER) as connection:
        connection.transmit(SELECT_APPLICATION)
        control.pull()
        with pytest.raises(CardPulled):
            connection.transmit(SELECT_PIN)


def test_a_card_pulled_out_while_it_signs_is_noticed(transport: CardTransport, control: ReaderControl) -> None:
    control.pull_during_next_signature()
    with transport.connect(DIRECT_READER) as connection:
        for apdu in (SELECT_APPLICATION, SELECT_PIN, VERIFY, SELECT_KEY):
            connection.transmit(apdu)
        with pytest.raises(CardPulled):
            connection.transmit(SIGN)


def test_another_reader_is_unknown(transport: CardTransport) -> None:
    with pytest.raises(NoReader):
        transport.connect("another reader")


def test_a_reader_that_does_not_run_is_no_service(tmp_path: Path) -> None:
    transport = DirectTransport(tmp_path)
    with pytest.raises(NoReaderService):
        transport.readers()
    with pytest.raises(NoReaderService):
        transport.connect(DIRECT_READER)


def test_closing_twice_does_nothing(transport: CardTransport) -> None:
    connection = transport.connect(DIRECT_READER)
    connection.close()
    connection.close()


def test_a_wrong_pin_is_counted_on_disk(transport: CardTransport, cards: Path) -> None:
    with transport.connect(DIRECT_READER) as connection:
        connection.transmit(SELECT_APPLICATION)
        connection.transmit(SELECT_PIN)
        assert connection.transmit(bytes.fromhex("0020008004") + b"9999") == b"\x63\xc2"
    assert load_card(cards, "hanako").pin_tries_left == 2
