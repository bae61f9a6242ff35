"""Registrations of the sites in the register, kept ready for requests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.domain.errors import ServiceFault, SiteSuspended, SiteUnknown
from idp.domain.service_provider import Mark, Standing
from idp.protocols.saml.sites.registration import AttributeSet, Registrations
from idp.protocols.saml.xml.encryption import DataAlgorithm
from tests.support.saml import NOW, RETURN_URL, a_registration, a_return_address, a_site
from tests.support.site_metadata import AES256_CBC, a_key, a_wish, an_attribute_set, reader, site_metadata


@pytest.fixture
def registrations() -> Registrations:
    return Registrations(reader().registration)


def test_registration_is_parsed_once_and_again_when_its_text_changes(registrations: Registrations) -> None:
    site = a_site()
    first = registrations.of(site, now=NOW)
    assert registrations.of(site, now=NOW) is first
    changed = replace(site, registration=a_registration(return_addresses=[a_return_address(RETURN_URL, 5)]))
    assert registrations.of(changed, now=NOW).consumers[0].index == 5


def test_registration_is_parsed_again_when_the_marks_of_its_site_change(registrations: Registrations) -> None:
    cbc = site_metadata(keys=[a_key("signing"), a_key("encryption", AES256_CBC)])
    marked = replace(a_site(registration=cbc), marks=frozenset({Mark.UNSAFE_CBC}))
    encryption = registrations.of(marked, now=NOW).encryption
    assert encryption is not None
    assert encryption.data is DataAlgorithm.AES256_CBC
    with pytest.raises(ServiceFault):
        registrations.of(replace(marked, marks=frozenset()), now=NOW)


def test_registration_of_another_entity_is_a_fault_of_the_register(registrations: Registrations) -> None:
    with pytest.raises(ServiceFault):
        registrations.of(a_site(registration=a_registration(entity_id="https://other.example")), now=NOW)


def test_unusable_registration_is_a_fault_of_the_register(registrations: Registrations) -> None:
    with pytest.raises(ServiceFault):
        registrations.of(a_site(registration="<x/>"), now=NOW)


def test_registration_serves_until_its_own_end(registrations: Registrations) -> None:
    site = a_site(registration=a_registration(attributes='validUntil="2026-11-02T10:00:00Z"'))
    registrations.of(site, now=NOW)
    with pytest.raises(SiteUnknown) as unknown:
        registrations.of(site, now=NOW + timedelta(minutes=30))
    assert unknown.value.why == "the site's registration is over"


def test_registration_serves_until_the_end_of_its_source(registrations: Registrations) -> None:
    site = replace(a_site(), registration_ends_at=NOW + timedelta(minutes=1))
    registrations.of(site, now=NOW)
    with pytest.raises(SiteUnknown):
        registrations.of(site, now=NOW + timedelta(minutes=1))


@pytest.mark.parametrize(("standing", "error"), [(Standing.SUSPENDED, SiteSuspended), (Standing.REMOVED, SiteUnknown)])
def test_site_that_is_not_active_has_no_registration(
    registrations: Registrations, standing: Standing, error: type[Exception]
) -> None:
    with pytest.raises(error):
        registrations.of(replace(a_site(), standing=standing), now=NOW)


def _default_of(*extras: str) -> int:
    addresses = [
        a_return_address(f"https://a.example/{index}", index, extra=extra) for index, extra in enumerate(extras)
    ]
    return reader().registration(site_metadata(consumers=addresses), frozenset()).default_consumer().index


def test_default_address_is_by_the_rule_of_the_specification() -> None:
    no, yes = 'isDefault="false"', 'isDefault="true"'
    assert _default_of("", yes, "") == 1
    assert _default_of(no, "", "") == 1
    assert _default_of(no, no) == 0
    assert _default_of("", "") == 0


def test_default_attribute_set_is_by_the_same_rule() -> None:
    def default(*extras: str) -> AttributeSet | None:
        sets = (an_attribute_set(a_wish("urn:a"), index=index, extra=extra) for index, extra in enumerate(extras))
        text = site_metadata(attribute_sets="\n".join(sets))
        return reader().registration(text, frozenset()).default_attribute_set()

    assert default() is None
    second = default('isDefault="false"', "")
    assert second is not None
    assert second.index == 1
