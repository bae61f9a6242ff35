"""A site's metadata, read and judged: each fault by its own words and place, and all of them at once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.registration import RegistrationFacts, RegistrationRefused
from idp.domain.service_provider import Mark
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.names import HTTP_POST
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import Registration, SubjectIdNeed
from idp.protocols.saml.xml.documents import Schema
from tests.support.saml import ISSUER, SETTINGS, SITE_ID, a_return_address, an_rsa_signer
from tests.support.site_metadata import (
    AES128_GCM,
    RSA_SHA1,
    a_group,
    a_key,
    a_wish,
    an_attribute_set,
    an_empty_place,
    reader,
    site_metadata,
    subject_id,
)

NO_MARKS: frozenset[Mark] = frozenset()
ROLE = "md:SPSSODescriptor"
ACS = f"{ROLE}/md:AssertionConsumerService"
KEY = f"{ROLE}/md:KeyDescriptor"
ATTRIBUTE = "line 2, md:Extensions/mdattr:EntityAttributes/saml:Attribute"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SIGN_RESPONSES = (f"{ISSUER}/ea/sign-response", "http://shibboleth.net/ns/profiles/saml2/sso/browser/signResponses")


def facts(text: str) -> RegistrationFacts:
    return reader().read(text, marks=NO_MARKS)


def registration(text: str, settings: SamlSettings = SETTINGS) -> Registration:
    return reader(settings).registration(text, NO_MARKS)


def faults(text: str, settings: SamlSettings = SETTINGS) -> list[str]:
    with pytest.raises(RegistrationRefused) as refused:
        reader(settings).read(text, marks=NO_MARKS)
    return [str(fault) for fault in refused.value.faults]


def artifact(url: str, index: int = 0) -> str:
    return a_return_address(url, index, binding="HTTP-Artifact")


def post(url: str, index: int = 0, extra: str = "") -> str:
    return a_return_address(url, index, extra=extra)


def test_metadata_without_fault_gives_all_that_it_says() -> None:
    read = facts(site_metadata(attributes='validUntil="2027-03-31T00:00:00Z"'))
    assert read.protocol_id == SITE_ID
    assert str(read.ends_at) == "2027-03-31 00:00:00+00:00"
    assert read.marks == NO_MARKS
    assert read.name is not None
    assert (read.name.ja, read.name.en) == ("見本省", "Sample ministry")
    assert read.operator is not None
    assert (read.operator.ja, read.operator.en) == ("見本の運営者", "Sample operator")
    assert read.home_url == "https://ministry.example/"
    assert read.warnings == ()


def test_requests_are_judged_by_the_same_reading() -> None:
    read = registration(site_metadata())
    assert read.entity_id == SITE_ID
    assert read.signing_keys == (an_rsa_signer("site").public_key,)
    assert read.signs_requests
    assert not read.signs_response
    assert [(each.index, each.binding, each.url) for each in read.consumers] == [
        (0, HTTP_POST, "https://ministry.example/acs")
    ]
    assert read.encryption is not None
    assert read.encryption.key == an_rsa_signer("site").public_key
    assert read.attribute_sets == ()
    assert read.subject_id is SubjectIdNeed.UNSTATED
    assert read.valid_until is None


Fault = tuple[str, str, str]

FAULTS: dict[str, Fault] = {
    "entityID that is relative": (
        site_metadata(entity_id="ministry"),
        "line 1, md:EntityDescriptor",
        "its entityID 'ministry' must be an absolute URI",
    ),
    "entityID with a space inside": (
        site_metadata(entity_id="urn:a b"),
        "line 1, md:EntityDescriptor",
        "its entityID 'urn:a b' must be an absolute URI",
    ),
    "entityID that turns the text round": (
        site_metadata(entity_id="urn:a\u202eb"),
        "line 1, md:EntityDescriptor",
        r"its entityID 'urn:a\u202eb' must be an absolute URI",
    ),
    "entityID that is too long": (
        site_metadata(entity_id="urn:" + "x" * 1021),
        "line 1, md:EntityDescriptor",
        "'entityID': The value 'urn:" + "x" * 96 + "…' has a length of '1025'; this exceeds",
    ),
    "end that is no time": (
        site_metadata(attributes='validUntil="soon"'),
        "line 1, md:EntityDescriptor",
        "its validUntil 'soon' must be a time in UTC, as 2027-03-31T00:00:00Z",
    ),
    "end of the role in another time zone": (
        site_metadata(role_attributes='validUntil="2027-03-31T00:00:00+09:00"'),
        f"line 2, {ROLE}",
        "must be a time in UTC",
    ),
    "another protocol": (
        site_metadata(protocols="urn:oasis:names:tc:SAML:1.1:protocol"),
        "line 1, md:EntityDescriptor",
        "there must be one SPSSODescriptor for SAML 2.0, and there are 0",
    ),
    "no address that we can answer": (
        site_metadata(consumers=[a_return_address("https://a.example/", 0, binding="HTTP-Redirect")]),
        f"line 2, {ROLE}",
        "has no AssertionConsumerService that we can answer",
    ),
    "artifacts without a key to sign for them": (
        site_metadata(consumers=[artifact("https://a.example/")], keys=[], role_attributes=""),
        f"line 2, {ROLE}",
        "by HTTP-Artifact if the site has a key for signing",
    ),
    "the same index twice": (
        site_metadata(consumers=[post("https://a.example/1", 1), artifact("https://a.example/2", 1)]),
        f"line 13, {ACS}[2]",
        "its index 1 is that of an element before it",
    ),
    "the same index of attributes twice": (
        site_metadata(attribute_sets=f"{an_attribute_set(a_wish('urn:a'))}\n{an_attribute_set(a_wish('urn:a'))}"),
        f"line 17, {ROLE}/md:AttributeConsumingService[2]",
        "its index 0 is that of an element before it",
    ),
    "an address without a place": (
        site_metadata(consumers=[an_empty_place(1)]),
        f"line 12, {ACS}",
        "by the SAML schema, The attribute 'Location' is required but missing",
    ),
    "an index that is no number": (
        site_metadata(consumers=[an_empty_place("one")]),
        f"line 12, {ACS}",
        "by the SAML schema, attribute 'index': 'one' is not a valid value",
    ),
    "signed requests without a key": (
        site_metadata(keys=[a_key("encryption")]),
        f"line 2, {ROLE}",
        "AuthnRequestsSigned says that the site signs its requests, but there is no usable key for signing",
    ),
    "a required subject-id": (
        site_metadata(extensions=subject_id("subject-id")),
        ATTRIBUTE,
        "requires subject-id, by which all sites would know a citizen alike; we have none",
    ),
    "two subject-id requirements": (
        site_metadata(extensions=subject_id("any", "none")),
        ATTRIBUTE,
        "must have one value: pairwise-id, any or none",
    ),
    "an unknown subject-id requirement": (
        site_metadata(extensions=subject_id("PAIRWISE-ID")),
        ATTRIBUTE,
        "must have one value",
    ),
    "an empty subject-id requirement": (site_metadata(extensions=subject_id()), ATTRIBUTE, "must have one value"),
    "signatures that are not ours": (
        site_metadata(extensions=f'<alg:SigningMethod Algorithm="{RSA_SHA1}"/>'),
        "line 2, md:Extensions/alg:SigningMethod",
        "the site lists the signatures that it can check, and none is ours",
    ),
    "digests that are not ours": (
        site_metadata(role_extensions='<alg:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>'),
        f"line 3, {ROLE}/md:Extensions/alg:DigestMethod",
        "the site lists the digests that it can check, and ours is not among them",
    ),
    "an element that does not belong there": (
        site_metadata(organization="<md:Nonsense/>"),
        "line 14, md:Nonsense",
        "by the SAML schema, This element is not expected. Expected is one of ( md:Organization,",
    ),
    "a choice that the schema does not have": (
        site_metadata(keys=[a_key("singing")]),
        f"line 9, {KEY}",
        "attribute 'use': The value 'singing' is not an element of the set {'encryption', 'signing'}",
    ),
}


@pytest.mark.parametrize(("text", "place", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_told_by_its_own_words_at_its_place(text: str, place: str, words: str) -> None:
    found = faults(text)
    assert [fault for fault in found if fault.startswith(f"{place}: ") and words in fault], found


@pytest.mark.parametrize(
    "url",
    [
        "http://ministry.example/acs",
        "http://127.0.0.3:8473/acs",
        "javascript:alert(1)",
        "/acs",
        "https:///acs",
        "https://user@ministry.example/acs",
        "https://ministry.example/acs#fragment",
        "https://ministry.example/a b",
        "https://ministry.example/\u202eacs",
        "https://ministry.example:99999/acs",
        "https://[::1/acs",
    ],
)
def test_unsafe_address_is_refused(url: str) -> None:
    found = faults(site_metadata(consumers=[post(url)]))
    assert any("must be an absolute https address without user name or fragment" in fault for fault in found)
    assert all(fault.isprintable() for fault in found)


DEVELOPMENT = replace(SETTINGS, unsafe_http_loopback=True)


@pytest.mark.parametrize("url", ["http://127.0.0.3:8473/acs", "http://localhost/acs", "http://[::1]/acs"])
def test_plain_http_is_accepted_on_this_computer_by_the_unsafe_switch_alone(url: str) -> None:
    assert registration(site_metadata(consumers=[post(url)]), DEVELOPMENT).consumers[0].url == url


def test_plain_http_elsewhere_is_refused_even_with_the_unsafe_switch() -> None:
    [fault] = faults(site_metadata(consumers=[post("http://ministry.example/acs")]), DEVELOPMENT)
    assert "absolute https" in fault


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = site_metadata(
        entity_id="ministry",
        extensions=subject_id("subject-id"),
        keys=[a_key("encryption", AES128_GCM)],
        consumers=[post("http://a.example/"), post("https://b.example/#x", 1)],
        organization="<md:Nonsense/>",
    )
    words = ("absolute URI", "subject-id", "AuthnRequestsSigned", "http://a", "https://b", "not expected")
    found = faults(text)
    assert len(found) == len(words)
    assert all(word in fault for word, fault in zip(words, found, strict=True)), found


def test_no_more_than_fifty_faults_are_told_and_the_rest_is_counted() -> None:
    found = faults(site_metadata(consumers=[post("http://a.example/", index) for index in range(60)]))
    assert len(found) == 51
    assert found[-1] == "and 10 more"


class EmptiedSchema:
    """As libxml2's validator is to one thread while another has just begun its own check."""

    error_log = ()

    def __call__(self, _: object) -> bool:
        return False


