"""SAML metadata 2.0 and its extensions: what we say of ourselves, and what software nobody here wrote makes of it."""

import json
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from saml2.config import SPConfig
from saml2.mdstore import MetaDataFile
from saml2.sigver import SignatureError

from foundation.clock import system_clock
from idp.domain.service_provider import LocalText
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.metadata import OwnMetadata
from idp.protocols.saml.settings import Contact, Organisation, OwnMetadataSettings
from idp.protocols.saml.xml.documents import Element, Schema
from tests.support.saml import (
    ARTIFACT_URL,
    ISSUER,
    NOW,
    SETTINGS,
    SSO_URL,
    a_door,
    an_rsa_signer,
    certificate_text,
)
from tests.support.saml_witness import XMLSEC1, instant, xmlsec1_accepts

DESCRIPTOR = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor"
MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
REDIRECT, POST, SOAP = (
    f"urn:oasis:names:tc:SAML:2.0:bindings:{name}" for name in ("HTTP-Redirect", "HTTP-POST", "SOAP")
)
ALL_TOLD = OwnMetadataSettings(
    organisation=Organisation(
        name=LocalText(ja="見本庁", en="Sample Agency"),
        site=LocalText(ja="https://agency.example/ja", en="https://agency.example/en"),
    ),
    technical_contact=Contact(name="Operations", email="operations@agency.example"),
    support_contact=Contact(name="Help desk", email="help@agency.example"),
    security_contact=Contact(name="Incident response", email="security@agency.example"),
    assurance_certifications=("https://scheme.example/certified",),
)
_SECONDS = 30


def metadata(about: OwnMetadataSettings = ALL_TOLD) -> Element:
    return etree.fromstring(a_door(settings=replace(SETTINGS, own_metadata=about)).metadata())


def role() -> Element:
    return found(metadata(), f"{MD}IDPSSODescriptor")


def found(root: Element, path: str) -> Element:
    element = root.find(path)
    assert element is not None
    return element


def in_both_languages(root: Element, name: str) -> dict[str | None, str | None]:
    return {element.get(LANGUAGE): element.text for element in root.iter(f"{{*}}{name}")}


def during_rollover(now: datetime = NOW) -> bytes:
    certificates = tuple(an_rsa_signer(name).certificate for name in ("idp", "next", "previous"))
    settings = replace(SETTINGS, own_metadata=ALL_TOLD)
    return OwnMetadata(settings, signer=an_rsa_signer("metadata"), certificates=certificates).at(now).text


class TestDocument:
    @pytest.mark.parametrize("about", [ALL_TOLD, OwnMetadataSettings()], ids=["all told", "no settings"])
    def test_is_valid_by_the_schema(self, about: OwnMetadataSettings) -> None:
        Schema(schema_file("metadata")).check(metadata(about))

    @pytest.mark.parametrize(
        ("schema", "element"),
        [
            ("sstc-saml-metadata-ui-v1.0", "{urn:oasis:names:tc:SAML:metadata:ui}UIInfo"),
            ("sstc-metadata-attr", "{urn:oasis:names:tc:SAML:metadata:attribute}EntityAttributes"),
            ("sstc-saml-metadata-algsupport-v1.0", "{urn:oasis:names:tc:SAML:metadata:algsupport}DigestMethod"),
            ("sstc-saml-metadata-algsupport-v1.0", "{urn:oasis:names:tc:SAML:metadata:algsupport}SigningMethod"),
        ],
    )
    def test_extensions_are_valid_by_their_own_schemas(self, schema: str, element: str) -> None:
        checked = Schema(schema_file("metadata").with_name(f"{schema}.xsd"))
        extensions = list(metadata().iter(element))
        assert extensions
        for extension in extensions:
            checked.check(etree.fromstring(etree.tostring(extension)))

    def test_is_signed_by_a_key_that_does_not_stand_in_it(self, tmp_path: Path) -> None:
        """SAML2int, SDP-MD02."""
        document = a_door().metadata()
        signer = an_rsa_signer("metadata")
        assert xmlsec1_accepts(document, DESCRIPTOR, signer, tmp_path)
        assert not xmlsec1_accepts(document.replace(b"/saml/sso", b"/saml/xxx"), DESCRIPTOR, signer, tmp_path)
        published = [element.text for element in metadata().iterfind(f".//{MD}KeyDescriptor//{{*}}X509Certificate")]
        assert certificate_text(signer.certificate) not in published

    def test_names_us_and_its_own_end(self) -> None:
        root = metadata()
        assert root.get("entityID") == SETTINGS.entity_id
        assert instant(root.get("validUntil", "")) == NOW + timedelta(days=7)
        assert root.get("cacheDuration") == f"PT{int(timedelta(days=1).total_seconds())}S"

    def test_lists_what_we_accept_in_signed_requests(self) -> None:
        extensions = found(metadata(), f"{MD}Extensions")
        digests = [element.get("Algorithm") for element in extensions.iterfind("{*}DigestMethod")]
        assert digests[0] == "http://www.w3.org/2001/04/xmlenc#sha256"
        methods = [
            (element.get("Algorithm"), element.get("MinKeySize")) for element in extensions.iterfind("{*}SigningMethod")
        ]
        assert methods[0] == ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "2048")
        assert ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "256") in methods

    def test_supports_a_category_of_our_own_and_no_other(self) -> None:
        values = entity_attribute(metadata(), "http://macedir.org/entity-category-support")
        assert values == [f"{ISSUER}/category/pseudonymous-login"]

    def test_claims_only_certifications_that_the_operator_has(self) -> None:
        name = "urn:oasis:names:tc:SAML:attribute:assurance-certification"
        assert entity_attribute(metadata(), name) == ["https://scheme.example/certified"]
        assert entity_attribute(metadata(OwnMetadataSettings()), name) == []


