"""The PC/SC wrapper over a stand-in for pyscard's plain calls."""

from dataclasses import dataclass, field

import pytest
from smartcard import scard

from card_agent import pcsc
from card_agent.pcsc import PcscTransport
from card_agent.transport import (
    CardPulled,
    CardUnreadable,
    NoCard,
    NoReader,
    NoReaderService,
    ReaderBusy,
    ReaderError,
)

OK = scard.SCARD_S_SUCCESS
RESET = scard.SCARD_W_RESET_CARD


@dataclass(slots=True, kw_only=True)
class FakeService:
    """Answers the calls in the order of its lists; every constant is pyscard's own."""

    establish: int = OK
    listing: tuple[int, list[str]] = (OK, ["A"])
    connects: list[int] = field(default_factory=lambda: [OK])
    transmits: list[tuple[int, list[int]]] = field(default_factory=list)
    protocol: int = scard.SCARD_PROTOCOL_T1
    calls: list[str] = field(default_factory=list)
    shares: list[int] = field(default_factory=list)
    dispositions: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> int:
        return int(getattr(scard, name))

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802 (pyscard's name)
        self.calls.append("establish")
        return self.establish, 1

    def SCardReleaseContext(self, _context: int) -> int:  # noqa: N802
        self.calls.append("release")
        return OK

    def SCardListReaders(self, _context: int, _groups: list[str]) -> tuple[int, list[str]]:  # noqa: N802
        return self.listing

    def SCardConnect(self, _context: int, _reader: str, share: int, _protocols: int) -> tuple[int, int, int]:  # noqa: N802
        self.calls.append("connect")
        self.shares.append(share)
        return self.connects.pop(0), 2, self.protocol

    def SCardReconnect(self, _handle: int, share: int, _protocols: int, _disposition: int) -> tuple[int, int]:  # noqa: N802
        self.calls.append("reconnect")
        self.shares.append(share)
        return OK, self.protocol

    def SCardTransmit(self, _handle: int, _header: int, _apdu: list[int]) -> tuple[int, list[int]]:  # noqa: N802
        self.calls.append("transmit")
        return self.transmits.pop(0)

    def SCardDisconnect(self, _handle: int, disposition: int) -> int:  # noqa: N802
        self.calls.append("disconnect")
        self.dispositions.append(disposition)
        return OK

    def SCardGetErrorMessage(self, result: int) -> str:  # noqa: N802
        return str(scard.SCardGetErrorMessage(result))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FakeService:
    fake = FakeService()
    monkeypatch.setattr(pcsc, "scard", fake)
    return fake


def test_readers_are_listed_and_the_context_is_given_back(service: FakeService) -> None:
    assert PcscTransport().readers() == ["A"]
    assert service.calls == ["establish", "release"]


def test_no_reader_is_an_empty_list(service: FakeService) -> None:
    service.listing = (scard.SCARD_E_NO_READERS_AVAILABLE, [])
    assert PcscTransport().readers() == []


def test_a_stopped_service_is_told(service: FakeService) -> None:
    service.establish = scard.SCARD_E_NO_SERVICE
    with pytest.raises(NoReaderService):
        PcscTransport().readers()


def test_connections_are_exclusive_and_end_without_power(service: FakeService) -> None:
    service.transmits = [(OK, [0x90, -256])]
    with PcscTransport().connect("A") as connection:
        assert connection.transmit(b"\x00\xa4") == b"\x90\x00"
    connection.close()
    assert service.shares == [scard.SCARD_SHARE_EXCLUSIVE]
    assert service.dispositions == [scard.SCARD_UNPOWER_CARD]
    assert service.calls == ["establish", "connect", "transmit", "disconnect", "release"]


def test_the_card_is_left_without_power_after_an_error_too(service: FakeService) -> None:
    service.transmits = [(scard.SCARD_F_UNKNOWN_ERROR, [])]
    with pytest.raises(CardUnreadable), PcscTransport().connect("A") as connection:
        connection.transmit(b"\x00\xa4")
    assert service.calls[-2:] == ["disconnect", "release"]


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (scard.SCARD_E_NO_SMARTCARD, NoCard),
        (scard.SCARD_W_REMOVED_CARD, NoCard),
        (scard.SCARD_E_SHARING_VIOLATION, ReaderBusy),
        (scard.SCARD_E_UNKNOWN_READER, NoReader),
        (scard.SCARD_E_READER_UNAVAILABLE, NoReader),
        (scard.SCARD_E_SERVICE_STOPPED, NoReaderService),
        (scard.SCARD_W_UNRESPONSIVE_CARD, CardUnreadable),
        (scard.SCARD_W_UNPOWERED_CARD, CardUnreadable),
        (scard.SCARD_E_PROTO_MISMATCH, CardUnreadable),
    ],
)
def test_a_failed_connection_says_why_and_leaks_nothing(
    service: FakeService, result: int, error: type[ReaderError]
) -> None:
    service.connects = [result]
    with pytest.raises(error):
        PcscTransport().connect("A")
    assert service.calls == ["establish", "connect", "release"]


def test_a_reset_at_the_beginning_is_tried_once_more(service: FakeService) -> None:
    service.connects = [RESET, OK]
    service.transmits = [(RESET, []), (OK, [0x90, 0x00])]
    with PcscTransport().connect("A") as connection:
        assert connection.transmit(b"\x00\xa4") == b"\x90\x00"
    assert service.calls.count("reconnect") == 1
    assert set(service.shares) == {scard.SCARD_SHARE_EXCLUSIVE}


def test_a_second_reset_is_an_error(service: FakeService) -> None:
    service.connects = [RESET, RESET]
    with pytest.raises(CardPulled):
        PcscTransport().connect("A")
    service.connects, service.transmits = [OK], [(RESET, []), (RESET, [])]
    with PcscTransport().connect("A") as connection, pytest.raises(CardPulled):
        connection.transmit(b"\x00\xa4")


def test_nothing_is_sent_twice_after_the_first_command(service: FakeService) -> None:
    service.transmits = [(OK, [0x90, 0x00]), (RESET, [])]
    with PcscTransport().connect("A") as connection:
        connection.transmit(b"\x00\xa4")
        with pytest.raises(CardPulled):
            connection.transmit(b"\x00\x20")
    assert service.calls.count("transmit") == 2


@pytest.mark.parametrize(
    "result", [scard.SCARD_W_REMOVED_CARD, scard.SCARD_E_NO_SMARTCARD, scard.SCARD_E_READER_UNAVAILABLE]
)
def test_a_card_that_leaves_is_pulled(service: FakeService, result: int) -> None:
    service.transmits = [(result, [])]
    with PcscTransport().connect("A") as connection, pytest.raises(CardPulled):
        connection.transmit(b"\x00\xa4")


@pytest.mark.parametrize("silence", [(scard.SCARD_E_NOT_TRANSACTED, []), (OK, []), (OK, [0x90])])
def test_a_card_that_falls_silent_is_pulled_and_one_that_never_spoke_is_unreadable(
    service: FakeService, silence: tuple[int, list[int]]
) -> None:
    service.transmits = [(OK, [0x90, 0x00]), silence]
    with PcscTransport().connect("A") as connection:
        connection.transmit(b"\x00\xa4")
        with pytest.raises(CardPulled):
            connection.transmit(b"\x80\x2a")
    service.connects, service.transmits = [OK], [silence]
    with PcscTransport().connect("A") as connection, pytest.raises(CardUnreadable):
        connection.transmit(b"\x00\xa4")