def test_metadata_stays_refused_if_the_details_of_the_schema_s_refusal_are_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = Schema(schema_file("metadata"))
    monkeypatch.setattr(schema, "_schema", EmptiedSchema())
    with pytest.raises(RegistrationRefused) as refused:
        replace(reader(), schema=schema).read(site_metadata(), marks=NO_MARKS)
    assert str(refused.value) == "line 1, md:EntityDescriptor: by the SAML schema, not valid"


def test_requests_meet_the_same_faults_as_the_operator() -> None:
    with pytest.raises(RegistrationRefused) as refused:
        registration(site_metadata(entity_id="ministry"))
    assert [str(fault) for fault in refused.value.faults] == faults(site_metadata(entity_id="ministry"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the metadata cannot be used: not well-formed XML"),
        ("not XML", "line 1: the metadata cannot be used: not well-formed XML"),
        (
            site_metadata().replace("</md:SPSSO", "</md:IDPSSO"),
            "line 13: the metadata cannot be used: not well-formed XML",
        ),
        ("\ud800", "the metadata cannot be used: it is not text"),
        (
            "<md/>",
            "the metadata cannot be used: it is not SAML metadata: its root is md, not md:EntityDescriptor",
        ),
        (
            "<!doctype html>\n<title>Log in",
            "the metadata cannot be used: it is a page for browsers (HTML), not SAML metadata",
        ),
        (
            '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"/>',
            "the metadata cannot be used: it is a page for browsers (HTML), not SAML metadata",
        ),
        (
            a_group(),
            "the metadata cannot be used: it must describe one entity, in one md:EntityDescriptor, and describes 0",
        ),
    ],
)
def test_text_that_is_no_metadata_is_refused_with_its_line(text: str, fault: str) -> None:
    [found] = faults(text)
    assert found.startswith(fault)


