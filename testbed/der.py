"""The few pieces of DER (X.690) that the simulated PKI writes by itself.

Certificates and revocation lists come from `cryptography`; OCSP answers do not, because its builder takes `producedAt`
from the machine's clock and cannot build a faulty answer.
"""

from datetime import UTC, datetime

_SHORT_LENGTH = 0x80


def tlv(tag: int, content: bytes) -> bytes:
    """One element with a definite length."""
    size = len(content)
    if size < _SHORT_LENGTH:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT_LENGTH | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of elements already encoded."""
    return tlv(0x30, b"".join(parts))


def explicit(number: int, content: bytes) -> bytes:
    """A constructed, context-specific tag around `content`."""
    return tlv(0xA0 | number, content)


def integer(value: int) -> bytes:
    """An INTEGER; `value` is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def enumerated(value: int) -> bytes:
    """An ENUMERATED below 128."""
    return tlv(0x0A, bytes((value,)))


def octet_string(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, content)


def bit_string(content: bytes) -> bytes:
    """A BIT STRING without unused bits."""
    return tlv(0x03, b"\0" + content)


def null() -> bytes:
    """NULL."""
    return tlv(0x05, b"")


def utf8_string(text: str) -> bytes:
    """A UTF8String."""
    return tlv(0x0C, text.encode("utf-8"))


def generalized_time(moment: datetime) -> bytes:
    """A GeneralizedTime in whole seconds UTC (RFC 5280 section 4.1.2.5.2); fractions are cut off."""
    return tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def object_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return tlv(0x06, b"".join(_base_128(arc) for arc in (40 * first + second, *rest)))


def _base_128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(arc & 0x7F | 0x80)
    return bytes(reversed(digits))
