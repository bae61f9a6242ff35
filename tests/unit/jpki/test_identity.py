import pytest
from hypothesis import given
from hypothesis import strategies as st

from jpki.identity import card_key

KEY = bytes(range(32))
DIGEST = bytes(32)


def test_key_of_a_certificate_never_changes() -> None:
    expected = "93108f5a2b4d7b2cd02dfb5781e758b8171619ee478c2d2457938727fb41f7f8"
    assert card_key(KEY, issuer_key_digest=DIGEST, serial=0x01020304).hex() == expected


def test_another_hmac_key_gives_another_name() -> None:
    other = card_key(KEY[::-1], issuer_key_digest=DIGEST, serial=1)
    assert card_key(KEY, issuer_key_digest=DIGEST, serial=1) != other


@given(
    first=st.tuples(st.binary(max_size=40), st.integers(1, 2**160)),
    second=st.tuples(st.binary(max_size=40), st.integers(1, 2**160)),
)
def test_two_certificates_never_share_a_key(first: tuple[bytes, int], second: tuple[bytes, int]) -> None:
    names = [card_key(KEY, issuer_key_digest=digest, serial=serial) for digest, serial in (first, second)]
    assert (names[0] == names[1]) == (first == second)


def test_bytes_moved_from_issuer_to_serial_give_another_key() -> None:
    moved = card_key(KEY, issuer_key_digest=b"ab", serial=0x63)
    assert card_key(KEY, issuer_key_digest=b"a", serial=0x6263) != moved


def test_short_hmac_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        card_key(KEY[:31], issuer_key_digest=DIGEST, serial=1)


@pytest.mark.parametrize("serial", [0, -1])
def test_serial_that_is_not_positive_is_refused(serial: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        card_key(KEY, issuer_key_digest=DIGEST, serial=serial)
