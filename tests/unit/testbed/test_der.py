from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed import der


def test_long_content_gets_a_length_of_several_bytes() -> None:
    assert der.octet_string(bytes(127))[:2] == b"\x04\x7f"
    assert der.octet_string(bytes(128))[:3] == b"\x04\x81\x80"
    assert der.octet_string(bytes(300))[:4] == b"\x04\x82\x01\x2c"


@given(st.integers(min_value=0, max_value=2**160))
def test_integer_is_shortest_and_never_negative(value: int) -> None:
    encoded = der.integer(value)
    content = encoded[2:]
    assert encoded[1] == len(content)
    assert int.from_bytes(content, "big", signed=True) == value
    assert len(content) == 1 or content[0] != 0 or content[1] & 0x80


@pytest.mark.parametrize(
    ("dotted", "encoded"),
    [
        ("1.2.840.113549.1.1.11", "06092a864886f70d01010b"),
        ("2.16.840.1.101.3.4.2.1", "0609608648016503040201"),
        ("1.2.392.200149.8.5.1.3.30", "060b2a83088c9b55080501031e"),
    ],
)
def test_object_identifiers_are_in_base_128(dotted: str, encoded: str) -> None:
    assert der.object_identifier(dotted).hex() == encoded


def test_time_is_written_in_utc_without_fractions() -> None:
    japan = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 20, 12, 0, 1, 999_999, tzinfo=japan)
    assert der.generalized_time(moment) == der.generalized_time(datetime(2026, 11, 20, 3, 0, 1, tzinfo=UTC))
    assert der.generalized_time(moment) == b"\x18\x0f20261120030001Z"


def test_text_is_utf8() -> None:
    assert der.utf8_string("番号") == b"\x0c\x06" + "番号".encode()
