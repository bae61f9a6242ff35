"""What a site's metadata asks of our answers: addresses, names, attributes, signatures."""

import pytest

from idp.domain.attribute import AttributeName
from idp.domain.registration import RegistrationFacts
from idp.domain.service_provider import Mark
from idp.protocols.saml.names import HTTP_ARTIFACT, HTTP_POST
from idp.protocols.saml.sites.registration import AttributeSet, Registration, SubjectIdNeed
from tests.support.saml import ISSUER, SITE_ID, a_return_address
from tests.support.site_metadata import (
    RSA_SHA1,
    RSA_SHA256,
    SHA256,
    UNSPECIFIED_FORMAT,
    URI_FORMAT,
    a_group,
    a_wish,
    an_attribute_set,
    entity_attribute,
    reader,
    site_metadata,
    subject_id,
)

NO_MARKS: frozenset[Mark] = frozenset()
ACS = "md:SPSSODescriptor/md:AssertionConsumerService"
ATTRIBUTE = "line 2, md:Extensions/mdattr:EntityAttributes/saml:Attribute"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SIGN_RESPONSES = (f"{ISSUER}/ea/sign-response", "http://shibboleth.net/ns/profiles/saml2/sso/browser/signResponses")


def facts(text: str) -> RegistrationFacts:
    return reader().read(text, marks=NO_MARKS)


def registration(text: str) -> Registration:
    return reader().registration(text, NO_MARKS)


def artifact(url: str, index: int = 0) -> str:
    return a_return_address(url, index, binding="HTTP-Artifact")


def post(url: str, index: int = 0, extra: str = "") -> str:
    return a_return_address(url, index, extra=extra)


def test_answers_go_by_post_and_by_artifact_and_other_bindings_are_left_out() -> None:
    consumers = [
        a_return_address("https://a.example/paos", 0, binding="PAOS"),
        artifact("https://a.example/artifact", 1),
        a_return_address("https://a.example/simple", 1, binding="HTTP-POST-SimpleSign"),
        post("https://a.example/post", 2, 'isDefault="true"'),
    ]
    read = registration(site_metadata(consumers=consumers))
    assert [(each.index, each.binding) for each in read.consumers] == [(1, HTTP_ARTIFACT), (2, HTTP_POST)]
    assert read.default_consumer().index == 2


def test_site_of_artifacts_alone_is_welcome_if_it_signs() -> None:
    read = registration(site_metadata(consumers=[artifact("https://a.example/artifact")]))
    assert read.default_consumer().binding == HTTP_ARTIFACT


def test_first_of_several_defaults_is_the_default() -> None:
    consumers = [
        post("https://a.example/0", 0, 'isDefault="false"'),
        post("https://a.example/1", 1, 'isDefault="1"'),
        post("https://a.example/2", 2, 'isDefault="true"'),
    ]
    text = site_metadata(consumers=consumers)
    assert registration(text).default_consumer().index == 1
    [warning] = facts(text).warnings
    assert str(warning) == f"line 14, {ACS}[3]: is not the first that says isDefault; the first one is the default"


@pytest.mark.parametrize(
    ("value", "need"),
    [("none", SubjectIdNeed.NONE), ("pairwise-id", SubjectIdNeed.PAIRWISE), ("\n any ", SubjectIdNeed.ANY)],
)
def test_subject_id_requirement_is_kept(value: str, need: SubjectIdNeed) -> None:
    assert registration(site_metadata(extensions=subject_id(value))).subject_id is need


