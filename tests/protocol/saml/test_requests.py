"""SAML core 3.4.1: what an AuthnRequest can ask for, and what the site is told whose wish cannot be met."""

import base64
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from lxml import etree

from idp.domain.assurance import AssuranceLevel
from idp.domain.attribute import ABOUT_THE_LOGIN, AttributeName
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.service_provider import Standing
from idp.protocols.contract import FormPost
from idp.protocols.saml.times import write_instant
from tests.support.saml import (
    ISSUER,
    NOW,
    OTHER_RETURN_URL,
    RETURN_URL,
    SETTINGS,
    SITE_ID,
    SUBJECT,
    AdapterDoor,
    Outcome,
    TestSite,
    a_door,
    a_key_descriptor,
    a_registration,
    a_return_address,
    a_site,
    an_attribute_set,
    an_rsa_signer,
)

SITE = TestSite()
CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PKI, SMARTCARD, X509, PASSWORD = (CLASS + name for name in ("SmartcardPKI", "Smartcard", "X509", "Password"))
UNSPECIFIED_CLASS = CLASS + "unspecified"
FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
PAIRWISE = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
WITH_SUBJECT = (AttributeName.SUBJECT, *ABOUT_THE_LOGIN)
UNABRIDGED = {"AssertionConsumerServiceURL": None, "ProtocolBinding": None}
"""Changes that leave the return address to an index or to the metadata."""


@pytest.fixture
def door() -> AdapterDoor:
    return a_door()


def posted(outcome: Outcome) -> FormPost:
    assert isinstance(outcome, FormPost), outcome
    return outcome


def response(outcome: Outcome) -> etree._Element:
    return etree.fromstring(base64.b64decode(dict(posted(outcome).fields)["SAMLResponse"]))


def told(door: AdapterDoor, inside: str = "", **changes: str | None) -> str:
    """The status that the site gets, as its last words, the detail behind the top."""
    root = response(door.sso(SITE.redirect(SITE.request(inside=inside, **changes))))
    codes = root.iter(f"{SAMLP}StatusCode")
    return " ".join(code.get("Value", "").removeprefix("urn:oasis:names:tc:SAML:2.0:status:") for code in codes)


def understood(door: AdapterDoor, inside: str = "", **changes: str | None) -> LoginRequest:
    return door.understand(SITE.redirect(SITE.request(inside=inside, **changes)))


def a_door_of(*attribute_sets: str, **registration: object) -> AdapterDoor:
    """A door whose site's metadata says so."""
    text = a_registration(attribute_sets=attribute_sets, **registration)  # type: ignore[arg-type]
    return a_door(a_site(registration=text))


def encrypting() -> list[str]:
    """Keys of a site that can decrypt."""
    return [
        a_key_descriptor(an_rsa_signer("site").certificate),
        a_key_descriptor(an_rsa_signer("decrypting").certificate, use="encryption"),
    ]


def test_plain_request_asks_for_a_lasting_identifier_and_no_more(door: AdapterDoor) -> None:
    asked = understood(door)
    assert (asked.service_provider, asked.identifier) == ("ministry", IdentifierKind.PERSISTENT)
    assert (asked.required, asked.forced, asked.passive, asked.max_age) == (AssuranceLevel.LOW, False, False, None)
    assert (asked.may_create, asked.subject, asked.attributes) == (True, None, WITH_SUBJECT)


@pytest.mark.parametrize(
    ("text", "meant"), [("true", True), ("1", True), (" true ", True), ("\n1", True), ("false", False), ("0", False)]
)
def test_force_authn_and_is_passive_are_understood_in_every_spelling(
    door: AdapterDoor,
    text: str,
    meant: bool,  # noqa: FBT001 (pytest)
) -> None:
    asked = understood(door, ForceAuthn=text, IsPassive=text)
    assert (asked.forced, asked.passive) == (meant, meant)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"standing": Standing.SUSPENDED}, "request.suspended"),
        ({"standing": Standing.REMOVED}, "request.site"),
        ({"registration_ends_at": NOW}, "request.site"),
    ],
)
def test_site_that_is_not_served_is_shown_on_a_page(change: dict[str, object], code: str) -> None:
    door = a_door(replace(a_site(), **change))  # type: ignore[arg-type]
    assert (door.sso(SITE.redirect()), door.post(SITE.post())) == (code, code)


