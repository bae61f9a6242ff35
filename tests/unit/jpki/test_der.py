import pytest

from jpki import der


def test_content_bounds_of_a_short_element() -> None:
    assert der.element(b"\x04\x02ab", 0, 4, der.OCTET_STRING) == (2, 4)


def test_content_bounds_of_a_long_element() -> None:
    data = b"\x04\x81\x80" + bytes(128)
    assert der.element(data, 0, len(data), der.OCTET_STRING) == (3, 131)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        b"\x30\x00",
        b"\x04\x03ab",
        b"\x04\x80ab\0\0",
        b"\x04\x81\x02ab",
        b"\x04\x82\x00\x80" + bytes(128),
        b"\x04\x84\xff\xff\xff\xff",
        b"\x04\x85\x00\x00\x00\x00\x01a",
        b"\x04\x82\x01",
    ],
    ids=[
        "empty",
        "no length",
        "other tag",
        "too long",
        "indefinite",
        "long form for a short length",
        "leading zero",
        "huge",
        "five length bytes",
        "cut length",
    ],
)
def test_anything_but_strict_der_is_refused(data: bytes) -> None:
    with pytest.raises(der.NotDer):
        der.element(data, 0, len(data), der.OCTET_STRING)


@pytest.mark.parametrize("content", [b"\x01", b"\x00\x80", b"\x7f\xff"])
def test_positive_integers_are_accepted(content: bytes) -> None:
    data = bytes((der.INTEGER, len(content))) + content
    assert der.positive_integer(data, 0, len(data), maximum_bytes=2) == (2, len(data))


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x80", b"\x00\x01", b"\x01\x02\x03"], ids=["none", "zero", "negative", "padded", "long"]
)
def test_other_integers_are_refused(content: bytes) -> None:
    data = bytes((der.INTEGER, len(content))) + content
    with pytest.raises(der.NotDer):
        der.positive_integer(data, 0, len(data), maximum_bytes=2)
