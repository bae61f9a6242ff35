"""AuthnRequests by HTTP-Redirect that must not start a login.

Every one is right in all but one thing: signed by the site's key, fresh, for us, with a registered return address.
"""

import base64
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.domain.errors import IdpError
from idp.protocols.contract import FormPost, Refusable
from idp.protocols.saml.adapter import SamlAdapter
from tests.support.saml import (
    ECDSA_SHA256,
    NOW,
    RETURN_URL,
    RSA_SHA256,
    SETTINGS,
    SITE_ID,
    AdapterDoor,
    TestSite,
    a_door,
    a_key_descriptor,
    a_registration,
    a_site,
    an_adapter,
    an_ec_signer,
    an_rsa_signer,
    deflated,
)

INVALID = "request.invalid"
SITE = TestSite()


@pytest.fixture
def door() -> AdapterDoor:
    return a_door()


def query_of(packed: bytes) -> bytes:
    """A signed query that carries `packed` as it is."""
    message = quote_plus(base64.b64encode(packed).decode())
    return SITE.signed(f"SAMLRequest={message}&SigAlg={quote_plus(RSA_SHA256)}".encode())


def test_the_request_that_all_others_are_made_from_is_accepted(door: AdapterDoor) -> None:
    assert isinstance(door.sso(SITE.redirect(relay_state="a b+c/ü")), FormPost)


def test_unsigned_request_is_refused(door: AdapterDoor) -> None:
    query = SITE.redirect()
    assert door.sso(query.split(b"&SigAlg=")[0]) == INVALID


def test_request_without_signature_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect().split(b"&Signature=")[0]) == INVALID


def test_request_with_empty_signature_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect().split(b"&Signature=")[0] + b"&Signature=") == INVALID


def test_request_signed_with_another_key_is_refused(door: AdapterDoor) -> None:
    assert door.sso(TestSite(signer=an_rsa_signer("stranger")).redirect()) == INVALID


def test_request_signed_by_another_registered_site_is_refused() -> None:
    other = a_site(
        name="other",
        entity_id="https://other.example/metadata",
        registration=a_registration(
            entity_id="https://other.example/metadata", keys=[a_key_descriptor(an_rsa_signer("other").certificate)]
        ),
    )
    assert a_door(a_site(), other).sso(TestSite(signer=an_rsa_signer("other")).redirect()) == INVALID


def test_request_signed_with_a_key_meant_for_encryption_is_refused() -> None:
    keys = [
        a_key_descriptor(an_rsa_signer("site").certificate),
        a_key_descriptor(an_rsa_signer("encryption").certificate, use="encryption"),
    ]
    door = a_door(a_site(registration=a_registration(keys=keys)))
    assert door.sso(TestSite(signer=an_rsa_signer("encryption")).redirect()) == INVALID


def test_sha1_signature_by_the_right_key_is_refused(door: AdapterDoor) -> None:
    key = an_rsa_signer("site").private_key
    assert isinstance(key, rsa.RSAPrivateKey)
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&SigAlg={quote_plus('http://www.w3.org/2000/09/xmldsig#rsa-sha1')}".encode()
    signature = key.sign(octets, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 (what is refused)
    assert door.sso(octets + b"&Signature=" + quote_plus(base64.b64encode(signature)).encode()) == INVALID


@pytest.mark.parametrize(
    "algorithm",
    ["", "none", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ECDSA_SHA256, RSA_SHA256.replace("256", "512")],
)
def test_signature_under_another_algorithms_name_is_refused(door: AdapterDoor, algorithm: str) -> None:
    assert door.sso(SITE.redirect(algorithm=algorithm)) == INVALID


def test_ecdsa_signature_in_der_is_refused_and_not_a_fault() -> None:
    signer = an_ec_signer("site")
    door = a_door(a_site(registration=a_registration(keys=[a_key_descriptor(signer.certificate)])))
    query = TestSite(signer=signer).redirect(algorithm=ECDSA_SHA256)
    head, _, _ = query.partition(b"&Signature=")
    assert door.sso(
        head + b"&Signature=" + quote_plus(base64.b64encode(b"\x30\x06\x02\x01\x01\x02\x01\x01")).encode()
    ) == (INVALID)


def test_signature_inside_the_message_is_refused_even_beside_a_good_one(door: AdapterDoor) -> None:
    inside = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"/><ds:Reference URI="">'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"
    )
    assert door.sso(SITE.redirect(SITE.request(inside=inside))) == INVALID


