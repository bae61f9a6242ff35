"""The redirect binding's bounds, stated in bytes."""

import base64
import tracemalloc
from urllib.parse import quote_plus

import pytest

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.redirect import (
    MAX_MESSAGE_BYTES,
    MAX_QUERY_BYTES,
    QuerySignature,
    RedirectMessage,
    read_redirect,
)
from tests.support.saml import deflated


def query(message: bytes, rest: str = "&SigAlg=a&Signature=QQ%3D%3D") -> bytes:
    return f"SAMLRequest={quote_plus(base64.b64encode(deflated(message)).decode())}{rest}".encode()


def why(text: bytes) -> str:
    with pytest.raises(RequestInvalid) as refused:
        read_redirect(text)
    return refused.value.why


def test_message_and_signed_octets_are_taken_as_they_were_sent() -> None:
    text = query(b"<x/>", "&SigAlg=%61&RelayState=b+%62&Signature=QQ%3d%3D")
    head = text.split(b"&")[0]
    assert read_redirect(text) == RedirectMessage(
        xml=b"<x/>",
        relay_state="b b",
        signature=QuerySignature(algorithm="a", value=b"A", signed_octets=head + b"&RelayState=b+%62&SigAlg=%61"),
    )


def test_message_need_not_be_signed() -> None:
    assert read_redirect(query(b"<x/>", "")) == RedirectMessage(xml=b"<x/>", relay_state=None, signature=None)


def test_largest_message_is_read() -> None:
    assert len(read_redirect(query(b"x" * MAX_MESSAGE_BYTES)).xml) == MAX_MESSAGE_BYTES


def test_one_byte_more_is_refused() -> None:
    assert why(query(b"x" * (MAX_MESSAGE_BYTES + 1))) == "message too large after DEFLATE"


def test_bomb_is_never_unpacked_beyond_the_bound() -> None:
    bomb = query(b" " * 10_000_000)
    assert len(bomb) < MAX_QUERY_BYTES
    tracemalloc.start()
    try:
        reason = why(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reason == "message too large after DEFLATE"
    assert peak < 10 * MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no SAMLRequest parameter"),
        (query(b"x", "&Signature=QQ%3D%3D"), "no SigAlg parameter"),
        (query(b"x", "&SigAlg=a"), "no Signature parameter"),
        (query(b"x", "&SigAlg=a&Signature=%%%"), "parameter is not base64"),
        (query(b"x", "&SigAlg=%ff&Signature=QQ%3D%3D"), "parameter is not UTF-8"),
        (b"x" * (MAX_QUERY_BYTES + 1), "query too long"),
    ],
)
def test_query_is_refused_for_its_reason(text: bytes, reason: str) -> None:
    assert why(text) == reason
