"""SAML metadata 2.0, Metadata UI 1.0: what we say of ourselves."""

from datetime import timedelta
from pathlib import Path

from lxml import etree

from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.documents import Element, Schema
from tests.support.saml import ISSUER, NOW, SETTINGS, SSO_URL, a_door, an_rsa_signer, certificate_text
from tests.support.saml_witness import instant, xmlsec1_accepts

DESCRIPTOR = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"


def metadata() -> Element:
    return etree.fromstring(a_door().metadata())


def test_metadata_is_valid_by_the_schema() -> None:
    Schema(schema_file("metadata")).check(metadata())


def test_xmlsec1_verifies_the_metadata(tmp_path: Path) -> None:
    document = a_door().metadata()
    assert xmlsec1_accepts(document, DESCRIPTOR, an_rsa_signer("idp"), tmp_path)
    assert not xmlsec1_accepts(document.replace(b"/saml/sso", b"/saml/xxx"), DESCRIPTOR, an_rsa_signer("idp"), tmp_path)


def test_metadata_names_us_and_its_own_end() -> None:
    root = metadata()
    assert root.get("entityID") == SETTINGS.entity_id
    assert instant(root.get("validUntil", "")) == NOW + SETTINGS.metadata_lifetime
    assert root.get("cacheDuration") == f"PT{int(timedelta(days=1).total_seconds())}S"


def test_metadata_wants_signed_requests_by_redirect() -> None:
    role = next(metadata().iter("{*}IDPSSODescriptor"))
    assert role.get("WantAuthnRequestsSigned") == "true"
    service = next(role.iter("{*}SingleSignOnService"))
    assert dict(service.attrib) == {
        "Binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        "Location": SSO_URL,
    }


def test_metadata_holds_our_certificate_identifier_formats_and_scope() -> None:
    role = next(metadata().iter("{*}IDPSSODescriptor"))
    certificates = [element.text for element in role.iter("{*}X509Certificate")]
    assert certificates == [certificate_text(an_rsa_signer("idp").certificate)]
    assert [(element.text or "").rpartition(":")[2] for element in role.iter("{*}NameIDFormat")] == [
        "persistent",
        "transient",
    ]
    scope = next(role.iter("{urn:mace:shibboleth:metadata:1.0}Scope"))
    assert (scope.text, scope.get("regexp")) == ("idp.example", "false")


def test_metadata_shows_our_name_in_both_languages() -> None:
    names = {
        element.get("{http://www.w3.org/XML/1998/namespace}lang"): element.text
        for element in metadata().iter("{urn:oasis:names:tc:SAML:metadata:ui}DisplayName")
    }
    assert names == {"ja": "カードログイン(見本)", "en": "Card login (sample)"}


def test_metadata_lists_the_attributes_we_send() -> None:
    names = [element.get("Name") for element in metadata().iter("{*}Attribute")]
    assert names == [
        "urn:oasis:names:tc:SAML:attribute:pairwise-id",
        f"{ISSUER}/attr/acr",
        f"{ISSUER}/attr/cert-status",
    ]
