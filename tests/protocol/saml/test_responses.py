"""SAML profiles 4.1.4.2 and core 2, 3.2: what our Responses say, and that others verify them."""

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from saml2.response import StatusNoAuthnContext, StatusRequestDenied

from foundation.clock import system_clock
from idp.domain.errors import AssuranceUnreachable, LoginStopped
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProvider
from idp.protocols.contract import FormPost, Refusable
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.xml.documents import Element, Schema
from tests.support.oidc import FakeClock
from tests.support.saml import (
    ISSUER,
    NOW,
    RETURN_URL,
    SETTINGS,
    SITE_ID,
    SUBJECT,
    AdapterDoor,
    Outcome,
    TestSite,
    a_certificate,
    a_door,
    a_key_descriptor,
    a_registration,
    a_release,
    a_site,
    an_adapter,
    an_rsa_signer,
)
from tests.support.saml_replies import a_decryption_key
from tests.support.saml_witness import (
    a_stock_site,
    instant,
    read_by_stock_site,
    xmlsec1_accepts,
    xmlsec1_decrypts,
)

CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion", "samlp": "urn:oasis:names:tc:SAML:2.0:protocol"}
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
RESPONSE = "urn:oasis:names:tc:SAML:2.0:protocol:Response"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SITE = TestSite()


@pytest.fixture
def door() -> AdapterDoor:
    return a_door()


def posted(answer: Outcome) -> dict[str, str]:
    assert isinstance(answer, FormPost), answer
    return dict(answer.fields)


def response_field(answer: Outcome) -> str:
    return posted(answer)["SAMLResponse"]


def message(answer: Outcome) -> bytes:
    return base64.b64decode(response_field(answer), validate=True)


def told(asked: LoginRequest, now: datetime) -> Release:
    return a_release(identifier=asked.identifier, attributes=asked.attributes, now=now)


def one(root: Element, path: str) -> Element:
    found = root.findall(path, NS)
    assert len(found) == 1, path
    return found[0]


def answered(door: AdapterDoor, inside: str = "") -> Element:
    return etree.fromstring(message(door.sso(SITE.redirect(SITE.request(inside=inside)))))


def transient() -> str:
    return '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"/>'


def test_response_is_bound_to_request_place_and_time(door: AdapterDoor) -> None:
    root = answered(door)
    assert root.get("InResponseTo") == "_request1"
    assert root.get("Destination") == RETURN_URL
    assert instant(root.get("IssueInstant", "")) == NOW
    assert one(root, "saml:Issuer").text == SETTINGS.entity_id
    assert one(root, "samlp:Status/samlp:StatusCode").get("Value") == STATUS + "Success"


def test_bearer_may_present_the_assertion_once_there_and_for_minutes(door: AdapterDoor) -> None:
    data = one(answered(door), ".//saml:SubjectConfirmation/saml:SubjectConfirmationData")
    assert data.get("Recipient") == RETURN_URL
    assert data.get("InResponseTo") == "_request1"
    assert instant(data.get("NotOnOrAfter", "")) == NOW + SETTINGS.assertion_lifetime
    assert data.get("NotBefore") is None


def test_conditions_name_the_one_audience_and_the_validity(door: AdapterDoor) -> None:
    conditions = one(answered(door), ".//saml:Conditions")
    assert one(conditions, "saml:AudienceRestriction/saml:Audience").text == SITE_ID
    assert instant(conditions.get("NotBefore", "")) == NOW - SETTINGS.skew
    assert instant(conditions.get("NotOnOrAfter", "")) == NOW + SETTINGS.assertion_lifetime


def test_statement_says_when_how_and_in_which_session(door: AdapterDoor) -> None:
    statement = one(answered(door), ".//saml:AuthnStatement")
    assert instant(statement.get("AuthnInstant", "")) == NOW - timedelta(minutes=5)
    assert statement.get("SessionIndex") == "a1" * 16
    assert instant(statement.get("SessionNotOnOrAfter", "")) == NOW + timedelta(minutes=55)
    context = one(statement, "saml:AuthnContext/saml:AuthnContextClassRef")
    assert context.text == f"{CLASS}SmartcardPKI"


