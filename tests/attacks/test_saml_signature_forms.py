"""Signatures inside a message that are right by some rule, but not by SAML's: algorithms, references, transforms, keys.

All are made by the site with its own key, unless the point is that they are not.
"""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.saml import TestSite, an_rsa_signer, certificate_text
from tests.support.saml_door import Way, WebDoor, signed_inside
from tests.support.xml_signatures import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    GOOD,
    INCLUSIVE,
    MORE,
    MORE_2007,
    RSA_SHA256,
    SHA1,
    SHA384,
    SHA512,
    Form,
    signed,
)

SITE = TestSite()
KEY = an_rsa_signer("site")
NOT_BY_THE_SITE = "signature does not verify with a key of the metadata"
OTHER_FORM = "signature of another form than SAML gives it"
OTHER_TRANSFORMS = "transforms other than the two that SAML allows"
OTHER_CANONICALIZATION = "canonicalization or transforms other than those that SAML allows"
NOT_TO_THE_ROOT = "the reference is not to the signed message itself"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


def with_form(web_door: WebDoor, way: Way, form: Form, **changes: str) -> str:
    """Why a message signed so is refused."""
    return way.knock(web_door, SITE.signed_inside(way.message(**changes), form)).reason


@signed_inside
@pytest.mark.parametrize(
    "form",
    [
        GOOD,
        replace(GOOD, method=RSA_SHA256.replace("256", "384"), digest=SHA384),
        replace(GOOD, method=RSA_SHA256.replace("256", "512"), digest=SHA512),
        replace(GOOD, method=MORE_2007 + "sha256-rsa-MGF1"),
        replace(GOOD, transforms=(ENVELOPED, EXCLUSIVE + "WithComments"), canonicalization=EXCLUSIVE + "WithComments"),
        replace(GOOD, prefixes="saml samlp unknown #default"),
        replace(GOOD, key_info="<ds:KeyName>anything</ds:KeyName>"),
    ],
)
def test_every_form_that_saml_allows_is_accepted(web_door: WebDoor, way: Way, form: Form) -> None:
    message = way.message(ID=f"_{hashlib.sha256(repr((form, way)).encode()).hexdigest()}")
    assert not way.knock(web_door, SITE.signed_inside(message, form)).is_refused


# Algorithms.


@signed_inside
@pytest.mark.parametrize("digest", [SHA1, DS + "md5", "", "urn:x"])
def test_digest_that_is_not_on_our_list_is_refused(web_door: WebDoor, way: Way, digest: str) -> None:
    assert with_form(web_door, way, replace(GOOD, digest=digest)) == "digest algorithm not accepted"


@signed_inside
@pytest.mark.parametrize(
    "method",
    [
        DS + "rsa-sha1",
        DS + "dsa-sha1",
        MORE + "rsa-md5",
        MORE_2007 + "rsa-pss",
        MORE_2007 + "sha1-rsa-MGF1",
        "",
        "none",
    ],
)
def test_signature_algorithm_that_is_not_on_our_list_is_refused(web_door: WebDoor, way: Way, method: str) -> None:
    assert with_form(web_door, way, replace(GOOD, method=method)) == "signature algorithm not accepted"


@signed_inside
@pytest.mark.parametrize("method", [DS + "hmac-sha1", MORE + "hmac-sha256"])
@pytest.mark.parametrize("secret", ["certificate", "key", "empty"])
def test_mac_with_a_public_key_as_its_secret_is_refused(web_door: WebDoor, way: Way, method: str, secret: str) -> None:
    known = {
        "certificate": KEY.certificate.public_bytes(Encoding.PEM),
        "key": KEY.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "empty": b"",
    }[secret]
    message = signed(
        way.message(),
        lambda data: hmac.digest(known, data, "sha1" if "sha1" in method else "sha256"),
        replace(GOOD, method=method),
    )
    assert way.knock(web_door, message).reason == "signature algorithm not accepted"


@signed_inside
def test_parameters_of_the_algorithm_are_refused(web_door: WebDoor, way: Way) -> None:
    """A length to which the value is cut off, as a MAC can have it (CVE-2009-0217)."""
    cut = replace(GOOD, parameters="<ds:HMACOutputLength>0</ds:HMACOutputLength>")
    assert with_form(web_door, way, cut) == OTHER_FORM


# What is referred to.


@signed_inside
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "#_other",
        "#",
        "_signed",
        "#xpointer(/)",
        "#xpointer(id('_signed'))",
        "https://evil.example/message.xml",
        "file:///etc/hostname",
        "#_signed ",
    ],
)
def test_reference_to_anything_but_the_message_is_refused(web_door: WebDoor, way: Way, uri: str) -> None:
    assert with_form(web_door, way, replace(GOOD, uri=uri), ID="_signed") == NOT_TO_THE_ROOT