# Version (core 4.1.3).


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("1.1", "VersionMismatch RequestVersionTooLow"),
        ("1.9", "VersionMismatch RequestVersionTooLow"),
        ("2.1", "VersionMismatch RequestVersionTooHigh"),
        ("3.0", "VersionMismatch RequestVersionTooHigh"),
        ("", "Requester RequestUnsupported"),
        ("2", "Requester RequestUnsupported"),
        ("2.0.0", "Requester RequestUnsupported"),
        ("02.0", "Requester RequestUnsupported"),
        ("two", "Requester RequestUnsupported"),
    ],
)
def test_site_of_another_version_is_told_in_which_direction(door: AdapterDoor, version: str, status: str) -> None:
    assert told(door, Version=version) == status


# Where the answer goes.


def test_answer_goes_to_the_named_return_address(door: AdapterDoor) -> None:
    request = SITE.request(AssertionConsumerServiceURL=OTHER_RETURN_URL)
    assert posted(door.sso(SITE.redirect(request))).action == OTHER_RETURN_URL


@pytest.mark.parametrize("index", ["7", "+7", "007", " 7 ", "0" * 5000 + "7"])
def test_answer_goes_to_the_return_address_of_the_index(door: AdapterDoor, index: str) -> None:
    request = SITE.request(AssertionConsumerServiceIndex=index, **UNABRIDGED)
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


def test_wanted_binding_chooses_among_addresses() -> None:
    addresses = [a_return_address(RETURN_URL, 0, binding="HTTP-Artifact"), a_return_address(OTHER_RETURN_URL, 1)]
    door = a_door(a_site(registration=a_registration(return_addresses=addresses)))
    assert posted(door.sso(SITE.redirect(SITE.request(AssertionConsumerServiceURL=None)))).action == OTHER_RETURN_URL


@pytest.mark.parametrize("binding", ["HTTP-Artifact", "HTTP-Redirect", "PAOS", "nonsense"])
def test_binding_that_the_address_has_not_is_told_at_that_address(door: AdapterDoor, binding: str) -> None:
    assert told(door, ProtocolBinding=BINDINGS + binding) == "Requester UnsupportedBinding"


# Subject.


def subject(text: str = SUBJECT, *, after: str = "", **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<saml:Subject><saml:NameID{written}>{text}</saml:NameID>{after}</saml:Subject>"


ENCRYPTED_SUBJECT = (
    '<saml:Subject><saml:EncryptedID><xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">'
    "<xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
    "</saml:EncryptedID></saml:Subject>"
)


@pytest.mark.parametrize(
    "inside",
    [
        subject(),
        subject(Format=UNSPECIFIED),
        subject(Format=FORMAT + "persistent"),
        subject(Format=FORMAT + "persistent", NameQualifier=SETTINGS.entity_id, SPNameQualifier=SITE_ID),
        subject(Format=FORMAT + "persistent", SPNameQualifier="filings"),
    ],
)
def test_subject_by_an_identifier_of_ours_is_the_one_that_the_site_accepts(door: AdapterDoor, inside: str) -> None:
    assert understood(door, inside).subject == SUBJECT


@pytest.mark.parametrize(
    "inside",
    [
        subject("somebody"),
        subject(SUBJECT.upper()),
        subject(""),
        subject(Format=FORMAT + "transient"),
        subject(Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
        subject(NameQualifier="https://another.example"),
        subject(SPNameQualifier="https://another.example"),
        subject(SPProvidedID="our-name-for-them"),
        ENCRYPTED_SUBJECT,
    ],
)
def test_subject_whom_we_cannot_know_is_told_to_the_site(door: AdapterDoor, inside: str) -> None:
    assert told(door, inside) == "Responder UnknownPrincipal"


@pytest.mark.parametrize("name", [True, False])
def test_subject_confirmation_is_told_to_the_site(door: AdapterDoor, name: bool) -> None:  # noqa: FBT001 (pytest)
    confirmation = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>'
    inside = subject(after=confirmation) if name else f"<saml:Subject>{confirmation}</saml:Subject>"
    assert told(door, inside) == "Requester RequestUnsupported"


# NameIDPolicy.


def policy(**attributes: str) -> str:
    return "<samlp:NameIDPolicy" + "".join(f' {name}="{value}"' for name, value in attributes.items()) + "/>"


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("", IdentifierKind.PERSISTENT),
        (policy(AllowCreate="true"), IdentifierKind.PERSISTENT),
        (policy(Format=UNSPECIFIED), IdentifierKind.PERSISTENT),
        (policy(Format=FORMAT + "persistent"), IdentifierKind.PERSISTENT),
        (policy(Format=FORMAT + "persistent", SPNameQualifier="filings"), IdentifierKind.PERSISTENT),
        (policy(Format=FORMAT + "persistent", SPNameQualifier=SITE_ID), IdentifierKind.PERSISTENT),
        (policy(Format=FORMAT + "transient"), IdentifierKind.TRANSIENT),
    ],
)
def test_name_id_policy_chooses_the_identifier(door: AdapterDoor, inside: str, expected: IdentifierKind) -> None:
    assert understood(door, inside).identifier is expected