def test_group_of_one_entity_is_that_entity() -> None:
    text = a_group(site_metadata(), attributes='validUntil="2027-03-31T00:00:00Z"')
    assert registration(text).entity_id == SITE_ID
    assert str(registration(text).valid_until) == "2027-03-31 00:00:00+00:00"
    [fault] = faults(a_group(site_metadata(entity_id="ministry")))
    assert fault.startswith("line 2, md:EntityDescriptor: its entityID")


def test_group_of_several_entities_is_refused_with_what_to_do() -> None:
    [fault] = faults(a_group(site_metadata(), site_metadata(entity_id="https://other.example")))
    assert "describes 2. Save that of the site to a file of its own, or add the whole as a source of metadata" in fault


def test_two_roles_of_a_site_are_refused() -> None:
    text = site_metadata()
    start, end = text.index("<md:SPSSODescriptor"), text.index("<md:Organization>")
    [fault] = faults(text[:end] + text[start:end] + text[end:])
    assert fault == f"line 14, {ROLE}[2]: there must be one SPSSODescriptor for SAML 2.0, and there are 2"


def test_metadata_of_others_than_sites_tells_what_it_describes() -> None:
    older = site_metadata().replace("SAML:2.0:protocol", "SAML:1.1:protocol")
    start, end = older.index("<md:SPSSODescriptor"), older.index("<md:Organization>")
    protocol = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
    others = f"<md:IDPSSODescriptor {protocol}/><md:AttributeAuthorityDescriptor {protocol}/>"
    none = "there must be one SPSSODescriptor for SAML 2.0, and there are 0; it describes"
    [fault] = faults(older)
    assert fault.endswith(f"{none} a service provider of another protocol")
    [fault] = faults(older[:start] + others + older[end:])
    assert fault.endswith(f"{none} an identity provider, an attribute authority")


