"""Command and response APDUs as a card sees them: ISO/IEC 7816-3 section 12.1, short and extended form."""

from dataclasses import dataclass
from enum import IntEnum

_HEADER = 4
LONGEST_APDU = _HEADER + 3 + 0xFFFF + 2
_SHORT_MAXIMUM = 0x100
_EXTENDED_MAXIMUM = 0x10000


class Status(IntEnum):
    """Status words (ISO/IEC 7816-4 section 5.6) that the virtual card answers."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    WRONG_PIN = 0x63C0
    WRONG_LENGTH = 0x6700
    NO_LOGICAL_CHANNEL = 0x6881
    NO_SECURE_MESSAGING = 0x6882
    NO_CHAINING = 0x6884
    NOT_TRANSPARENT = 0x6981
    SECURITY_STATUS = 0x6982
    BLOCKED = 0x6984
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    WRONG_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    WRONG_P1_P2 = 0x6A86
    WRONG_OFFSET = 0x6B00
    EXACT_LENGTH = 0x6C00
    UNKNOWN_INSTRUCTION = 0x6D00
    UNKNOWN_CLASS = 0x6E00


class Refusal(Exception):
    """The command ends here with `status` and no data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Command:
    """One command; `wanted` is how many bytes the answer may have at most (Ne). No repr: the data may be a PIN."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    wanted: int

    @property
    def parameters(self) -> int:
        return self.p1 << 8 | self.p2


def parse_command(apdu: bytes) -> Command:
    """Read one of the seven forms of a command. Raises `Refusal` (6700) for anything else."""
    if not _HEADER <= len(apdu) <= LONGEST_APDU:
        raise Refusal(Status.WRONG_LENGTH)
    cla, ins, p1, p2 = apdu[:_HEADER]
    body = apdu[_HEADER:]
    is_extended = body[:1] == b"\x00" and body[2:] != b""
    data, wanted = _extended(body[1:]) if is_extended else _short(body)
    return Command(cla=cla, ins=ins, p1=p1, p2=p2, data=data, wanted=wanted)


def response(status: int, data: bytes = b"") -> bytes:
    """A response APDU: the data, then SW1 SW2."""
    return data + status.to_bytes(2, "big")


def _short(body: bytes) -> tuple[bytes, int]:
    if not body:
        return b"", 0
    if len(body) == 1:
        return b"", body[0] or _SHORT_MAXIMUM
    length, rest = body[0], body[1:]
    if length == 0:
        raise Refusal(Status.WRONG_LENGTH)
    return _with_data(length, rest, size_of_wanted=1, maximum=_SHORT_MAXIMUM)


def _extended(body: bytes) -> tuple[bytes, int]:
    number, rest = int.from_bytes(body[:2], "big"), body[2:]
    if not rest:
        return b"", number or _EXTENDED_MAXIMUM
    if number == 0:
        raise Refusal(Status.WRONG_LENGTH)
    return _with_data(number, rest, size_of_wanted=2, maximum=_EXTENDED_MAXIMUM)


def _with_data(length: int, rest: bytes, *, size_of_wanted: int, maximum: int) -> tuple[bytes, int]:
    data, tail = rest[:length], rest[length:]
    if len(data) < length or len(tail) not in (0, size_of_wanted):
        raise Refusal(Status.WRONG_LENGTH)
    return data, (int.from_bytes(tail, "big") or maximum) if tail else 0
