"""Our signatures on XML, read by a library that had no part in making them."""

import pytest
from lxml import etree
from signxml.exceptions import InvalidDigest
from signxml.verifier import XMLVerifier

from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.errors import RequestInvalid
from idp.protocols.saml.documents import Element
from idp.protocols.saml.signatures import sign_enveloped, verify_signature
from tests.support.saml import ECDSA_SHA256, RSA_SHA256, an_ec_signer, an_rsa_signer


def a_document(text: str = "本文 & <text>") -> Element:
    root = etree.Element("{urn:a}root", nsmap={"a": "urn:a", "ds": "urn:not-xml-signature"})
    part = etree.SubElement(root, "{urn:b}part", ID="_part")
    etree.SubElement(part, "{urn:b}text").text = text
    return root


@pytest.mark.parametrize("signer", [an_rsa_signer("idp"), an_ec_signer("idp")], ids=["RSA", "P-256"])
def test_signature_verifies_after_a_journey_as_text(signer: CertifiedPemSigner) -> None:
    root = a_document()
    sign_enveloped(root[0], signer, position=0)
    read = etree.fromstring(etree.tostring(root))
    certificate = signer.certificate
    signed = XMLVerifier().verify(read[0], x509_cert=certificate, id_attribute="ID").signed_xml
    assert signed is not None
    assert [element.text for element in signed] == ["本文 & <text>"]


def test_changed_text_does_not_verify() -> None:
    root = a_document()
    sign_enveloped(root[0], an_rsa_signer("idp"), position=1)
    changed = etree.fromstring(etree.tostring(root).replace(b"&lt;text", b"&lt;test"))
    with pytest.raises(InvalidDigest):
        XMLVerifier().verify(changed[0], x509_cert=an_rsa_signer("idp").certificate, id_attribute="ID")


@pytest.mark.parametrize(
    ("signer", "algorithm"), [(an_rsa_signer("a"), RSA_SHA256), (an_ec_signer("a"), ECDSA_SHA256)], ids=["RSA", "EC"]
)
def test_signature_of_any_of_the_keys_verifies(signer: CertifiedPemSigner, algorithm: str) -> None:
    keys = [an_rsa_signer("b").public_key, an_ec_signer("b").public_key, signer.public_key]
    verify_signature(b"data", signer.sign(b"data"), algorithm, keys)
    with pytest.raises(RequestInvalid):
        verify_signature(b"other data", signer.sign(b"data"), algorithm, keys)
    with pytest.raises(RequestInvalid):
        verify_signature(b"data", signer.sign(b"data"), algorithm, keys[:2])


def test_signature_with_no_keys_does_not_verify() -> None:
    with pytest.raises(RequestInvalid):
        verify_signature(b"data", an_rsa_signer("a").sign(b"data"), RSA_SHA256, [])


@pytest.mark.parametrize("algorithm", ["", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", RSA_SHA256.upper()])
def test_algorithm_that_is_not_on_our_list_is_refused_by_name(algorithm: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        verify_signature(b"data", b"", algorithm, [an_rsa_signer("a").public_key])
    assert refused.value.why == "signature algorithm not accepted"


def test_ecdsa_signature_of_another_width_is_refused() -> None:
    """Left without its leading zero, s is the same number, but not the same text."""
    signer = an_ec_signer("a")
    signature = next(made for made in iter(lambda: signer.sign(b"data"), b"") if made[32] == 0)
    verify_signature(b"data", signature, ECDSA_SHA256, [signer.public_key])
    with pytest.raises(RequestInvalid):
        verify_signature(b"data", signature[:32] + signature[33:], ECDSA_SHA256, [signer.public_key])