@pytest.mark.parametrize("inside", ["", policy(), policy(Format=UNSPECIFIED)])
def test_open_format_is_the_first_of_the_metadata_that_we_have(inside: str) -> None:
    formats = ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", FORMAT + "transient", FORMAT + "persistent"]
    assert understood(a_door_of(formats=formats), inside).identifier is IdentifierKind.TRANSIENT


@pytest.mark.parametrize(
    ("inside", "may"),
    [
        ("", True),
        (policy(), True),
        (policy(AllowCreate="false"), False),
        (policy(AllowCreate="0"), False),
        (policy(AllowCreate=" false\n"), False),
        (policy(AllowCreate="true"), True),
        (policy(AllowCreate="1"), True),
        (policy(Format=FORMAT + "persistent"), True),
        (policy(Format=FORMAT + "persistent", AllowCreate="false"), False),
        (policy(Format=FORMAT + "encrypted"), True),
        (policy(Format=FORMAT + "encrypted", AllowCreate="0"), False),
        (policy(Format=FORMAT + "transient"), True),
        (policy(Format=FORMAT + "transient", AllowCreate="false"), True),
    ],
)
def test_only_a_written_false_denies_a_lasting_identifier(
    inside: str,
    may: bool,  # noqa: FBT001 (pytest)
) -> None:
    assert understood(a_door_of(keys=encrypting()), inside).may_create is may


