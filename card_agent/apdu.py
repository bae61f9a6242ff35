"""Command and answer APDUs of ISO 7816-4, as far as the agent needs them; short form only."""

from dataclasses import dataclass

from card_agent.transport import CardConnection, CardUnreadable

OK = 0x9000
SECURITY_STATUS_NOT_SATISFIED = 0x6982
FILE_NOT_FOUND = 0x6A82
_TRIES_LEFT = 0x63C0
_MORE_WAITS = 0x61
_OTHER_LENGTH = 0x6C
_FARTHEST_OFFSET = 0x7FFF
_STATUS_BYTES = 2
_BLOCKED = (0x6983, 0x6984)
_FOLLOW_UPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the card said to one command."""

    data: bytes
    status: int

    @property
    def is_ok(self) -> bool:
        return self.status == OK

    @property
    def tries_left(self) -> int | None:
        """The number in `63 Cx`; 0 for either form of "blocked"; `None` for any other status."""
        if self.status & 0xFFF0 == _TRIES_LEFT:
            return self.status & 0x0F
        return 0 if self.status in _BLOCKED else None


def select_application(aid: bytes) -> bytes:
    return b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid


def select_file(file_id: int) -> bytes:
    return b"\x00\xa4\x02\x0c\x02" + file_id.to_bytes(2, "big")


def read_binary(*, offset: int, length: int) -> bytes:
    """`length` is 1 to 256. Raises `ValueError` for an offset above 15 bits, which would name another file."""
    if not 0 <= offset <= _FARTHEST_OFFSET:
        raise ValueError("an offset has 15 bits")
    return b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([length % 256])


def ask_tries_left() -> bytes:
    """VERIFY without data: the card tells the tries left and takes none."""
    return b"\x00\x20\x00\x80"


def verify(pin: bytearray) -> bytes:
    return b"\x00\x20\x00\x80" + bytes([len(pin)]) + pin


def compute_signature(digest_info: bytes) -> bytes:
    """The card adds the padding of PKCS#1 v1.5 (P1 = 00: data as given)."""
    return b"\x80\x2a\x00\x80" + bytes([len(digest_info)]) + digest_info + b"\x00"


def exchange(connection: CardConnection, command: bytes) -> Answer:
    """Send `command` and fetch the whole answer.

    Under T=0 a card may answer `61 xx` (more data waits: GET RESPONSE) or `6C xx` (the right length is xx: ask again);
    both are followed, a bounded number of times. Raises `ReaderError`.
    """
    data = b""
    answer = _transmit(connection, command)
    for _ in range(_FOLLOW_UPS):
        kind, length = divmod(answer.status, 256)
        if kind == _MORE_WAITS:
            data += answer.data
            answer = _transmit(connection, b"\x00\xc0\x00\x00" + bytes([length]))
        elif kind == _OTHER_LENGTH:
            answer = _transmit(connection, command[:-1] + bytes([length]))
        else:
            return Answer(data=data + answer.data, status=answer.status)
    raise CardUnreadable("the card's answer does not end")


def _transmit(connection: CardConnection, command: bytes) -> Answer:
    raw = connection.transmit(command)
    if len(raw) < _STATUS_BYTES:
        raise CardUnreadable("an answer has at least two bytes")
    return Answer(data=raw[:-2], status=int.from_bytes(raw[-2:], "big"))