@pytest.mark.parametrize(
    ("wanted", "stated"),
    [
        (f"{ISSUER}/acr/card-pin", f"{ISSUER}/acr/card-pin"),
        (f"{CLASS}Smartcard", f"{CLASS}Smartcard"),
        (f"{CLASS}unspecified", f"{CLASS}SmartcardPKI"),
    ],
)
def test_context_is_stated_by_the_name_that_the_site_asked_for(door: AdapterDoor, wanted: str, stated: str) -> None:
    inside = f"<saml:AuthnContextClassRef>{wanted}</saml:AuthnContextClassRef>"
    root = answered(door, f"<samlp:RequestedAuthnContext>{inside}</samlp:RequestedAuthnContext>")
    assert one(root, ".//saml:AuthnContextClassRef").text == stated


def test_lasting_identifier_is_qualified_by_us_and_by_the_site(door: AdapterDoor) -> None:
    name_id = one(answered(door), ".//saml:NameID")
    assert name_id.text == SUBJECT
    assert dict(name_id.attrib) == {
        "Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "NameQualifier": SETTINGS.entity_id,
        "SPNameQualifier": SITE_ID,
    }


def test_lasting_identifier_is_qualified_by_the_sector_if_that_was_asked_for(door: AdapterDoor) -> None:
    root = answered(door, '<samlp:NameIDPolicy SPNameQualifier="filings"/>')
    assert one(root, ".//saml:NameID").get("SPNameQualifier") == "filings"


