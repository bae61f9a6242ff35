"""Parameters of addresses and forms."""

import pytest

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.parameters import (
    MAX_RELAY_STATE_BYTES,
    read_base64,
    read_parameters,
    read_relay_state,
    read_text,
)
from idp.protocols.saml.bindings.post import MAX_FORM_BYTES, PostMessage, read_post


def test_values_stay_as_they_were_sent_and_other_names_are_read_past() -> None:
    octets = b"a=1&RelayState=%41+b=c&&=&SAMLRequest&a=2&%ff=x"
    assert read_parameters(octets) == {b"RelayState": b"%41+b=c", b"SAMLRequest": b""}


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"RelayState=a&RelayState=a", "repeated parameter"),
        (b"%52elayState=a", "escaped parameter name"),
        (b"RelayState=a&Relay%53tate=b", "escaped parameter name"),
    ],
)
def test_name_that_can_be_read_in_two_ways_is_refused(octets: bytes, why: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        read_parameters(octets)
    assert refused.value.why == why


def test_text_is_unescaped_once() -> None:
    assert read_text(b"a+b%2Bc%25%32%30") == "a b+c%20"


@pytest.mark.parametrize("raw", [b"QQ%3D%3D", b"QQ=="])
def test_base64_is_read(raw: bytes) -> None:
    assert read_base64(raw) == b"A"


@pytest.mark.parametrize("raw", [b"QQ%0D%0A%3D%3D", b"+QQ=%09=%20"])
def test_white_space_in_base64_is_allowed_only_where_it_is_asked_for(raw: bytes) -> None:
    assert read_base64(raw, in_lines=True) == b"A"
    with pytest.raises(RequestInvalid):
        read_base64(raw)


@pytest.mark.parametrize("raw", [b"QQ", b"Q-_=", b"QQ==QQ==", b"\xff"])
def test_what_is_no_base64_is_refused(raw: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_base64(raw, in_lines=True)


def test_longest_relay_state_is_measured_in_octets() -> None:
    longest = "%C3%BC" * (MAX_RELAY_STATE_BYTES // 2)
    assert read_relay_state(longest.encode()) == "ü" * (MAX_RELAY_STATE_BYTES // 2)
    with pytest.raises(RequestInvalid):
        read_relay_state(longest.encode() + b"x")


def test_largest_form_is_read() -> None:
    good = b"SAMLRequest=QQ=="
    padding = b"&x=" + b"x" * (MAX_FORM_BYTES - len(good) - len(b"&x="))
    assert read_post(good + padding) == PostMessage(xml=b"A", relay_state=None)
    with pytest.raises(RequestInvalid) as refused:
        read_post(good + padding + b"x")
    assert refused.value.why == "form too long"
