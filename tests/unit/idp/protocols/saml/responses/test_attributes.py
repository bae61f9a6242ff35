"""Attributes by their SAML names, in and out."""

import json
from dataclasses import replace

import pytest
from lxml import etree

from idp.domain.attribute import AttributeName
from idp.domain.errors import ServiceFault
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.responses.attributes import AttributeWriter, attribute_named, offered_attributes
from idp.protocols.saml.xml.canonical import Xml, declare, element
from tests.support.saml import ISSUER, SETTINGS, SUBJECT, a_release

XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
WRITER = AttributeWriter(SETTINGS, Contexts(ISSUER))


def written(statement: Xml) -> list[etree._Element]:
    around = element("saml:Assertion", statement, declares=declare("saml", "xs"))
    return etree.fromstring(around).findall("{*}AttributeStatement/{*}Attribute")


def values(name: AttributeName) -> list[str | None]:
    (attribute,) = written(WRITER.write(a_release(attributes=(name,))))
    return [value.text for value in attribute]


def test_identifier_is_the_sectors_with_our_scope() -> None:
    assert values(AttributeName.SUBJECT) == [f"{SUBJECT}@idp.example"]


def test_context_is_told_by_our_own_name_for_it() -> None:
    assert values(AttributeName.CONTEXT) == [f"{ISSUER}/acr/card-pin"]


def test_sector_is_told_by_its_code() -> None:
    assert values(AttributeName.SECTOR) == ["filings"]


def test_check_of_the_certificate_tells_source_and_times() -> None:
    (status,) = values(AttributeName.CERTIFICATE_CHECK)
    assert json.loads(status or "") == {
        "source": "ocsp",
        "checked_at": "2026-11-02T09:25:00Z",
        "list_issued_at": "2026-11-02T09:24:00Z",
        "valid_until": "2026-11-03T09:25:00Z",
    }


def test_nothing_is_stated_that_is_not_released() -> None:
    assert WRITER.write(a_release(attributes=())) == ""
    names = [
        attribute.get("Name") for attribute in written(WRITER.write(a_release(attributes=(AttributeName.SECTOR,))))
    ]
    assert names == [f"{ISSUER}/attr/sector"]


def test_attribute_has_a_uri_for_machines_and_a_word_for_people() -> None:
    for attribute in written(WRITER.write(a_release(attributes=tuple(AttributeName)))):
        assert attribute.get("NameFormat") == "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
        assert (attribute.get("FriendlyName") or " ") in (attribute.get("Name") or "")


def test_every_value_is_a_string_by_xml_schema() -> None:
    for attribute in written(WRITER.write(a_release(attributes=tuple(AttributeName)))):
        for value in attribute:
            prefix, name = (value.get(XSI_TYPE) or "").split(":")
            assert (value.nsmap[prefix], name) == ("http://www.w3.org/2001/XMLSchema", "string")


def test_several_values_stand_in_one_attribute_each_in_its_own_element(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AttributeWriter, "_values", lambda *_: ("一", "<2>", ""))
    (attribute,) = written(WRITER.write(a_release(attributes=(AttributeName.SECTOR,))))
    assert [value.text or "" for value in attribute] == ["一", "<2>", ""]
    assert all(value.get(XSI_TYPE) == "xs:string" for value in attribute)


def test_identifier_that_was_not_released_is_a_fault() -> None:
    release = replace(a_release(attributes=(AttributeName.SUBJECT,)), lasting=None)
    with pytest.raises(ServiceFault):
        WRITER.write(release)


def test_names_that_are_offered_are_those_that_can_be_asked_for() -> None:
    offered = offered_attributes(SETTINGS)
    assert [attribute_named(attribute.name, ISSUER) for attribute in offered] == list(AttributeName)
    assert all(attribute.values == () for attribute in offered)


@pytest.mark.parametrize("uri", ["", "sector", f"{ISSUER}/attr/", "https://other.example/attr/sector"])
def test_unknown_name_means_nothing(uri: str) -> None:
    assert attribute_named(uri, ISSUER) is None