def test_conditions_of_the_request_stand_in_the_answer(door: AdapterDoor) -> None:
    ends = (NOW + timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    inside = f'<saml:Conditions NotOnOrAfter="{ends}"><saml:OneTimeUse/></saml:Conditions>'
    conditions = one(answered(door, inside), ".//saml:Conditions")
    assert instant(conditions.get("NotOnOrAfter", "")) == NOW + timedelta(seconds=30)
    one(conditions, "saml:OneTimeUse")


def attributes(root: Element) -> dict[str | None, list[str | None]]:
    return {
        attribute.get("Name"): [value.text for value in attribute.findall("saml:AttributeValue", NS)]
        for attribute in root.findall(".//saml:Attribute", NS)
    }


def test_attributes_are_pairwise_id_context_and_freshness_alone(door: AdapterDoor) -> None:
    found = attributes(answered(door))
    status = found.pop(f"{ISSUER}/attr/cert-status")
    assert found == {
        "urn:oasis:names:tc:SAML:attribute:pairwise-id": [f"{SUBJECT}@idp.example"],
        f"{ISSUER}/attr/acr": [f"{ISSUER}/acr/card-pin"],
    }
    assert [json.loads(value or "") for value in status] == [
        {
            "source": "ocsp",
            "checked_at": "2026-11-02T09:25:00Z",
            "list_issued_at": "2026-11-02T09:24:00Z",
            "valid_until": "2026-11-03T09:25:00Z",
        }
    ]


def test_transient_identifier_comes_without_anything_lasting(door: AdapterDoor) -> None:
    root = answered(door, transient())
    name_id = one(root, ".//saml:NameID")
    assert name_id.get("Format") == "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    assert name_id.get("SPNameQualifier") is None
    assert "urn:oasis:names:tc:SAML:attribute:pairwise-id" not in attributes(root)


@pytest.mark.parametrize("inside", ["", transient()])
def test_response_is_valid_by_the_schema(door: AdapterDoor, inside: str) -> None:
    Schema(schema_file("protocol")).check(answered(door, inside))


def test_xmlsec1_verifies_the_assertion(door: AdapterDoor, tmp_path: Path) -> None:
    document = message(door.sso(SITE.redirect()))
    assert xmlsec1_accepts(document, ASSERTION, an_rsa_signer("idp"), tmp_path)
    assert not xmlsec1_accepts(
        document.replace(SUBJECT.encode(), b"6e" * 20), ASSERTION, an_rsa_signer("idp"), tmp_path
    )
    assert not xmlsec1_accepts(document, ASSERTION, an_rsa_signer("stranger"), tmp_path)


def test_signed_reference_covers_the_assertion(door: AdapterDoor) -> None:
    assertion = one(answered(door), "saml:Assertion")
    reference = one(assertion, "{*}Signature/{*}SignedInfo/{*}Reference")
    assert reference.get("URI") == "#" + assertion.get("ID", "")


def test_xmlsec1_verifies_a_refusal_as_a_whole(door: AdapterDoor, tmp_path: Path) -> None:
    inside = '<samlp:NameIDPolicy Format="urn:unknown"/>'
    document = message(door.sso(SITE.redirect(SITE.request(inside=inside))))
    assert xmlsec1_accepts(document, RESPONSE, an_rsa_signer("idp"), tmp_path)
    assert not xmlsec1_accepts(
        document.replace(b"InvalidNameIDPolicy", b"RequestDenied"), RESPONSE, an_rsa_signer("idp"), tmp_path
    )


def test_refusal_has_a_status_and_no_assertion(door: AdapterDoor) -> None:
    root = answered(door, '<samlp:NameIDPolicy Format="urn:unknown"/>')
    Schema(schema_file("protocol")).check(root)
    codes = [code.get("Value") for code in root.iter("{*}StatusCode")]
    assert codes == [STATUS + "Requester", STATUS + "InvalidNameIDPolicy"]
    assert root.find("saml:Assertion", NS) is None
    assert (root.get("InResponseTo"), root.get("Destination")) == ("_request1", RETURN_URL)


def test_refusal_gives_relay_state_back(door: AdapterDoor) -> None:
    asked = door.understand(SITE.redirect(relay_state="a b"))
    assert posted(door.adapter.refuse(LoginStopped(), asked.reply))["RelayState"] == "a b"


def a_sealing_site(*, signs_response: bool = False) -> ServiceProvider:
    """Its metadata has a key to encrypt to, and may ask for a signature over the whole Response."""
    keys = [a_key_descriptor(an_rsa_signer("site").certificate)]
    keys.append(a_key_descriptor(a_certificate("sealing", a_decryption_key()), use="encryption"))
    wish = (
        '<md:Extensions><mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"'
        f' xmlns:saml="{NS["saml"]}"><saml:Attribute Name="http://shibboleth.net/ns/profiles/saml2/sso/browser/'
        'signResponses" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml:AttributeValue>true'
        "</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions><md:SPSSODescriptor"
    )
    registration = a_registration(keys=keys)
    return a_site(registration=registration.replace("<md:SPSSODescriptor", wish, 1) if signs_response else registration)


def test_assertion_is_encrypted_to_the_key_of_the_metadata(tmp_path: Path) -> None:
    document = message(a_door(a_sealing_site()).sso(SITE.redirect()))
    assert SUBJECT.encode() not in document
    opened = xmlsec1_decrypts(document, a_decryption_key(), tmp_path)
    assert opened is not None
    assert xmlsec1_accepts(opened, ASSERTION, an_rsa_signer("idp"), tmp_path)
    assert one(etree.fromstring(opened), ".//saml:NameID").text == SUBJECT


def test_identifier_is_encrypted_besides_if_the_request_asks(tmp_path: Path) -> None:
    inside = '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"/>'
    document = message(a_door(a_sealing_site()).sso(SITE.redirect(SITE.request(inside=inside))))
    opened = xmlsec1_decrypts(document, a_decryption_key(), tmp_path)
    assert opened is not None
    one(etree.fromstring(opened), ".//saml:Subject/saml:EncryptedID")


@pytest.mark.parametrize("signs_response", [False, True])
def test_response_is_signed_if_the_metadata_asks(tmp_path: Path, *, signs_response: bool) -> None:
    document = message(a_door(a_sealing_site(signs_response=signs_response)).sso(SITE.redirect()))
    assert xmlsec1_accepts(document, RESPONSE, an_rsa_signer("idp"), tmp_path) is signs_response


def test_pages_may_lead_to_the_origin_of_the_return_address_alone(door: AdapterDoor) -> None:
    assert door.adapter.return_origin(door.understand(SITE.redirect()).reply) == "https://ministry.example"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("signs_response", [False, True])
def test_stock_pysaml2_reads_an_encrypted_answer(tmp_path: Path, *, signs_response: bool) -> None:
    now = system_clock()
    adapter = an_adapter(a_sealing_site(signs_response=signs_response), clock=FakeClock(now))
    stock = a_stock_site(
        tmp_path,
        entity_id=SITE_ID,
        return_url=RETURN_URL,
        idp_metadata=adapter.metadata(now).text,
        signer=an_rsa_signer("site"),
        decryption_key=a_decryption_key(),
        want_response_signed=signs_response,
    )
    asked = adapter.understand_redirect(SITE.redirect(SITE.request(issued_at=now)), now=now)
    facts = read_by_stock_site(stock, response_field(adapter.answer(told(asked, now), asked.reply)), "_request1")
    assert facts.session_info()["name_id"].text == SUBJECT
    assert facts.session_info()["ava"]["pairwise-id"] == [f"{SUBJECT}@idp.example"]


@pytest.mark.timeout(120)
def test_stock_pysaml2_reads_answer_and_refusals(tmp_path: Path) -> None:
    now = system_clock()
    adapter = an_adapter(a_site(), clock=FakeClock(now))
    stock = a_stock_site(
        tmp_path,
        entity_id=SITE_ID,
        return_url=RETURN_URL,
        idp_metadata=adapter.metadata(now).text,
        signer=an_rsa_signer("site"),
    )
    asked = adapter.understand_redirect(SITE.redirect(SITE.request(issued_at=now)), now=now)

    answer = response_field(adapter.answer(told(asked, now), asked.reply))
    facts = read_by_stock_site(stock, answer, "_request1").session_info()
    assert facts["name_id"].text == SUBJECT
    assert facts["session_index"] == "a1" * 16
    assert facts["ava"]["pairwise-id"] == [f"{SUBJECT}@idp.example"]

    stopped = response_field(adapter.refuse(LoginStopped(), asked.reply))
    with pytest.raises(StatusRequestDenied):
        read_by_stock_site(stock, stopped, "_request1")
    weak = response_field(adapter.refuse(AssuranceUnreachable(), asked.reply))
    with pytest.raises(StatusNoAuthnContext):
        read_by_stock_site(stock, weak, "_request1")


@pytest.mark.timeout(60)
def test_request_made_by_stock_pysaml2_is_understood(tmp_path: Path) -> None:
    now = system_clock()
    adapter = an_adapter(a_site(), clock=FakeClock(now))
    stock = a_stock_site(
        tmp_path,
        entity_id=SITE_ID,
        return_url=RETURN_URL,
        idp_metadata=adapter.metadata(now).text,
        signer=an_rsa_signer("site"),
    )
    _, sent = stock.prepare_for_authenticate(
        relay_state="back/to?here=1",
        nameid_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
        sign=True,
        sigalg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    )
    query = dict(sent["headers"])["Location"].partition("?")[2]
    asked = adapter.understand_redirect(query.encode(), now=now)
    assert asked.identifier is IdentifierKind.TRANSIENT
    assert posted(adapter.answer(told(asked, now), asked.reply))["RelayState"] == "back/to?here=1"


def test_passive_refusal_is_left_to_the_web(door: AdapterDoor) -> None:
    """Whether a session can serve is not the adapter's affair: it understands a passive request like any other."""
    try:
        assert door.understand(SITE.redirect(SITE.request(IsPassive="true"))).passive
    except Refusable:
        pytest.fail("refused by the adapter")