def test_role_for_an_older_protocol_stands_aside() -> None:
    text = site_metadata()
    start, end = text.index("<md:SPSSODescriptor"), text.index("<md:Organization>")
    older = text[start:end].replace("SAML:2.0:protocol", "SAML:1.1:protocol").replace("/acs", "/old")
    assert registration(text[:end] + older + text[end:]).consumers[0].url == "https://ministry.example/acs"


def test_earliest_end_counts() -> None:
    text = site_metadata(
        attributes='validUntil="2027-03-31T00:00:00Z"',
        role_attributes='AuthnRequestsSigned="1" validUntil="2027-01-31T00:00:00Z"',
    )
    assert str(registration(text).valid_until) == "2027-01-31 00:00:00+00:00"


def test_white_space_around_names_and_addresses_means_nothing() -> None:
    text = site_metadata(entity_id=f" {SITE_ID}\n", consumers=[post("  https://a.example/acs ")])
    assert registration(text).entity_id == SITE_ID
    assert registration(text).consumers[0].url == "https://a.example/acs"


def test_byte_order_mark_and_declaration_are_no_harm() -> None:
    text = '\ufeff<?xml version="1.0" encoding="UTF-16"?>' + site_metadata()
    assert registration(text).entity_id == SITE_ID


def test_comments_are_no_harm_anywhere() -> None:
    text = site_metadata(extensions=subject_id("pair<!-- -->wise-id"))
    text = "<!-- ours -->\n" + text.replace("<ds:X509Data>", "<!-- key --><ds:X509Data>").replace("MII", "MI<!-- -->I")
    assert registration(text) == registration(site_metadata(extensions=subject_id("pairwise-id")))


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_no_text_brings_anything_but_a_refusal(text: str) -> None:
    with pytest.raises(RegistrationRefused):
        reader().read(text, marks=NO_MARKS)


@given(st.data())
def test_no_change_of_metadata_brings_anything_but_facts_or_a_refusal(data: st.DataObject) -> None:
    whole = site_metadata(
        attributes='validUntil="2027-03-31T00:00:00Z"',
        extensions=subject_id("any"),
        attribute_sets=an_attribute_set(a_wish(PAIRWISE_ID)),
    )
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    changed = whole[:start] + data.draw(st.text(max_size=20)) + whole[end:]
    try:
        reader().read(changed, marks=NO_MARKS)
    except RegistrationRefused as refused:
        assert refused.faults  # noqa: PT017 (either way is right)