@pytest.mark.parametrize("destination", [None, "", "https://idp.example/saml/sso/", "https://evil.example/saml/sso"])
def test_request_for_another_destination_is_refused(door: AdapterDoor, destination: str | None) -> None:
    assert door.sso(SITE.redirect(SITE.request(Destination=destination))) == INVALID


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acs",
        RETURN_URL + "/",
        RETURN_URL + "?x=1",
        RETURN_URL.upper(),
        "https://ministry.example@evil.example/acs",
        "",
    ],
)
def test_unregistered_return_address_is_refused_on_a_page(door: AdapterDoor, url: str) -> None:
    assert door.sso(SITE.redirect(SITE.request(AssertionConsumerServiceURL=url))) == "request.site"


def test_unregistered_return_index_is_refused_on_a_page(door: AdapterDoor) -> None:
    request = SITE.request(AssertionConsumerServiceURL=None, ProtocolBinding=None, AssertionConsumerServiceIndex="3")
    assert door.sso(SITE.redirect(request)) == "request.site"


def test_return_address_given_twice_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(AssertionConsumerServiceIndex="7"))) == INVALID


@pytest.mark.parametrize("binding", ["HTTP-Artifact", "HTTP-Redirect", "PAOS"])
def test_answer_by_another_binding_is_refused(door: AdapterDoor, binding: str) -> None:
    request = SITE.request(ProtocolBinding=f"urn:oasis:names:tc:SAML:2.0:bindings:{binding}")
    assert door.sso(SITE.redirect(request)) == INVALID


def test_replayed_request_is_refused(door: AdapterDoor) -> None:
    query = SITE.redirect()
    assert isinstance(door.sso(query), FormPost)
    assert door.sso(query) == "request.used"


def test_replayed_id_is_refused_in_another_message_too(door: AdapterDoor) -> None:
    door.sso(SITE.redirect())
    assert door.sso(SITE.redirect(SITE.request(ForceAuthn="true"), relay_state="other")) == "request.used"


def test_replay_is_refused_until_the_request_is_too_old(door: AdapterDoor) -> None:
    query = SITE.redirect(SITE.request(issued_at=NOW + SETTINGS.skew))
    door.sso(query)
    door.clock.move(SETTINGS.request_max_age + 2 * SETTINGS.skew)
    assert door.sso(query) == "request.used"
    door.clock.move(timedelta(seconds=1))
    assert door.sso(query) == INVALID


def test_stale_request_is_refused(door: AdapterDoor) -> None:
    too_old = NOW - SETTINGS.request_max_age - SETTINGS.skew - timedelta(seconds=1)
    assert door.sso(SITE.redirect(SITE.request(issued_at=too_old))) == INVALID


def test_future_request_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(issued_at=NOW + SETTINGS.skew + timedelta(seconds=1)))) == INVALID


@pytest.mark.parametrize(
    "instant", ["2026-11-02T09:30:00", "2026-11-02T09:30:00+00:00", "2026-11-02T18:30:00+09:00", "2026-02-30T09:30:00Z"]
)
def test_instant_that_is_not_utc_is_refused(door: AdapterDoor, instant: str) -> None:
    assert door.sso(SITE.redirect(SITE.request(IssueInstant=instant))) == INVALID


@pytest.mark.parametrize("version", ["1.1", "2.1", "3.0", ""])
def test_other_version_is_refused(door: AdapterDoor, version: str) -> None:
    assert door.sso(SITE.redirect(SITE.request(Version=version))) == INVALID