@signed_inside
@pytest.mark.parametrize("references", [0, 2])
def test_none_and_two_references_are_refused(web_door: WebDoor, way: Way, references: int) -> None:
    why = with_form(web_door, way, replace(GOOD, references=references))
    assert why == (OTHER_FORM if references else "message not valid by the SAML schema")


@signed_inside
def test_signature_over_something_that_it_brings_itself_is_refused(web_door: WebDoor, way: Way) -> None:
    brought = replace(GOOD, objects='<ds:Object Id="_brought">anything</ds:Object>', uri="#_brought")
    assert with_form(web_door, way, brought) == OTHER_FORM


@signed_inside
def test_object_beside_a_good_signature_is_refused(web_door: WebDoor, way: Way) -> None:
    assert with_form(web_door, way, replace(GOOD, objects="<ds:Object/>")) == OTHER_FORM


@signed_inside
def test_signature_of_a_part_is_refused(web_door: WebDoor, way: Way) -> None:
    part = b'<samlp:Extensions><x xmlns="urn:x" ID="_part">harmless</x></samlp:Extensions>'
    message = way.message(inside=part.decode())
    of_part = SITE.signed_inside(message, replace(GOOD, uri="#_part"))
    assert way.knock(web_door, of_part).reason == NOT_TO_THE_ROOT


# Transforms and canonicalization.


@signed_inside
@pytest.mark.parametrize(
    ("transforms", "why"),
    [
        ((), "message not valid by the SAML schema"),
        ((ENVELOPED,), OTHER_FORM),
        ((EXCLUSIVE,), OTHER_FORM),
        ((EXCLUSIVE, ENVELOPED), OTHER_TRANSFORMS),
        ((ENVELOPED, ENVELOPED), OTHER_CANONICALIZATION),
        ((ENVELOPED, INCLUSIVE), OTHER_CANONICALIZATION),
        ((ENVELOPED, EXCLUSIVE, XSLT), OTHER_FORM),
        ((ENVELOPED, XSLT), OTHER_CANONICALIZATION),
        ((XSLT, EXCLUSIVE), OTHER_TRANSFORMS),
        ((XPATH, EXCLUSIVE), OTHER_TRANSFORMS),
        ((ENVELOPED, XPATH_FILTER), OTHER_CANONICALIZATION),
        ((ENVELOPED, DS + "base64"), OTHER_CANONICALIZATION),
        ((ENVELOPED, ""), OTHER_CANONICALIZATION),
    ],
)
def test_other_transforms_are_refused(web_door: WebDoor, way: Way, transforms: tuple[str, ...], why: str) -> None:
    assert with_form(web_door, way, replace(GOOD, transforms=transforms)) == why


@signed_inside
def test_program_inside_a_transform_is_refused(web_door: WebDoor, way: Way) -> None:
    message = SITE.signed_inside(way.message())
    first = f'<ds:Transform Algorithm="{ENVELOPED}"'.encode()
    assert first in message
    xslt = b'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"/>'
    twisted = message.replace(first + b"/>", first + b">" + xslt + b"</ds:Transform>")
    assert way.knock(web_door, twisted).reason in {OTHER_TRANSFORMS, NOT_BY_THE_SITE}


@signed_inside
@pytest.mark.parametrize("canonicalization", [INCLUSIVE, "http://www.w3.org/2006/12/xml-c14n11", "", XSLT])
def test_other_canonicalization_is_refused(web_door: WebDoor, way: Way, canonicalization: str) -> None:
    assert with_form(web_door, way, replace(GOOD, canonicalization=canonicalization)) == OTHER_CANONICALIZATION


# Keys.


@signed_inside
@pytest.mark.parametrize("kind", ["certificate", "key", "address"])
def test_key_inside_the_message_is_not_used(web_door: WebDoor, way: Way, kind: str) -> None:
    stranger = an_rsa_signer("stranger")
    key = stranger.public_key
    assert isinstance(key, rsa.RSAPublicKey)
    modulus = base64.b64encode(key.public_numbers().n.to_bytes(256)).decode()
    key_info = {
        "certificate": f"<ds:X509Data><ds:X509Certificate>{certificate_text(stranger.certificate)}"
        "</ds:X509Certificate></ds:X509Data>",
        "key": f"<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent>"
        "</ds:RSAKeyValue></ds:KeyValue>",
        "address": '<ds:RetrievalMethod URI="https://evil.example/key"/>',
    }[kind]
    message = signed(way.message(), stranger, replace(GOOD, key_info=key_info))
    assert way.knock(web_door, message).reason == NOT_BY_THE_SITE


@signed_inside
def test_message_changed_after_signing_is_refused(web_door: WebDoor, way: Way) -> None:
    message = SITE.signed_inside(way.message(ID="_signed", Consent="urn:a"))
    assert (
        way.knock(web_door, message.replace(b"urn:a", b"urn:b")).reason == "the message is not the one that was signed"
    )