@pytest.mark.parametrize(
    "inside",
    [
        policy(Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
        policy(Format=FORMAT + "encrypted"),
        policy(Format=""),
        policy(SPNameQualifier="another sector"),
    ],
)
def test_name_id_policy_that_cannot_be_met_is_told_to_the_site(door: AdapterDoor, inside: str) -> None:
    assert told(door, inside) == "Requester InvalidNameIDPolicy"


def test_sector_as_qualifier_comes_back(door: AdapterDoor) -> None:
    inside = policy(AllowCreate="true", SPNameQualifier="filings")
    (name_id,) = response(door.sso(SITE.redirect(SITE.request(inside=inside)))).iter("{*}NameID")
    assert name_id.get("SPNameQualifier") == "filings"


def test_encrypted_format_is_met_where_the_site_can_decrypt() -> None:
    asked = understood(a_door_of(keys=encrypting()), policy(Format=FORMAT + "encrypted", AllowCreate="true"))
    assert asked.identifier is IdentifierKind.PERSISTENT
    assert '"encrypt_id":true' in asked.reply


# RequestedAuthnContext (core 3.3.2.2.1).


def wish(comparison: str, *references: str) -> str:
    inside = "".join(f"<saml:AuthnContextClassRef>{reference}</saml:AuthnContextClassRef>" for reference in references)
    return f'<samlp:RequestedAuthnContext Comparison="{comparison}">{inside}</samlp:RequestedAuthnContext>'


DECLARATION = "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>"


@pytest.mark.parametrize(
    ("asked_for", "required"),
    [
        (wish("exact", PKI), AssuranceLevel.HIGH),
        (wish("exact", f"\n  {PKI}\n  "), AssuranceLevel.HIGH),
        (wish("exact", f"{ISSUER}/acr/card-pin"), AssuranceLevel.HIGH),
        (wish("exact", PASSWORD, PKI), AssuranceLevel.HIGH),
        (wish("exact", SMARTCARD), AssuranceLevel.HIGH),
        (wish("exact", UNSPECIFIED_CLASS), AssuranceLevel.LOW),
        (wish("maximum", UNSPECIFIED_CLASS), AssuranceLevel.LOW),
        (wish("minimum", X509), AssuranceLevel.SUBSTANTIAL),
        (wish("better", X509), AssuranceLevel.HIGH),
        (wish("minimum", PASSWORD), AssuranceLevel.LOW),
        (wish("minimum", "http://eidas.europa.eu/LoA/substantial"), AssuranceLevel.SUBSTANTIAL),
        (wish("better", PASSWORD), AssuranceLevel.SUBSTANTIAL),
        (wish("maximum", "http://eidas.europa.eu/LoA/high"), AssuranceLevel.HIGH),
    ],
)
def test_requested_context_sets_the_required_assurance(
    door: AdapterDoor, asked_for: str, required: AssuranceLevel
) -> None:
    assert understood(door, asked_for).required is required


@pytest.mark.parametrize(
    "asked_for",
    [
        wish("exact", PASSWORD),
        wish("exact", f"{PASSWORD}ProtectedTransport"),
        wish("exact", X509),
        wish("exact", "urn:unknown"),
        wish("minimum", "urn:unknown"),
        wish("better", PKI),
        wish("better", PASSWORD, "urn:unknown"),
        wish("maximum", PASSWORD),
        f"<samlp:RequestedAuthnContext>{DECLARATION}</samlp:RequestedAuthnContext>",
    ],
)
def test_context_that_cannot_be_reached_is_told_to_the_site(door: AdapterDoor, asked_for: str) -> None:
    assert told(door, asked_for) == "Responder NoAuthnContext"


# Scoping (core 3.4.1.2, 3.4.1.5).


def scoping(*providers: str, count: str | None = None, more: str = "") -> str:
    entries = "".join(f'<samlp:IDPEntry ProviderID="{provider}"/>' for provider in providers)
    listed = f"<samlp:IDPList>{entries}{more}</samlp:IDPList>" if providers else ""
    written = "" if count is None else f' ProxyCount="{count}"'
    return (
        f"<samlp:Scoping{written}>{listed}<samlp:RequesterID>https://behind.example</samlp:RequesterID></samlp:Scoping>"
    )


@pytest.mark.parametrize(
    "inside",
    [
        scoping(),
        scoping(count="0"),
        scoping(count="99999"),
        scoping(SETTINGS.entity_id),
        scoping("https://other.example", SETTINGS.entity_id, count="0"),
        scoping("https://other.example", more="<samlp:GetComplete>https://list.example</samlp:GetComplete>"),
    ],
)
def test_scoping_that_allows_us_changes_nothing(door: AdapterDoor, inside: str) -> None:
    assert told(door, inside) == "Success"


@pytest.mark.parametrize(
    ("inside", "status"),
    [
        (scoping("https://other.example"), "Responder NoSupportedIDP"),
        (scoping("https://other.example", count="1"), "Responder NoSupportedIDP"),
        (scoping("https://other.example", count="0"), "Responder ProxyCountExceeded"),
        (scoping("https://other.example", count="-0"), "Responder ProxyCountExceeded"),
        (scoping("https://other.example", count="0" * 5000), "Responder ProxyCountExceeded"),
    ],
)
def test_scoping_without_us_is_told_to_the_site(door: AdapterDoor, inside: str, status: str) -> None:
    assert told(door, inside) == status


# Conditions (core 2.5, 3.4.1).


def conditions(inside: str = "", *, opens: datetime | None = None, closes: datetime | None = None) -> str:
    since = "" if opens is None else f' NotBefore="{write_instant(opens)}"'
    until = "" if closes is None else f' NotOnOrAfter="{write_instant(closes)}"'
    return f"<saml:Conditions{since}{until}>{inside}</saml:Conditions>"


def audience(*names: str) -> str:
    written = "".join(f"<saml:Audience>{name}</saml:Audience>" for name in names)
    return f"<saml:AudienceRestriction>{written}</saml:AudienceRestriction>"


def stated(door: AdapterDoor, inside: str) -> etree._Element:
    """The Conditions of the assertion."""
    (found,) = response(door.sso(SITE.redirect(SITE.request(inside=inside)))).iter("{*}Conditions")
    return found


def test_times_of_the_conditions_narrow_the_answer(door: AdapterDoor) -> None:
    asked = conditions(opens=NOW, closes=NOW + timedelta(minutes=2))
    found = stated(door, asked)
    assert found.get("NotBefore") == write_instant(NOW)
    assert found.get("NotOnOrAfter") == write_instant(NOW + timedelta(minutes=2))


def test_times_of_the_conditions_never_widen_the_answer(door: AdapterDoor) -> None:
    found = stated(door, conditions(opens=NOW - timedelta(days=1), closes=NOW + timedelta(days=1)))
    assert found.get("NotBefore") == write_instant(NOW - SETTINGS.skew)
    assert found.get("NotOnOrAfter") == write_instant(NOW + SETTINGS.assertion_lifetime)


@pytest.mark.parametrize(
    ("inside", "local_name", "count"),
    [("<saml:OneTimeUse/>", "OneTimeUse", None), ('<saml:ProxyRestriction Count="3"/>', "ProxyRestriction", "3")],
)
def test_known_conditions_stand_in_the_answer(
    door: AdapterDoor, inside: str, local_name: str, count: str | None
) -> None:
    (found,) = stated(door, conditions(inside)).iter(f"{{*}}{local_name}")
    assert found.get("Count") == count


def test_audience_with_the_site_itself_is_met(door: AdapterDoor) -> None:
    assert told(door, conditions(audience("https://other.example", SITE_ID) + audience(SITE_ID))) == "Success"


TYPED = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="saml:OneTimeUseType"'


@pytest.mark.parametrize(
    "inside",
    [
        conditions(audience("https://other.example")),
        conditions(audience(SITE_ID) + audience("https://other.example")),
        conditions(closes=NOW),
        conditions(opens=NOW + timedelta(seconds=10), closes=NOW + timedelta(seconds=10)),
        conditions(opens=NOW + SETTINGS.skew + timedelta(seconds=1)),
        conditions('<saml:ProxyRestriction Count="1"><saml:Audience>urn:x</saml:Audience></saml:ProxyRestriction>'),
        conditions(f"<saml:Condition {TYPED}/>"),
    ],
)
def test_conditions_that_cannot_be_met_are_told_to_the_site(door: AdapterDoor, inside: str) -> None:
    assert told(door, inside) == "Requester RequestUnsupported"


# AttributeConsumingServiceIndex, and what is told at all.

ACR = f"{ISSUER}/attr/acr"
SECTOR = f"{ISSUER}/attr/sector"
TRANSIENT = policy(Format=FORMAT + "transient")


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (None, WITH_SUBJECT),
        ("2", (*WITH_SUBJECT, AttributeName.SECTOR)),
    ],
)
def test_attribute_set_is_the_named_one_or_the_default(index: str | None, expected: tuple[AttributeName, ...]) -> None:
    """How the citizen logged in is told to everyone."""
    sets = [an_attribute_set(2, SECTOR, "urn:unknown"), an_attribute_set(5, ACR, extra='isDefault="true"')]
    assert understood(a_door_of(*sets), AttributeConsumingServiceIndex=index).attributes == expected


