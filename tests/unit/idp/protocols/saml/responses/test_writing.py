"""Responses as text: canonical, signed where they should be, sealed where they should be, and cheap."""

import subprocess
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from signxml.verifier import XMLVerifier

from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.attribute import AttributeName
from idp.domain.errors import LoginStopped, ServiceFault
from idp.domain.service_provider import SectorCode
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.errors import Status
from idp.protocols.saml.names import HTTP_POST
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.responses.writing import ResponseWriter, by_post
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.xml.documents import Schema
from tests.support.saml import ISSUER, NOW, RETURN_URL, SETTINGS, SUBJECT, a_release, an_ec_signer, an_rsa_signer
from tests.support.saml_replies import REGISTRATION, REPLY, a_decryption_key, a_registration_with, a_target, a_writer
from tests.support.saml_witness import xmlsec1_accepts, xmlsec1_decrypts
from tests.support.xml import any_text, canonical

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
RESPONSE = "urn:oasis:names:tc:SAML:2.0:protocol:Response"
ARTIFACT_RESPONSE = "urn:oasis:names:tc:SAML:2.0:protocol:ArtifactResponse"
EVERYTHING = tuple(AttributeName)
IDP = an_rsa_signer("idp")

REGISTRATIONS = {
    "assertion signed": REGISTRATION,
    "both signed": a_registration_with(signs_response=True),
    "encrypted": a_registration_with(encryption=a_target()),
    "both signed and encrypted": a_registration_with(signs_response=True, encryption=a_target()),
}
EVERY_SITE = pytest.mark.parametrize("registration", list(REGISTRATIONS.values()), ids=list(REGISTRATIONS))


def answer(registration: Registration = REGISTRATION, reply: Reply = REPLY) -> str:
    return a_writer().answer(a_release(attributes=EVERYTHING), reply, registration)


def local_names(document: str | bytes) -> list[str]:
    return [etree.QName(found).localname for found in etree.fromstring(document).iter("{*}*")]


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    return Reply(
        site=REPLY.site,
        entity_id=draw(any_text()),
        return_url=draw(any_text()),
        binding=HTTP_POST,
        request_id=draw(any_text() | st.none()),
        relay_state=None,
        context=None,
        name_qualifier=draw(any_text() | st.none()),
        encrypt_id=False,
        not_before=None,
        not_on_or_after=None,
        one_time_use=draw(st.booleans()),
        proxy_count=draw(st.integers(0, 9) | st.none()),
    )


@st.composite
def settings(draw: st.DrawFn) -> SamlSettings:
    return replace(
        SETTINGS,
        issuer=draw(any_text()),
        entity_id=draw(any_text().filter(lambda value: value != SETTINGS.sso_url)),
        authenticating_authorities=tuple(draw(st.lists(any_text(), max_size=2))),
    )


@given(
    reply=replies(), settings=settings(), subject=any_text(), sector=any_text(), site=st.sampled_from([*REGISTRATIONS])
)
def test_answer_is_its_own_canonical_form(
    reply: Reply, settings: SamlSettings, subject: str, sector: str, site: str
) -> None:
    """Whatever stands in it. If the writer were wrong anywhere, a signature would not verify for somebody."""
    signer = an_ec_signer("idp")
    writer = ResponseWriter(settings=settings, signer=signer, contexts=Contexts(settings.issuer))
    release = replace(a_release(subject=subject, attributes=EVERYTHING), sector=SectorCode(sector))
    written = writer.answer(release, reply, REGISTRATIONS[site])
    assert canonical(written) == written
    envelope = writer.artifact_response(written, in_response_to=subject, now=NOW).decode()
    assert canonical(envelope) == envelope


@given(text=any_text())
def test_subject_arrives_as_it_is(text: str) -> None:
    root = etree.fromstring(a_writer().answer(a_release(subject=text), REPLY, REGISTRATION))
    assert (next(root.iter("{*}NameID")).text or "") == text


@pytest.mark.parametrize("character", ["\0", "\x1f", "\r", "\ud800", "\uffff"])
@pytest.mark.parametrize("field", ["entity_id", "return_url", "request_id", "name_qualifier"])
def test_reply_that_xml_cannot_carry_is_refused(field: str, character: str) -> None:
    with pytest.raises(ServiceFault):
        answer(reply=replace(REPLY, **{field: f"a{character}b"}))  # type: ignore[arg-type]


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\r", "\ud800", "\ufffe", "\uffff"])
def test_subject_that_xml_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(ServiceFault):
        a_writer().answer(a_release(subject=f"a{character}b"), REPLY, REGISTRATION)


def test_release_for_another_site_is_not_sent() -> None:
    with pytest.raises(ServiceFault):
        a_writer().answer(a_release(site="another"), REPLY, REGISTRATION)


@EVERY_SITE
def test_answer_is_valid_by_the_schema(registration: Registration, tmp_path: Path) -> None:
    schema = Schema(schema_file("protocol"))
    document = answer(registration).encode()
    schema.check(etree.fromstring(document))
    if registration.encryption is not None:
        opened = xmlsec1_decrypts(document, a_decryption_key(), tmp_path)
        assert opened is not None
        assert ASSERTION.rpartition(":")[2] in local_names(opened)


@EVERY_SITE
def test_response_is_signed_besides_if_the_site_asks(registration: Registration, tmp_path: Path) -> None:
    """Last of all, over what was encrypted."""
    document = answer(registration).encode()
    assert xmlsec1_accepts(document, RESPONSE, IDP, tmp_path) is registration.signs_response
    if registration.signs_response:
        changed = document.replace(b'Destination="https', b'Destination="http')
        assert not xmlsec1_accepts(changed, RESPONSE, IDP, tmp_path)