def test_unknown_issuer_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(issuer="https://stranger.example"))) == "request.site"


def test_comment_inside_the_issuer_is_refused(door: AdapterDoor) -> None:
    """A parser that reads the text before the comment would take this for the registered site."""
    assert door.sso(SITE.redirect(SITE.request(issuer=f"{SITE_ID}<!-- -->.evil.example"))) == INVALID


def test_comment_that_splits_the_registered_issuer_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(issuer=f"{SITE_ID}<!-- -->"))) == INVALID


@pytest.mark.parametrize("before", ["<!-- -->", "<?php ?>"])
def test_comment_or_instruction_before_the_message_is_refused(door: AdapterDoor, before: str) -> None:
    assert door.sso(SITE.redirect(SITE.request(before=before))) == INVALID


def test_processing_instruction_inside_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(issuer=f"{SITE_ID}<?x y?>"))) == INVALID


def test_issuer_that_is_no_entity_is_refused(door: AdapterDoor) -> None:
    unspecified = 'Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"'
    request = SITE.request().replace(b"<saml:Issuer>", f"<saml:Issuer {unspecified}>".encode())
    assert door.sso(SITE.redirect(request)) == INVALID


def test_document_type_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(before="<!DOCTYPE samlp:AuthnRequest>"))) == INVALID


def test_internal_entity_is_refused(door: AdapterDoor) -> None:
    before = f'<!DOCTYPE x [<!ENTITY site "{SITE_ID}">]>'
    assert door.sso(SITE.redirect(SITE.request(before=before, issuer="&site;"))) == INVALID


def test_external_entity_is_refused(door: AdapterDoor) -> None:
    before = '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/hostname">]>'
    assert door.sso(SITE.redirect(SITE.request(before=before, inside="&file;"))) == INVALID


def test_entity_expansion_is_refused(door: AdapterDoor) -> None:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    assert door.sso(SITE.redirect(SITE.request(before=f"<!DOCTYPE x [{entities}]>", issuer="&a9;"))) == INVALID


def test_document_type_hidden_by_another_encoding_is_refused(door: AdapterDoor) -> None:
    text = SITE.request(before="<!DOCTYPE samlp:AuthnRequest>").decode()
    declared = f'<?xml version="1.0" encoding="UTF-16"?>{text}'
    assert door.sso(SITE.redirect(declared.encode("utf-16"))) == INVALID
    door_7 = SITE.redirect(b'<?xml version="1.0" encoding="UTF-7"?>' + text.replace("<", "+ADw-").encode())
    assert door.sso(door_7) == INVALID


def test_deflate_bomb_is_refused(door: AdapterDoor) -> None:
    request = SITE.request().replace(b"</samlp:AuthnRequest>", b" " * 1_000_000 + b"</samlp:AuthnRequest>")
    assert door.sso(SITE.redirect(request)) == INVALID


def test_more_data_behind_the_message_is_refused(door: AdapterDoor) -> None:
    assert door.sso(query_of(deflated(SITE.request()) + b"more")) == INVALID


def test_truncated_deflate_data_is_refused(door: AdapterDoor) -> None:
    """All of the message is there; only the end mark of the compressed data is missing."""
    assert door.sso(query_of(deflated(SITE.request() + b" " * 40)[:-1])) == INVALID


def test_message_that_is_not_deflated_is_refused(door: AdapterDoor) -> None:
    assert door.sso(query_of(SITE.request())) == INVALID


def test_oversized_query_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect() + b"&padding=" + b"x" * 16_384) == INVALID


def test_deeply_nested_extension_is_refused(door: AdapterDoor) -> None:
    inside = '<samlp:Extensions><x xmlns="urn:x">' + "<x>" * 40 + "</x>" * 40 + "</x></samlp:Extensions>"
    assert door.sso(SITE.redirect(SITE.request(inside=inside))) == INVALID


def test_too_many_elements_are_refused(door: AdapterDoor) -> None:
    inside = "<samlp:Extensions>" + '<x xmlns="urn:x"/>' * 600 + "</samlp:Extensions>"
    assert door.sso(SITE.redirect(SITE.request(inside=inside))) == INVALID