def entity_attribute(root: Element, name: str) -> list[str | None]:
    attributes = found(root, f"{MD}Extensions/{{*}}EntityAttributes")
    return [value.text for value in attributes.iterfind(f"{{*}}Attribute[@Name='{name}']/{{*}}AttributeValue")]


class TestRole:
    def test_takes_requests_by_redirect_and_post_at_one_address(self) -> None:
        assert role().get("WantAuthnRequestsSigned") == "true"
        services = [dict(service.attrib) for service in role().iterfind(f"{MD}SingleSignOnService")]
        assert services == [{"Binding": REDIRECT, "Location": SSO_URL}, {"Binding": POST, "Location": SSO_URL}]

    def test_resolves_artifacts_by_soap(self) -> None:
        services = [dict(service.attrib) for service in role().iterfind(f"{MD}ArtifactResolutionService")]
        assert services == [{"Binding": SOAP, "Location": ARTIFACT_URL, "index": "0", "isDefault": "true"}]

    def test_publishes_every_key_the_one_in_use_first(self) -> None:
        descriptors = etree.fromstring(during_rollover()).findall(f".//{MD}KeyDescriptor")
        assert [descriptor.get("use") for descriptor in descriptors] == ["signing"] * 3
        certificates = [found(descriptor, ".//{*}X509Certificate").text for descriptor in descriptors]
        names = ("idp", "next", "previous")
        assert certificates == [certificate_text(an_rsa_signer(name).certificate) for name in names]

    def test_has_lasting_and_passing_names(self) -> None:
        formats = [(element.text or "").rpartition(":")[2] for element in role().iterfind(f"{MD}NameIDFormat")]
        assert formats == ["persistent", "transient"]

    def test_scopes_its_identifiers(self) -> None:
        scope = found(role(), f"{MD}Extensions/{{urn:mace:shibboleth:metadata:1.0}}Scope")
        assert (scope.text, scope.get("regexp")) == ("idp.example", "false")

    def test_lists_the_attributes_that_can_be_asked_for(self) -> None:
        names = [element.get("Name") for element in role().iterfind("{*}Attribute")]
        assert names == [
            "urn:oasis:names:tc:SAML:attribute:pairwise-id",
            f"{ISSUER}/attr/acr",
            f"{ISSUER}/attr/cert-status",
            f"{ISSUER}/attr/sector",
        ]

    def test_sends_people_in_trouble_to_our_help(self) -> None:
        assert role().get("errorURL") == f"{ISSUER}/help"

    def test_shows_itself_in_both_languages(self) -> None:
        shown = found(role(), f"{MD}Extensions/{{urn:oasis:names:tc:SAML:metadata:ui}}UIInfo")
        assert in_both_languages(shown, "DisplayName") == {"ja": "カードログイン(見本)", "en": "Card login (sample)"}
        assert in_both_languages(shown, "Description").keys() == {"ja", "en"}
        for name, page in (("InformationURL", "help"), ("PrivacyStatementURL", "privacy")):
            addresses = {language: f"{ISSUER}/{page}?lang={language}" for language in ("ja", "en")}
            assert in_both_languages(shown, name) == addresses
        logo = found(shown, "{*}Logo")
        assert (logo.text, logo.get("width"), logo.get("height")) == (f"{ISSUER}/static/icon.svg", "32", "32")


class TestOperator:
    def test_is_named_in_both_languages(self) -> None:
        organization = found(metadata(), f"{MD}Organization")
        for name in ("OrganizationName", "OrganizationDisplayName"):
            assert in_both_languages(organization, name) == {"ja": "見本庁", "en": "Sample Agency"}
        assert in_both_languages(organization, "OrganizationURL") == {
            "ja": "https://agency.example/ja",
            "en": "https://agency.example/en",
        }

    def test_can_be_written_to(self) -> None:
        kind = "{http://refeds.org/metadata}contactType"
        contacts = [
            (contact.get("contactType"), contact.get(kind), found(contact, f"{MD}EmailAddress").text)
            for contact in metadata().iterfind(f"{MD}ContactPerson")
        ]
        assert contacts == [
            ("technical", None, "mailto:operations@agency.example"),
            ("support", None, "mailto:help@agency.example"),
            ("other", "http://refeds.org/metadata/contactType/security", "mailto:security@agency.example"),
        ]

    def test_is_not_made_up(self) -> None:
        root = metadata(OwnMetadataSettings())
        assert root.find(f"{MD}Organization") is None
        assert root.find(f"{MD}ContactPerson") is None


