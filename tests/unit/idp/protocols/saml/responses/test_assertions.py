"""What an Assertion states, made from a release and from how the site asked."""

from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from idp.domain.errors import ServiceFault
from idp.domain.login import IdentifierKind
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.xml.documents import Element
from tests.support.saml import NOW, SETTINGS, SITE_ID, SUBJECT, a_release
from tests.support.saml_replies import REGISTRATION, REPLY, a_decryption_key, a_registration_with, a_target, a_writer
from tests.support.saml_witness import instant, openssl_opens_key, xmlsec1_decrypts

NS = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}


def one(root: Element, path: str) -> Element:
    found = root.findall(path, NS)
    assert len(found) == 1, path
    return found[0]


def answered(reply: Reply = REPLY, identifier: IdentifierKind = IdentifierKind.PERSISTENT) -> Element:
    return etree.fromstring(a_writer().answer(a_release(identifier=identifier), reply, REGISTRATION))


def test_lasting_identifier_is_named_by_us_for_the_site() -> None:
    name_id = one(answered(), ".//saml:NameID")
    assert name_id.text == SUBJECT
    assert dict(name_id.attrib) == {
        "Format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "NameQualifier": SETTINGS.entity_id,
        "SPNameQualifier": SITE_ID,
    }


def test_sector_is_stated_to_a_site_that_asked_in_its_name() -> None:
    name_id = one(answered(replace(REPLY, name_qualifier="filings")), ".//saml:NameID")
    assert name_id.get("SPNameQualifier") == "filings"


def test_transient_identifier_is_for_no_site_in_particular() -> None:
    name_id = one(answered(identifier=IdentifierKind.TRANSIENT), ".//saml:NameID")
    assert name_id.get("Format") == "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    assert name_id.get("SPNameQualifier") is None


def test_unsolicited_answer_answers_nothing() -> None:
    root = answered(replace(REPLY, request_id=None))
    assert root.get("InResponseTo") is None
    data = one(root, ".//saml:SubjectConfirmationData")
    assert data.get("InResponseTo") is None
    assert data.get("Recipient") == REPLY.return_url


def test_authorities_behind_the_login_are_named_in_order() -> None:
    settings = replace(SETTINGS, authenticating_authorities=("https://ca.example/a", "https://ca.example/b"))
    root = etree.fromstring(a_writer(settings).answer(a_release(), REPLY, REGISTRATION))
    context = one(root, ".//saml:AuthnContext")
    assert [etree.QName(child).localname for child in context] == ["AuthnContextClassRef"] + [
        "AuthenticatingAuthority"
    ] * 2
    assert [child.text for child in context][1:] == ["https://ca.example/a", "https://ca.example/b"]


def test_no_condition_is_stated_that_the_site_did_not_ask_for() -> None:
    conditions = one(answered(), ".//saml:Conditions")
    assert [etree.QName(child).localname for child in conditions] == ["AudienceRestriction"]


def test_conditions_that_the_site_asked_for_are_stated() -> None:
    conditions = one(answered(replace(REPLY, one_time_use=True, proxy_count=0)), ".//saml:Conditions")
    assert [etree.QName(child).localname for child in conditions][1:] == ["OneTimeUse", "ProxyRestriction"]
    assert one(conditions, "saml:ProxyRestriction").get("Count") == "0"


def test_validity_is_narrowed_by_the_request_and_never_widened() -> None:
    narrow = replace(REPLY, not_before=NOW - timedelta(seconds=10), not_on_or_after=NOW + timedelta(seconds=20))
    wide = replace(REPLY, not_before=NOW - timedelta(days=1), not_on_or_after=NOW + timedelta(days=1))
    for reply, opens, closes in (
        (narrow, timedelta(seconds=-10), timedelta(seconds=20)),
        (wide, -SETTINGS.skew, SETTINGS.assertion_lifetime),
    ):
        root = answered(reply)
        conditions = one(root, ".//saml:Conditions")
        data = one(root, ".//saml:SubjectConfirmationData")
        assert instant(conditions.get("NotBefore", "")) == NOW + opens
        assert instant(conditions.get("NotOnOrAfter", "")) == NOW + closes
        assert data.get("NotOnOrAfter") == conditions.get("NotOnOrAfter")


@pytest.mark.parametrize(
    "changes",
    [
        {"not_on_or_after": NOW},
        {"not_on_or_after": NOW - timedelta(days=1)},
        {"not_before": NOW + timedelta(days=1)},
        {"not_before": NOW + timedelta(seconds=9), "not_on_or_after": NOW + timedelta(seconds=8)},
    ],
)
def test_request_that_leaves_no_time_is_refused(changes: dict[str, object]) -> None:
    root = answered(replace(REPLY, **changes))  # type: ignore[arg-type]
    assert root.find("saml:Assertion", NS) is None
    codes = [code.get("Value") for code in root.iter("{*}StatusCode")]
    assert codes == [f"urn:oasis:names:tc:SAML:2.0:status:{code}" for code in ("Requester", "RequestDenied")]


def test_encrypted_identifier_opens_to_the_name_alone(tmp_path: Path) -> None:
    registration = a_registration_with(encryption=a_target())
    document = a_writer().answer(a_release(), replace(REPLY, encrypt_id=True), registration).encode()
    opened = xmlsec1_decrypts(document, a_decryption_key(), tmp_path)
    assert opened is not None
    assert SUBJECT.encode() not in opened
    (encrypted_id,) = etree.fromstring(opened).iter("{*}EncryptedID")
    sealed, content = [b64decode(value.text or "") for value in encrypted_id.iter("{*}CipherValue")]
    key = openssl_opens_key(sealed, a_decryption_key(), tmp_path)
    name_id = etree.fromstring(AESGCM(key).decrypt(content[:12], content[12:], None))
    assert (name_id.tag, name_id.text) == (f"{{{NS['saml']}}}NameID", SUBJECT)
    assert name_id.get("SPNameQualifier") == SITE_ID


def test_identifier_is_not_sent_readable_if_it_was_to_be_encrypted() -> None:
    with pytest.raises(ServiceFault):
        a_writer().answer(a_release(), replace(REPLY, encrypt_id=True), REGISTRATION)