@pytest.mark.parametrize("name", [b"SAMLRequest", b"RelayState", b"SigAlg", b"Signature"])
@pytest.mark.parametrize("at_the_front", [True, False])
def test_repeated_parameter_is_refused(door: AdapterDoor, name: bytes, at_the_front: bool) -> None:  # noqa: FBT001 (pytest)
    query = SITE.redirect(relay_state="x")
    again = next(part for part in query.split(b"&") if part.startswith(name))
    assert door.sso(again + b"&" + query if at_the_front else query + b"&" + again) == INVALID


def test_escaped_parameter_name_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect() + b"&Relay%53tate=x") == INVALID


def test_relay_state_added_after_signing_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect() + b"&RelayState=x") == INVALID


def test_relay_state_changed_after_signing_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(relay_state="one").replace(b"RelayState=one", b"RelayState=two")) == INVALID


def test_relay_state_removed_after_signing_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(relay_state="one").replace(b"&RelayState=one", b"")) == INVALID


def test_query_escaped_in_another_way_after_signing_is_refused(door: AdapterDoor) -> None:
    query = SITE.redirect()
    head, mark, signature = query.partition(b"&Signature=")
    assert b"%3A" in head
    assert door.sso(head.replace(b"%3A", b"%3a") + mark + signature) == INVALID


def test_too_long_relay_state_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(relay_state="x" * 2049)) == INVALID


@pytest.mark.parametrize("relay_state", ["one\ntwo", "one\r\ntwo", "\0", "\x1b[31m"])
def test_relay_state_with_control_characters_is_refused(door: AdapterDoor, relay_state: str) -> None:
    assert door.sso(SITE.redirect(relay_state=relay_state)) == INVALID


def test_relay_state_that_is_not_utf8_is_refused(door: AdapterDoor) -> None:
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&RelayState=%ff%fe&SigAlg={quote_plus(RSA_SHA256)}".encode()
    assert door.sso(SITE.signed(octets)) == INVALID


def test_other_encoding_of_the_message_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect() + b"&SAMLEncoding=urn:x") == INVALID


def test_other_message_is_refused(door: AdapterDoor) -> None:
    logout = SITE.request(
        AssertionConsumerServiceURL=None,
        ProtocolBinding=None,
        inside="<saml:NameID>somebody</saml:NameID>",
    ).replace(b"AuthnRequest", b"LogoutRequest")
    assert door.sso(SITE.redirect(logout)) == INVALID


def test_message_that_the_schema_forbids_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(Surprise="yes"))) == INVALID


def test_second_issuer_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(inside="<saml:Issuer>https://other.example</saml:Issuer>"))) == INVALID


def test_endless_id_is_refused(door: AdapterDoor) -> None:
    assert door.sso(SITE.redirect(SITE.request(ID="_" + "a" * 256))) == INVALID


class Forgetful:
    """A store that takes every id as new, so that one adapter serves all examples."""

    def put(self, key: str, value: str, *, now: datetime, expires_at: datetime) -> None:
        pass

    def read(self, key: str, *, now: datetime) -> str:
        raise NotImplementedError

    def take(self, key: str, *, now: datetime) -> str:
        raise NotImplementedError


@cache
def a_forgetful_adapter() -> SamlAdapter:
    return an_adapter(replays=Forgetful())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_change_to_a_signed_query_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    adapter = a_forgetful_adapter()
    query = SITE.redirect(relay_state="a b")
    understood = adapter.understand_redirect(query, now=NOW)
    place = data.draw(st.integers(0, len(query) - 1))
    change = data.draw(st.sampled_from([b"", bytes([data.draw(st.integers(33, 126))]), query[place : place + 1] * 2]))
    changed = query[:place] + change + query[place + 1 :]
    with suppress(IdpError, Refusable):
        assert adapter.understand_redirect(changed, now=NOW) == understood
