"""Readers over PC/SC. The only file with pyscard, whose objects carry no types: they end here.

It uses the plain PC/SC calls and none of pyscard's monitors, so no thread of its own runs. Connections are exclusive:
with a shared one, a second program could sign with the PIN that we verified. They end with the card's power switched
off, so that a verified PIN does not outlive them.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from smartcard import scard

from card_agent.transport import (
    CardConnection,
    CardPulled,
    CardUnreadable,
    NoCard,
    NoReader,
    NoReaderService,
    ReaderBusy,
    ReaderError,
)

_EITHER_PROTOCOL = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_HEADERS = {scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0, scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1}
_SILENCE = (scard.SCARD_E_NOT_TRANSACTED, scard.SCARD_E_COMM_DATA_LOST)
_STATUS_BYTES = 2
_ERRORS: dict[int, type[ReaderError]] = {
    scard.SCARD_E_NO_SERVICE: NoReaderService,
    scard.SCARD_E_SERVICE_STOPPED: NoReaderService,
    scard.SCARD_E_INVALID_HANDLE: NoReaderService,
    scard.SCARD_F_COMM_ERROR: NoReaderService,
    scard.SCARD_E_NO_READERS_AVAILABLE: NoReader,
    scard.SCARD_E_UNKNOWN_READER: NoReader,
    scard.SCARD_E_READER_UNAVAILABLE: NoReader,
    scard.SCARD_E_NO_SMARTCARD: NoCard,
    scard.SCARD_W_REMOVED_CARD: CardPulled,
    scard.SCARD_W_RESET_CARD: CardPulled,
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
}


class PcscTransport:
    """`CardTransport` over the computer's smart-card service; each call asks the service anew."""

    name = "PC/SC"

    def readers(self) -> list[str]:
        context = _establish()
        try:
            result, names = scard.SCardListReaders(context, [])
            if result == scard.SCARD_E_NO_READERS_AVAILABLE:
                return []
            _check(result, "list the readers")
            return [str(name) for name in names]
        finally:
            scard.SCardReleaseContext(context)

    def connect(self, reader: str) -> CardConnection:
        context = _establish()
        try:
            handle, protocol = _connect(context, reader)
        except BaseException:
            scard.SCardReleaseContext(context)
            raise
        return PcscConnection(context, handle, protocol)


class PcscConnection:
    """One exclusive connection. A reset by another program before our first command is mended once, in silence."""

    def __init__(self, context: Any, handle: Any, protocol: int) -> None:  # noqa: ANN401 (handles of pyscard)
        self._context = context
        self._handle = handle
        self._protocol = protocol
        self._is_open = True
        self._is_untouched = True

    def transmit(self, apdu: bytes) -> bytes:
        result, answer = self._send(apdu)
        if result == scard.SCARD_W_RESET_CARD and self._is_untouched:
            self._reconnect()
            result, answer = self._send(apdu)
        is_first, self._is_untouched = self._is_untouched, False
        if result in _SILENCE or (result == scard.SCARD_S_SUCCESS and len(answer) < _STATUS_BYTES):
            # A card that has answered before and falls silent has left; the service notices that later than we do.
            raise (CardUnreadable if is_first else CardPulled)("send a command: no answer")
        _check(_as_pulled(result), "send a command")
        return bytes(byte & 0xFF for byte in answer)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            scard.SCardDisconnect(self._handle, scard.SCARD_UNPOWER_CARD)
            scard.SCardReleaseContext(self._context)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.close()

    def _send(self, apdu: bytes) -> tuple[int, Sequence[int]]:
        result, answer = scard.SCardTransmit(self._handle, _HEADERS[self._protocol], list(apdu))
        return int(result), answer

    def _reconnect(self) -> None:
        result, protocol = scard.SCardReconnect(
            self._handle, scard.SCARD_SHARE_EXCLUSIVE, _EITHER_PROTOCOL, scard.SCARD_RESET_CARD
        )
        _check(_as_pulled(result), "reconnect")
        self._protocol = protocol


def _establish() -> Any:  # noqa: ANN401 (a handle of pyscard)
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if result != scard.SCARD_S_SUCCESS:
        raise NoReaderService(_words("reach the smart-card service", result))
    return context


def _connect(context: Any, reader: str) -> tuple[Any, int]:  # noqa: ANN401 (handles of pyscard)
    result, handle, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, _EITHER_PROTOCOL)
    if result == scard.SCARD_W_RESET_CARD:
        result, handle, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, _EITHER_PROTOCOL)
    if result == scard.SCARD_W_REMOVED_CARD:
        raise NoCard(_words("connect", result))
    _check(result, "connect")
    if protocol not in _HEADERS:
        scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD)
        raise CardUnreadable(f"connect: unknown protocol {protocol}")
    return handle, int(protocol)


def _as_pulled(result: int) -> int:
    """In the middle of a conversation an empty or vanished reader means that the card was there and is not any more."""
    gone = (scard.SCARD_E_NO_SMARTCARD, scard.SCARD_E_READER_UNAVAILABLE, scard.SCARD_E_UNKNOWN_READER)
    return int(scard.SCARD_W_REMOVED_CARD) if result in gone else result


def _check(result: int, step: str) -> None:
    """Raises the `ReaderError` of `result`; what the table does not know is `CardUnreadable`."""
    if result != scard.SCARD_S_SUCCESS:
        raise _ERRORS.get(result, CardUnreadable)(_words(step, result))


def _words(step: str, result: int) -> str:
    return f"{step}: {scard.SCardGetErrorMessage(result)}"