def test_entity_attributes_of_a_group_hold_for_its_entity() -> None:
    spaces = (
        'xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    )
    group = a_group(
        site_metadata(), attributes=spaces, extensions=f"<md:Extensions>{subject_id('any')}</md:Extensions>"
    )
    assert registration(group).subject_id is SubjectIdNeed.ANY


@pytest.mark.parametrize("name", SIGN_RESPONSES)
@pytest.mark.parametrize(("value", "signs"), [("true", True), (" 1 ", True), ("false", False), ("0", False)])
def test_signed_response_is_asked_for_by_an_entity_attribute(name: str, value: str, signs: bool) -> None:  # noqa: FBT001
    text = site_metadata(extensions=entity_attribute(name, value))
    assert registration(text).signs_response is signs
    assert facts(text).warnings == ()


def test_other_value_for_a_signed_response_is_told_and_means_no() -> None:
    text = site_metadata(extensions=entity_attribute(SIGN_RESPONSES[1], "conditional"))
    assert not registration(text).signs_response
    [warning] = facts(text).warnings
    assert (
        str(warning) == f"{ATTRIBUTE}/saml:AttributeValue: 'conditional' is neither true nor false; we take it as false"
    )


def test_entity_attribute_is_known_by_its_name_and_the_format_of_that() -> None:
    other = subject_id("any").replace("attrname-format:uri", "attrname-format:basic")
    assert registration(site_metadata(extensions=other)).subject_id is SubjectIdNeed.UNSTATED
    silent = subject_id("any").replace(f'NameFormat="{URI_FORMAT}"', "")
    assert registration(site_metadata(extensions=silent)).subject_id is SubjectIdNeed.ANY


def test_entity_attribute_inside_an_assertion_is_not_believed() -> None:
    inside = entity_attribute(SIGN_RESPONSES[0], "true").replace(
        "<saml:Attribute ",
        '<saml:Assertion ID="a" Version="2.0" IssueInstant="2026-11-02T09:30:00Z"><saml:Issuer>urn:a</saml:Issuer>'
        "<saml:AttributeStatement><saml:Attribute ",
    )
    inside = inside.replace("</saml:Attribute>", "</saml:Attribute></saml:AttributeStatement></saml:Assertion>")
    assert not registration(site_metadata(extensions=inside)).signs_response


def test_attribute_sets_hold_what_we_have_of_them_by_name() -> None:
    sets = "\n".join(
        (
            an_attribute_set(a_wish(f"{ISSUER}/attr/acr"), a_wish("urn:oid:0.9.2342.19200300.100.1.3"), index=3),
            an_attribute_set(
                a_wish(PAIRWISE_ID, extra=""),
                a_wish(PAIRWISE_ID, extra=f'NameFormat="{UNSPECIFIED_FORMAT}" isRequired="true"'),
                a_wish(f"{ISSUER}/attr/cert-status", extra=f'NameFormat="{URI_FORMAT}" FriendlyName="mail"'),
                index=7,
                extra='isDefault="true"',
            ),
        )
    )
    first, second = registration(site_metadata(attribute_sets=sets)).attribute_sets
    assert first == AttributeSet(index=3, is_default=None, attributes=(AttributeName.CONTEXT,))
    assert second == AttributeSet(
        index=7, is_default=True, attributes=(AttributeName.SUBJECT, AttributeName.CERTIFICATE_CHECK)
    )


@pytest.mark.parametrize(
    "wish",
    [
        a_wish(PAIRWISE_ID, extra='NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"'),
        a_wish("urn:other", extra=f'NameFormat="{URI_FORMAT}" FriendlyName="pairwise-id"'),
        a_wish("pairwise-id"),
    ],
)
def test_attribute_is_known_by_nothing_but_its_name(wish: str) -> None:
    [only] = registration(site_metadata(attribute_sets=an_attribute_set(wish))).attribute_sets
    assert only.attributes == ()


def test_site_that_lists_our_algorithms_among_others_is_fine() -> None:
    listed = "".join(
        f'<alg:{kind} Algorithm="{uri}"/>'
        for kind, uri in (
            ("DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1"),
            ("DigestMethod", SHA256),
            ("SigningMethod", RSA_SHA1),
            ("SigningMethod", RSA_SHA256),
        )
    )
    assert registration(site_metadata(extensions=listed)).entity_id == SITE_ID


def test_algorithms_of_the_role_replace_those_of_the_entity() -> None:
    text = site_metadata(
        extensions=f'<alg:SigningMethod Algorithm="{RSA_SHA1}"/>',
        role_extensions=f'<alg:SigningMethod Algorithm="{RSA_SHA256}"/>',
    )
    assert registration(text).entity_id == SITE_ID
