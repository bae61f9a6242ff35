"""SAML core 3.4.1 and bindings 3.4: what an AuthnRequest by redirect can ask for, and how it may be written."""

import base64
from urllib.parse import quote_plus

import pytest

from idp.domain.assurance import AssuranceLevel
from idp.domain.login import IdentifierKind
from idp.protocols.contract import FormPost, Refusable
from tests.support.saml import (
    ECDSA_SHA256,
    ISSUER,
    OTHER_RETURN_URL,
    RETURN_URL,
    RSA_SHA256,
    SITE_ID,
    AdapterDoor,
    TestSite,
    a_door,
    a_key_descriptor,
    a_registration,
    a_return_address,
    a_site,
    an_ec_signer,
    an_rsa_signer,
    deflated,
)

SITE = TestSite()
PKI = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 (a class of contexts)
FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


@pytest.fixture
def door() -> AdapterDoor:
    return a_door()


def posted(outcome: FormPost | str) -> FormPost:
    assert isinstance(outcome, FormPost), outcome
    return outcome


def test_plain_request_asks_for_a_lasting_identifier_and_no_more(door: AdapterDoor) -> None:
    asked = door.understand(SITE.redirect())
    assert (asked.service_provider, asked.identifier) == ("ministry", IdentifierKind.PERSISTENT)
    assert (asked.required, asked.forced, asked.passive, asked.max_age) == (AssuranceLevel.LOW, False, False, None)


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_force_authn_and_is_passive_are_understood_in_every_spelling(
    door: AdapterDoor,
    text: str,
    meant: bool,  # noqa: FBT001 (pytest)
) -> None:
    asked = door.understand(SITE.redirect(SITE.request(ForceAuthn=text, IsPassive=text)))
    assert (asked.forced, asked.passive) == (meant, meant)


@pytest.mark.parametrize(
    "relay_state", ["", " ", "a b", "https://ministry.example/?a=1&b=ü%20#x", "<script>'\"", "ü" * 1024]
)
def test_relay_state_comes_back_as_it_was_sent(door: AdapterDoor, relay_state: str) -> None:
    answer = posted(door.sso(SITE.redirect(relay_state=relay_state)))
    assert dict(answer.fields)["RelayState"] == relay_state


def test_no_relay_state_sent_gives_none_back(door: AdapterDoor) -> None:
    assert [name for name, _ in posted(door.sso(SITE.redirect())).fields] == ["SAMLResponse"]


def test_lower_case_escapes_verify_as_they_were_signed(door: AdapterDoor) -> None:
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&SigAlg={quote_plus(RSA_SHA256)}".replace("%3A", "%3a").replace("%2F", "%2f")
    posted(door.sso(SITE.signed(octets.encode())))


def test_parameters_may_come_in_any_order(door: AdapterDoor) -> None:
    posted(door.sso(b"&".join(reversed(SITE.redirect(relay_state="x").split(b"&")))))


def test_ecdsa_signature_is_accepted() -> None:
    signer = an_ec_signer("site")
    door = a_door(a_site(registration=a_registration(keys=[a_key_descriptor(signer.certificate)])))
    posted(door.sso(TestSite(signer=signer).redirect(algorithm=ECDSA_SHA256)))


def test_every_key_of_the_metadata_is_accepted() -> None:
    keys = [a_key_descriptor(an_rsa_signer(name).certificate, use=None) for name in ("old", "new")]
    door = a_door(a_site(registration=a_registration(keys=keys)))
    posted(door.sso(TestSite(signer=an_rsa_signer("old")).redirect()))
    posted(door.sso(TestSite(signer=an_rsa_signer("new")).redirect(TestSite().request(ID="_request2"))))


def test_answer_goes_to_the_named_return_address(door: AdapterDoor) -> None:
    request = SITE.request(AssertionConsumerServiceURL=OTHER_RETURN_URL)
    assert posted(door.sso(SITE.redirect(request))).action == OTHER_RETURN_URL