@pytest.mark.parametrize("signs_response", [False, True])
def test_assertion_is_sealed_for_the_site_and_signed_inside(tmp_path: Path, *, signs_response: bool) -> None:
    document = answer(a_registration_with(signs_response=signs_response, encryption=a_target())).encode()
    assert SUBJECT.encode() not in document
    assert "Assertion" not in local_names(document)
    opened = xmlsec1_decrypts(document, a_decryption_key(), tmp_path)
    assert opened is not None
    assertion = etree.tostring(next(etree.fromstring(opened).iter("{*}Assertion")))
    assert xmlsec1_accepts(assertion, ASSERTION, IDP, tmp_path)
    assert SUBJECT.encode() in assertion


def test_opened_assertion_verifies_in_any_surroundings(tmp_path: Path) -> None:
    """Sites put it back in their own way; it declares all that it needs, and nothing around it counts."""
    assertion = next(etree.fromstring(answer()).iter("{*}Assertion"))
    text = etree.tostring(assertion).decode()
    for around in (
        "<a>{}</a>",
        '<saml:a xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{}</saml:a>',
        '<xs:a xmlns:xs="urn:other" xmlns:saml="urn:other" xmlns:ds="urn:other" xmlns="urn:other">{}</xs:a>',
    ):
        assert xmlsec1_accepts(around.replace("{}", text).encode(), ASSERTION, IDP, tmp_path)


def test_refusal_is_signed_as_a_whole_and_never_encrypted(tmp_path: Path) -> None:
    document = a_writer().refuse(LoginStopped(), REPLY, now=NOW)
    assert canonical(document) == document
    Schema(schema_file("protocol")).check(etree.fromstring(document))
    assert xmlsec1_accepts(document.encode(), RESPONSE, IDP, tmp_path)


def test_every_response_and_assertion_has_its_own_id() -> None:
    ids = [
        found.get("ID") for _ in range(3) for found in etree.fromstring(answer()).iter("{*}Response", "{*}Assertion")
    ]
    assert len(set(ids)) == len(ids) == 6


def test_answer_is_posted_with_the_sites_own_state() -> None:
    message = answer()
    form = by_post(message, replace(REPLY, relay_state="a b"))
    assert form.action == RETURN_URL
    assert b64decode(dict(form.fields)["SAMLResponse"], validate=True).decode() == message
    assert dict(form.fields)["RelayState"] == "a b"
    assert "RelayState" not in dict(by_post(message, REPLY).fields)


@EVERY_SITE
def test_artifact_stands_for_the_very_same_response(registration: Registration, tmp_path: Path) -> None:
    message = answer(registration)
    envelope = a_writer().artifact_response(message, in_response_to="_resolve1", now=NOW)
    assert xmlsec1_accepts(envelope, ARTIFACT_RESPONSE, IDP, tmp_path)
    (response,) = etree.fromstring(envelope).iter("{*}Response")
    assert canonical(etree.tostring(response).decode()) == message
    if registration.signs_response:
        assert xmlsec1_accepts(etree.tostring(response), RESPONSE, IDP, tmp_path)


@pytest.mark.parametrize("message", [None, answer()], ids=["nothing", "a response"])
def test_artifact_response_is_valid_and_answers_the_resolver(message: str | None) -> None:
    envelope = etree.fromstring(a_writer().artifact_response(message, in_response_to="_resolve1", now=NOW))
    assert etree.QName(envelope).namespace == "http://schemas.xmlsoap.org/soap/envelope/"
    response = envelope[0][0]
    signed = XMLVerifier().verify(response, x509_cert=IDP.certificate, id_attribute="ID").signed_xml
    assert signed is not None
    assert (signed.get("InResponseTo"), signed.get("IssueInstant")) == ("_resolve1", "2026-11-02T09:30:00Z")
    assert [code.get("Value", "").rpartition(":")[2] for code in signed.findall("{*}Status/{*}StatusCode")] == [
        "Success"
    ]
    Schema(schema_file("protocol")).check(etree.fromstring(etree.tostring(response)))


def test_artifact_response_can_refuse() -> None:
    status = Status(top="urn:top", detail="urn:detail")
    envelope = a_writer().artifact_response(None, in_response_to="_resolve1", now=NOW, status=status)
    assert [code.get("Value") for code in etree.fromstring(envelope).iter("{*}StatusCode")] == ["urn:top", "urn:detail"]


class CountingSigner:
    """Counts what another signs."""

    def __init__(self, signer: CertifiedPemSigner) -> None:
        self._signer = signer
        self.signatures = 0
        self.key_id = signer.key_id
        self.algorithm = signer.algorithm
        self.public_key = signer.public_key
        self.certificate = signer.certificate

    def sign(self, data: bytes) -> bytes:
        self.signatures += 1
        return self._signer.sign(data)


@EVERY_SITE
def test_answer_costs_its_signatures_and_no_parser_process_or_key_load(
    registration: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading an RSA key costs more than a hundred signatures, a process as much again, a parser a good part of one."""
    signer = CountingSigner(IDP)
    writer = ResponseWriter(settings=SETTINGS, signer=signer, contexts=Contexts(ISSUER))

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("in a request")

    monkeypatch.setattr(serialization, "load_pem_private_key", forbidden)
    monkeypatch.setattr(serialization, "load_der_private_key", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    monkeypatch.setattr(etree, "fromstring", forbidden)
    monkeypatch.setattr(etree, "tostring", forbidden)
    writer.answer(a_release(attributes=EVERYTHING), REPLY, registration)
    assert signer.signatures == (2 if registration.signs_response else 1)
