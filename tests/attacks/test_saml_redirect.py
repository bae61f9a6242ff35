"""AuthnRequests by HTTP-Redirect whose query is not what the site signed, or can be read in two ways."""

import base64
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support.saml import (
    ECDSA_SHA256,
    RSA_SHA256,
    TestSite,
    an_rsa_signer,
    deflated,
)
from tests.support.saml_door import WebDoor

SITE = TestSite()
NOT_BY_THE_SITE = "signature does not verify with a key of the metadata"


def query_of(packed: bytes) -> bytes:
    """A signed query that carries `packed` as it is."""
    message = quote_plus(base64.b64encode(packed).decode())
    return SITE.signed(f"SAMLRequest={message}&SigAlg={quote_plus(RSA_SHA256)}".encode())


def with_signature(query: bytes, signature: bytes) -> bytes:
    return query.partition(b"&Signature=")[0] + b"&Signature=" + quote_plus(base64.b64encode(signature)).encode()


def test_half_a_signature_is_refused(web_door: WebDoor) -> None:
    query = SITE.redirect()
    assert web_door.redirect(query.split(b"&Signature=")[0]).reason == "no Signature parameter"
    head, _, signature = query.partition(b"&SigAlg=")
    assert web_door.redirect(head + signature[signature.index(b"&") :]).reason == "no SigAlg parameter"


def test_empty_signature_is_refused(web_door: WebDoor) -> None:
    assert web_door.redirect(with_signature(SITE.redirect(), b"")).reason == NOT_BY_THE_SITE


def test_sha1_signature_by_the_right_key_is_refused(web_door: WebDoor) -> None:
    key = an_rsa_signer("site").private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&SigAlg={quote_plus('http://www.w3.org/2000/09/xmldsig#rsa-sha1')}".encode()
    signature = key.sign(octets, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 (what is refused)
    assert web_door.redirect(with_signature(octets, signature)).reason == "signature algorithm not accepted"


@pytest.mark.parametrize(
    ("algorithm", "why"),
    [
        ("", "signature algorithm not accepted"),
        ("none", "signature algorithm not accepted"),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "signature algorithm not accepted"),
        (ECDSA_SHA256, NOT_BY_THE_SITE),
        (RSA_SHA256.replace("256", "512"), NOT_BY_THE_SITE),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", NOT_BY_THE_SITE),
    ],
)
def test_signature_under_another_algorithms_name_is_refused(web_door: WebDoor, algorithm: str, why: str) -> None:
    assert web_door.redirect(SITE.redirect(algorithm=algorithm)).reason == why


@pytest.mark.parametrize("signature", [b"\x30\x06\x02\x01\x01\x02\x01\x01", bytes(64), bytes(256), b"\xff" * 256])
def test_nonsense_as_signature_is_refused_and_not_a_fault(web_door: WebDoor, signature: bytes) -> None:
    for algorithm in (RSA_SHA256, ECDSA_SHA256):
        query = with_signature(SITE.redirect(algorithm=algorithm), signature)
        assert web_door.redirect(query).reason == NOT_BY_THE_SITE


def test_signature_inside_the_message_is_refused_even_beside_a_good_one(web_door: WebDoor) -> None:
    request = SITE.signed_inside(SITE.request())
    assert web_door.redirect(SITE.redirect(request)).reason == "signature inside a redirected message"


@pytest.mark.parametrize("name", [b"SAMLRequest", b"RelayState", b"SigAlg", b"Signature"])
@pytest.mark.parametrize("at_the_front", [True, False])
def test_repeated_parameter_is_refused(web_door: WebDoor, name: bytes, at_the_front: bool) -> None:  # noqa: FBT001 (pytest)
    query = SITE.redirect(relay_state="x")
    again = next(part for part in query.split(b"&") if part.startswith(name))
    repeated = again + b"&" + query if at_the_front else query + b"&" + again
    assert web_door.redirect(repeated).reason == "repeated parameter"


@pytest.mark.parametrize("name", [b"Relay%53tate", b"%52elayState", b"RelayState%00", b"SAML%52equest"])
def test_escaped_parameter_name_is_not_read(web_door: WebDoor, name: bytes) -> None:
    met = web_door.redirect(SITE.redirect(SITE.request(ID=f"_{name.hex()}")) + b"&" + name + b"=x")
    assert met.why == "escaped parameter name" if b"%00" not in name else not met.is_refused


def test_relay_state_added_changed_or_removed_after_signing_is_refused(web_door: WebDoor) -> None:
    assert web_door.redirect(SITE.redirect() + b"&RelayState=x").reason == NOT_BY_THE_SITE
    assert web_door.redirect(SITE.redirect() + b"&RelayState=").reason == NOT_BY_THE_SITE
    query = SITE.redirect(relay_state="one")
    assert web_door.redirect(query.replace(b"RelayState=one", b"RelayState=two")).reason == NOT_BY_THE_SITE
    assert web_door.redirect(query.replace(b"&RelayState=one", b"")).reason == NOT_BY_THE_SITE


@pytest.mark.parametrize(("old", "new"), [(b"%3A", b"%3a"), (b"%2F", b"/"), (b"RelayState=a+b", b"RelayState=a%20b")])
def test_query_escaped_in_another_way_after_signing_is_refused(web_door: WebDoor, old: bytes, new: bytes) -> None:
    head, mark, signature = SITE.redirect(relay_state="a b").partition(b"&Signature=")
    assert old in head
    assert web_door.redirect(head.replace(old, new) + mark + signature).reason == NOT_BY_THE_SITE


def test_too_long_relay_state_is_refused(web_door: WebDoor) -> None:
    assert web_door.redirect(SITE.redirect(relay_state="x" * 2049)).reason == "RelayState too long"
    assert web_door.redirect(SITE.redirect(relay_state="ü" * 1025)).reason == "RelayState too long"


@pytest.mark.parametrize("relay_state", ["one\ntwo", "one\r\ntwo", "\t", "\0", "\x1b[31m"])
def test_relay_state_with_control_characters_is_refused(web_door: WebDoor, relay_state: str) -> None:
    assert web_door.redirect(SITE.redirect(relay_state=relay_state)).reason == "RelayState has control characters"


def test_relay_state_that_is_not_utf8_is_refused(web_door: WebDoor) -> None:
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&RelayState=%ff%fe&SigAlg={quote_plus(RSA_SHA256)}".encode()
    assert web_door.redirect(SITE.signed(octets)).reason == "parameter is not UTF-8"


def test_other_encoding_of_the_message_is_refused(web_door: WebDoor) -> None:
    assert web_door.redirect(SITE.redirect() + b"&SAMLEncoding=urn:x").reason == "unknown SAMLEncoding"


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (deflated(SITE.request()) + b"more", "DEFLATE data cut off or followed by more"),
        (deflated(SITE.request() + b" " * 40)[:-1], "DEFLATE data cut off or followed by more"),
        (SITE.request(), "not DEFLATE data"),
        (deflated(SITE.request() + b" " * 1_000_000), "message too large after DEFLATE"),
    ],
)
def test_message_that_is_packed_in_another_way_is_refused(web_door: WebDoor, packed: bytes, why: str) -> None:
    assert web_door.redirect(query_of(packed)).reason == why


def test_oversized_query_is_refused(web_door: WebDoor) -> None:
    assert web_door.redirect(SITE.redirect() + b"&padding=" + b"x" * 16_384).reason == "query too long"