def test_answer_goes_to_the_return_address_of_the_index(door: AdapterDoor) -> None:
    request = SITE.request(AssertionConsumerServiceURL=None, ProtocolBinding=None, AssertionConsumerServiceIndex="7")
    assert posted(door.sso(SITE.redirect(request))).action == OTHER_RETURN_URL


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", 'isDefault="true"', OTHER_RETURN_URL),
        ('isDefault="false"', "", OTHER_RETURN_URL),
        ("", "", RETURN_URL),
        ('isDefault="false"', 'isDefault="false"', RETURN_URL),
    ],
)
def test_answer_goes_to_the_default_return_address_if_none_is_named(first: str, second: str, expected: str) -> None:
    addresses = [a_return_address(RETURN_URL, 0, extra=first), a_return_address(OTHER_RETURN_URL, 1, extra=second)]
    door = a_door(a_site(registration=a_registration(return_addresses=addresses)))
    assert posted(door.sso(SITE.redirect(SITE.request(AssertionConsumerServiceURL=None)))).action == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", IdentifierKind.PERSISTENT),
        ('AllowCreate="true"', IdentifierKind.PERSISTENT),
        ('Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"', IdentifierKind.PERSISTENT),
        (f'Format="{FORMAT}persistent"', IdentifierKind.PERSISTENT),
        (f'Format="{FORMAT}persistent" SPNameQualifier="filings"', IdentifierKind.PERSISTENT),
        (f'Format="{FORMAT}persistent" SPNameQualifier="{SITE_ID}"', IdentifierKind.PERSISTENT),
        (f'Format="{FORMAT}transient"', IdentifierKind.TRANSIENT),
    ],
)
def test_name_id_policy_chooses_the_identifier(door: AdapterDoor, policy: str, expected: IdentifierKind) -> None:
    asked = door.understand(SITE.redirect(SITE.request(inside=f"<samlp:NameIDPolicy {policy}/>")))
    assert asked.identifier is expected


@pytest.mark.parametrize(
    "policy",
    [
        'Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"',
        f'Format="{FORMAT}encrypted"',
        'Format=""',
        'SPNameQualifier="another sector"',
    ],
)
def test_name_id_policy_that_cannot_be_met_is_told_to_the_site(door: AdapterDoor, policy: str) -> None:
    with pytest.raises(Refusable) as refused:
        door.understand(SITE.redirect(SITE.request(inside=f"<samlp:NameIDPolicy {policy}/>")))
    assert refused.value.error.code == "release.identifier"
    assert refused.value.service_provider == "ministry"


def test_request_that_names_a_subject_is_told_to_the_site(door: AdapterDoor) -> None:
    with pytest.raises(Refusable) as refused:
        door.understand(SITE.redirect(SITE.request(inside="<saml:Subject><saml:NameID>x</saml:NameID></saml:Subject>")))
    assert refused.value.error.code == "request.invalid"


def wish(comparison: str, *references: str) -> str:
    inside = "".join(f"<saml:AuthnContextClassRef>{reference}</saml:AuthnContextClassRef>" for reference in references)
    return f'<samlp:RequestedAuthnContext Comparison="{comparison}">{inside}</samlp:RequestedAuthnContext>'


DECLARATION = "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>"


@pytest.mark.parametrize(
    ("asked_for", "required"),
    [
        (wish("exact", PKI), AssuranceLevel.HIGH),
        (wish("exact", f"{ISSUER}/acr/card-pin"), AssuranceLevel.HIGH),
        (wish("exact", PASSWORD, PKI), AssuranceLevel.HIGH),
        (wish("minimum", PASSWORD), AssuranceLevel.LOW),
        (wish("minimum", "http://eidas.europa.eu/LoA/substantial"), AssuranceLevel.SUBSTANTIAL),
        (wish("better", PASSWORD), AssuranceLevel.SUBSTANTIAL),
        (wish("maximum", "http://eidas.europa.eu/LoA/high"), AssuranceLevel.HIGH),
    ],
)
def test_requested_context_sets_the_required_assurance(
    door: AdapterDoor, asked_for: str, required: AssuranceLevel
) -> None:
    assert door.understand(SITE.redirect(SITE.request(inside=asked_for))).required is required


@pytest.mark.parametrize(
    "asked_for",
    [
        wish("exact", PASSWORD),
        wish("exact", "urn:unknown"),
        wish("minimum", "urn:unknown"),
        wish("better", PKI),
        wish("better", PASSWORD, "urn:unknown"),
        wish("maximum", PASSWORD),
        f"<samlp:RequestedAuthnContext>{DECLARATION}</samlp:RequestedAuthnContext>",
    ],
)
def test_context_that_cannot_be_reached_is_told_to_the_site(door: AdapterDoor, asked_for: str) -> None:
    with pytest.raises(Refusable) as refused:
        door.understand(SITE.redirect(SITE.request(inside=asked_for)))
    assert refused.value.error.code == "release.context"