class TestReaders:
    """The pinned certificate and the document are all that each of them is given. They go by the system's clock."""

    @pytest.fixture
    def document(self, tmp_path: Path) -> Path:
        file = tmp_path / "idp.xml"
        file.write_bytes(during_rollover(system_clock()))
        return file

    @pytest.fixture
    def pinned(self, tmp_path: Path) -> Path:
        file = tmp_path / "pinned.pem"
        file.write_bytes(an_rsa_signer("metadata").certificate.public_bytes(Encoding.PEM))
        return file

    def test_pysaml2_verifies_and_reads_it(self, document: Path, pinned: Path) -> None:
        store = pysaml2_store(document, pinned)
        entity = SETTINGS.entity_id
        assert len(store.certs(entity, "idpsso", "signing")) == 3
        for binding in (REDIRECT, POST):
            assert store.single_sign_on_service(entity, binding)[0]["location"] == SSO_URL
        assert store.artifact_resolution_service(entity, SOAP, "idpsso")[0]["location"] == ARTIFACT_URL
        assert store.supported_entity_categories(entity) == [f"{ISSUER}/category/pseudonymous-login"]
        assert "http://www.w3.org/2001/04/xmlenc#sha256" in store.supported_algorithms(entity)["digest_methods"]
        assert [scope["text"] for scope in store.shibmd_scopes(entity, "idpsso_descriptor")] == ["idp.example"]
        assert list(store.mdui_uiinfo_display_name(entity, "ja")) == ["カードログイン(見本)"]

    def test_pysaml2_refuses_it_under_the_key_of_messages(self, document: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.pem"
        other.write_bytes(an_rsa_signer("idp").certificate.public_bytes(Encoding.PEM))
        with pytest.raises(SignatureError):
            pysaml2_store(document, other)

    def test_python3_saml_verifies_it_and_knows_all_keys(self, document: Path, pinned: Path) -> None:
        read = json.loads(_told("/usr/bin/python3", "-c", _PYTHON3_SAML, str(document), str(pinned)))
        assert read["verified"]
        idp = read["settings"]["idp"]
        assert (idp["entityId"], idp["singleSignOnService"]["url"]) == (SETTINGS.entity_id, SSO_URL)
        assert len(idp["x509certMulti"]["signing"]) == 3
        assert read["settings"]["sp"]["NameIDFormat"].endswith(":persistent")

    def test_simplesamlphp_verifies_it_and_knows_all_keys(self, document: Path, pinned: Path) -> None:
        read = json.loads(_told("/usr/bin/php", "-r", _SIMPLESAMLPHP, "--", str(document), str(pinned)))
        assert read["verified"]
        idp = read["metadata"]
        assert [service["Location"] for service in idp["SingleSignOnService"]] == [SSO_URL, SSO_URL]
        assert idp["ArtifactResolutionService"][0]["Location"] == ARTIFACT_URL
        assert [key["signing"] and not key["encryption"] for key in idp["keys"]] == [True] * 3
        assert idp["scope"] == ["idp.example"]
        assert idp["expire"] > (system_clock() + timedelta(days=6)).timestamp()
        assert idp["UIInfo"]["DisplayName"]["ja"] == "カードログイン(見本)"


def pysaml2_store(document: Path, pinned: Path) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    """pysaml2's store of metadata, once it has verified the signature by xmlsec1; raises `SignatureError`."""
    options = {"entityid": "https://site.example", "xmlsec_binary": XMLSEC1, "metadata": {"local": [str(document)]}}
    store = SPConfig().load(options).metadata
    MetaDataFile(store.attrc, str(document), str(pinned), security=store.security).load()
    return store


def _told(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 (fixed programs; their files are the test's)
    return done.stdout


_PYTHON3_SAML = """
import json, sys
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.utils import OneLogin_Saml2_Utils
document, pinned = open(sys.argv[1], "rb").read(), open(sys.argv[2]).read()
verified = OneLogin_Saml2_Utils.validate_metadata_sign(document, cert=pinned)
print(json.dumps({"verified": verified, "settings": OneLogin_Saml2_IdPMetadataParser.parse(document)}))
"""
_SIMPLESAMLPHP = """
require_once "/usr/share/simplesamlphp/lib/_autoload.php";
$read = SimpleSAML\\Metadata\\SAMLParser::parseString(file_get_contents($argv[1]));
print(json_encode(["verified" => $read->validateSignature([$argv[2]]), "metadata" => $read->getMetadata20IdP()]));
"""
