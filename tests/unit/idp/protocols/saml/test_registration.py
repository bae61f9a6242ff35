"""A site's metadata, read and judged."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from idp.domain.errors import ServiceFault, SiteUnknown
from idp.protocols.contract import RegistrationRefused
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.documents import Schema
from idp.protocols.saml.registration import RegistrationReader, Registrations, check_registration
from tests.support.saml import (
    NOW,
    OTHER_RETURN_URL,
    RETURN_URL,
    SITE_ID,
    a_certificate,
    a_key_descriptor,
    a_registration,
    a_return_address,
    a_site,
    an_ec_signer,
    an_rsa_signer,
)


@pytest.fixture
def registrations() -> Registrations:
    return Registrations(RegistrationReader(schema=Schema(schema_file("metadata")), unsafe_http_loopback=False))


def faults_of(text: str, *, unsafe_http_loopback: bool = False) -> str:
    with pytest.raises(RegistrationRefused) as refused:
        check_registration(text, unsafe_http_loopback=unsafe_http_loopback)
    return "\n".join(refused.value.faults)


def test_good_metadata_gives_name_addresses_and_keys() -> None:
    registration = check_registration(a_registration())
    assert registration.entity_id == SITE_ID
    assert [address.url for address in registration.return_addresses] == [RETURN_URL, OTHER_RETURN_URL]
    assert registration.keys == (an_rsa_signer("site").public_key,)


def test_comments_in_metadata_are_no_harm() -> None:
    text = "<!-- ours -->" + a_registration().replace("<ds:X509Data>", "<!-- key --><ds:X509Data>")
    assert check_registration(text).entity_id == SITE_ID


def test_return_addresses_with_other_bindings_are_left_out() -> None:
    addresses = [a_return_address(OTHER_RETURN_URL, 0, binding="HTTP-Artifact"), a_return_address(RETURN_URL, 1)]
    registration = check_registration(a_registration(return_addresses=addresses))
    assert [address.url for address in registration.return_addresses] == [RETURN_URL]


def test_metadata_without_a_usable_return_address_is_refused() -> None:
    addresses = [a_return_address(RETURN_URL, 0, binding="HTTP-Artifact")]
    assert "no AssertionConsumerService" in faults_of(a_registration(return_addresses=addresses))


def test_return_addresses_with_the_same_index_are_refused() -> None:
    addresses = [a_return_address(RETURN_URL, 1), a_return_address(OTHER_RETURN_URL, 1)]
    assert "same index" in faults_of(a_registration(return_addresses=addresses))


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
    ],
)
def test_unsafe_return_address_is_refused(url: str) -> None:
    assert "must be an absolute https address" in faults_of(a_registration(return_addresses=[a_return_address(url, 0)]))


@pytest.mark.parametrize("url", ["http://127.0.0.3:8473/acs", "http://localhost/acs", "http://[::1]/acs"])
def test_plain_http_is_accepted_on_this_computer_by_the_unsafe_switch_alone(url: str) -> None:
    text = a_registration(return_addresses=[a_return_address(url, 0)])
    assert check_registration(text, unsafe_http_loopback=True).return_addresses[0].url == url


def test_plain_http_elsewhere_is_refused_even_with_the_unsafe_switch() -> None:
    text = a_registration(return_addresses=[a_return_address("http://ministry.example/acs", 0)])
    assert "absolute https" in faults_of(text, unsafe_http_loopback=True)


def test_metadata_without_a_signing_key_is_refused() -> None:
    keys = [a_key_descriptor(an_rsa_signer("site").certificate, use="encryption")]
    assert "no certificate for signing" in faults_of(a_registration(keys=keys))


def test_short_rsa_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (what is refused)
    assert "2048 bits" in faults_of(a_registration(keys=[a_key_descriptor(a_certificate("short", short))]))


def test_weak_curve_is_refused() -> None:
    weak = ec.generate_private_key(ec.SECP256K1())
    assert "P-256" in faults_of(a_registration(keys=[a_key_descriptor(a_certificate("weak", weak))]))


def test_unreadable_certificate_is_refused() -> None:
    key = a_key_descriptor(an_ec_signer("site").certificate)
    start = key.index("<ds:X509Certificate>") + len("<ds:X509Certificate>")
    assert "cannot be read" in faults_of(a_registration(keys=[key[:start] + "AAAA" + key[start + 40 :]]))


def test_too_many_keys_are_refused() -> None:
    assert "more than 8" in faults_of(a_registration(keys=[a_key_descriptor(an_rsa_signer("site").certificate)] * 9))


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(a_registration(keys=[], return_addresses=[a_return_address("http://a.example/", 0)]))
    assert "no certificate" in faults
    assert "absolute https" in faults


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not XML",
        "<!DOCTYPE x>" + a_registration(),
        "\ud800",
        a_registration().replace("entityID", "entityId"),
        " " * 600_000 + a_registration(),
    ],
)
def test_text_that_is_no_metadata_is_refused(text: str) -> None:
    assert "cannot be used" in faults_of(text)


def test_metadata_of_several_entities_is_refused() -> None:
    many = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        f"{a_registration()}</md:EntitiesDescriptor>"
    )
    assert "one entity" in faults_of(many)


def test_metadata_for_another_protocol_is_refused() -> None:
    text = a_registration().replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol")
    assert "one SPSSODescriptor" in faults_of(text)


def test_registration_is_parsed_once_and_again_when_its_text_changes(registrations: Registrations) -> None:
    site = a_site()
    first = registrations.of(site, now=NOW)
    assert registrations.of(site, now=NOW) is first
    changed = replace(site, registration=a_registration(return_addresses=[a_return_address(RETURN_URL, 5)]))
    assert registrations.of(changed, now=NOW).return_addresses[0].index == 5


def test_registration_of_another_entity_is_a_fault_of_the_register(registrations: Registrations) -> None:
    with pytest.raises(ServiceFault):
        registrations.of(a_site(registration=a_registration(entity_id="https://other.example")), now=NOW)


def test_unusable_registration_is_a_fault_of_the_register(registrations: Registrations) -> None:
    with pytest.raises(ServiceFault):
        registrations.of(a_site(registration="<x/>"), now=NOW)


def test_registration_serves_until_its_own_end(registrations: Registrations) -> None:
    site = a_site(registration=a_registration(attributes='validUntil="2026-11-02T10:00:00Z"'))
    registrations.of(site, now=NOW)
    with pytest.raises(SiteUnknown):
        registrations.of(site, now=NOW + timedelta(minutes=30))


def test_end_that_is_not_utc_is_refused() -> None:
    assert "validUntil" in faults_of(a_registration(attributes='validUntil="2026-11-02T10:00:00+09:00"'))