def test_unregistered_attribute_set_is_told_to_the_site() -> None:
    assert told(a_door_of(an_attribute_set(2, ACR)), AttributeConsumingServiceIndex="3") == (
        "Requester InvalidAttrNameOrValue"
    )


def test_number_of_a_set_chooses_nothing_where_the_metadata_has_none() -> None:
    assert understood(a_door_of(), AttributeConsumingServiceIndex="3") == understood(a_door_of())


@pytest.mark.parametrize(
    ("requirement", "inside", "sets", "is_told"),
    [
        (None, "", (), True),
        (None, TRANSIENT, (), False),
        (None, TRANSIENT, (an_attribute_set(0, PAIRWISE),), True),
        ("pairwise-id", TRANSIENT, (), True),
        ("any", TRANSIENT, (), True),
        ("none", "", (), False),
        ("none", "", (an_attribute_set(0, PAIRWISE),), False),
    ],
)
def test_lasting_identifier_is_told_as_the_site_requires(
    requirement: str | None,
    inside: str,
    sets: tuple[str, ...],
    is_told: bool,  # noqa: FBT001 (pytest)
) -> None:
    asked = understood(a_door_of(*sets, requirement=requirement), inside)
    assert (AttributeName.SUBJECT in asked.attributes) is is_told


def test_extensions_are_read_past(door: AdapterDoor) -> None:
    assert told(door, '<samlp:Extensions><x xmlns="urn:x" a="b">c</x></samlp:Extensions>') == "Success"
