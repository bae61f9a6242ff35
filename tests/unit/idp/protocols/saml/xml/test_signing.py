"""Our signatures on XML, read by a library that had no part in making them."""

import pytest
from hypothesis import given
from lxml import etree
from signxml.exceptions import InvalidDigest
from signxml.verifier import XMLVerifier

from idp.adapters.keys.pem import CertifiedPemSigner
from idp.protocols.saml.xml.canonical import Xml, declare, element, text
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.signing import XmlSigner, new_id, sign_enveloped
from tests.support.saml import an_ec_signer, an_rsa_signer
from tests.support.xml import any_text, canonical

SAML = declare("saml")
SIGNERS = pytest.mark.parametrize("signer", [an_rsa_signer("idp"), an_ec_signer("idp")], ids=["RSA", "P-256"])


def signed_text(value: str, signer: CertifiedPemSigner) -> Xml:
    issuer, content = element("saml:Issuer", text("us")), element("saml:Text", text(value))
    return XmlSigner(signer).element("saml:Assertion", issuer, content, declares=SAML, ID=new_id(), Version=value)


def what_is_signed(document: Element, signer: CertifiedPemSigner) -> Element:
    signed = XMLVerifier().verify(document, x509_cert=signer.certificate, id_attribute="ID").signed_xml
    assert signed is not None
    return signed


@SIGNERS
def test_element_written_with_a_signature_verifies(signer: CertifiedPemSigner) -> None:
    signed = what_is_signed(etree.fromstring(signed_text("本文 & <text>", signer)), signer)
    assert [child.text for child in signed] == ["us", "本文 & <text>"]


@given(value=any_text())
def test_element_written_with_a_signature_is_its_own_canonical_form(value: str) -> None:
    written = signed_text(value, an_ec_signer("idp"))
    assert canonical(written) == written


def test_signature_stands_behind_the_issuer() -> None:
    root = etree.fromstring(signed_text("", an_ec_signer("idp")))
    assert [etree.QName(child).localname for child in root] == ["Issuer", "Signature", "Text"]


def test_signed_octets_of_signed_info_are_those_of_its_canonical_form() -> None:
    """A verifier has only the document, and canonicalizes the SignedInfo out of it."""
    signer = an_rsa_signer("idp")
    root = etree.fromstring(signed_text("", signer))
    info = next(root.iter("{*}SignedInfo"))
    octets = etree.tostring(info, method="c14n", exclusive=True)
    assert b'<ds:SignedInfo xmlns:ds="' in octets
    what_is_signed(root, signer)


def test_changed_text_does_not_verify() -> None:
    changed = signed_text("a text", an_rsa_signer("idp")).replace("a text", "a test")
    with pytest.raises(InvalidDigest):
        what_is_signed(etree.fromstring(changed), an_rsa_signer("idp"))


def a_document(value: str = "本文 & <text>") -> Element:
    root = etree.Element("{urn:a}root", nsmap={"a": "urn:a", "ds": "urn:not-xml-signature"}, ID="_root")
    etree.SubElement(root, "{urn:b}text").text = value
    return root


@SIGNERS
def test_signed_document_verifies_after_a_journey_as_text(signer: CertifiedPemSigner) -> None:
    root = a_document()
    sign_enveloped(root, signer, position=0)
    signed = what_is_signed(etree.fromstring(etree.tostring(root)), signer)
    assert [child.text for child in signed] == ["本文 & <text>"]


def test_signed_document_keeps_the_prefixes_that_its_values_use() -> None:
    root = etree.fromstring(
        '<a xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' ID="_a"><b xsi:type="xs:string"/></a>'
    )
    sign_enveloped(root, an_rsa_signer("idp"), position=0)
    assert "xs" in what_is_signed(root, an_rsa_signer("idp")).nsmap
    changed = etree.tostring(root).replace(b'2001/XMLSchema"', b'2001/Other"')
    with pytest.raises(InvalidDigest):
        what_is_signed(etree.fromstring(changed), an_rsa_signer("idp"))


def test_no_two_ids_are_alike_and_each_is_an_xml_name() -> None:
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(id_.startswith("_") and id_.isidentifier() for id_ in ids)
