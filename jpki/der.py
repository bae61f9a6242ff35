"""The little of DER (X.690) that is read by hand: where an element begins and ends, strictly."""

SEQUENCE = 0x30
INTEGER = 0x02
ENUMERATED = 0x0A
BOOLEAN = 0x01
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
CONTEXT_0 = 0xA0

_LONG_FORM = 0x80
_MAXIMUM_LENGTH_BYTES = 4


class NotDer(ValueError):
    """The bytes are not the expected DER."""


def element(data: bytes, position: int, end: int, tag: int) -> tuple[int, int]:
    """The bounds of the content of the element with `tag` at `position`, which may not pass `end`.

    Lengths are definite and minimal (X.690 section 10.1). Raises `NotDer`.
    """
    if position + 2 > end or data[position] != tag:
        raise NotDer("another element was expected")
    length, start = data[position + 1], position + 2
    if length >= _LONG_FORM:
        count = length - _LONG_FORM
        start += count
        if not 0 < count <= _MAXIMUM_LENGTH_BYTES or start > end:
            raise NotDer("unsupported length")
        length = int.from_bytes(data[start - count : start], "big")
        if length < _LONG_FORM or length >> (8 * (count - 1)) == 0:
            raise NotDer("length is not minimal")
    if start + length > end:
        raise NotDer("element is longer than its place")
    return start, start + length


def next_tag(data: bytes, position: int, end: int) -> int | None:
    """The tag at `position`, or nothing at the end."""
    return data[position] if position < end else None


def positive_integer(data: bytes, position: int, end: int, *, maximum_bytes: int) -> tuple[int, int]:
    """The bounds of a positive INTEGER's content, minimal and of at most `maximum_bytes`. Raises `NotDer`."""
    start, stop = element(data, position, end, INTEGER)
    size = stop - start
    if not 0 < size <= maximum_bytes or data[start] >= _LONG_FORM:
        raise NotDer("not a positive integer of a supported size")
    if data[start] == 0 and (size == 1 or data[start + 1] < _LONG_FORM):
        raise NotDer("zero, or not a minimal integer")
    return start, stop
