"""The attributes of a `Release`, by their SAML names. Nothing is stated that is not in the release."""

from dataclasses import dataclass
from typing import assert_never

import msgspec

from idp.domain.attribute import AttributeName
from idp.domain.citizen import CertificateCheck
from idp.domain.errors import ServiceFault
from idp.domain.release import Release
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.names import PAIRWISE_ID, URI_NAME, own_attribute
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.times import write_instant
from idp.protocols.saml.xml.canonical import NOTHING, PLACE, Xml, declare, element, text

_FRIENDLY_NAMES = {
    AttributeName.SUBJECT: "pairwise-id",
    AttributeName.CONTEXT: "acr",
    AttributeName.CERTIFICATE_CHECK: "cert-status",
    AttributeName.SECTOR: "sector",
}
_TYPE = {"xsi:type": "xs:string"}
_VALUE = element("saml:AttributeValue", PLACE, declares=declare("xsi"), **_TYPE).split(PLACE)
"""The prefix `xs` is declared around it, by the Assertion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeValues:
    """An attribute whose name is a URI."""

    name: str
    friendly_name: str
    values: tuple[str, ...]


class AttributeWriter:
    """Writes AttributeStatements (SAML core 2.7.3); the names, which are the same in all of them, once."""

    def __init__(self, settings: SamlSettings, contexts: Contexts) -> None:
        self._scope = settings.scope
        self._contexts = contexts
        self._frames = {
            name: element(
                "saml:Attribute",
                PLACE,
                FriendlyName=_FRIENDLY_NAMES[name],
                Name=attribute_uri(name, settings.issuer),
                NameFormat=URI_NAME,
            ).split(PLACE)
            for name in AttributeName
        }

    def write(self, release: Release) -> Xml:
        """What `release` tells beside the subject's name; no statement if that is nothing."""
        if not release.attributes:
            return NOTHING
        return element("saml:AttributeStatement", *[self._attribute(name, release) for name in release.attributes])

    def _attribute(self, name: AttributeName, release: Release) -> Xml:
        """Each of several values has its own element (SAML core 2.7.3.1)."""
        before, after = self._frames[name]
        value_before, value_after = _VALUE
        values = [f"{value_before}{text(value)}{value_after}" for value in self._values(name, release)]
        return Xml(f"{before}{''.join(values)}{after}")

    def _values(self, name: AttributeName, release: Release) -> tuple[str, ...]:
        match name:
            case AttributeName.SUBJECT:
                return (self._pairwise_id(release),)
            case AttributeName.CONTEXT:
                return (self._contexts.own(release.context),)
            case AttributeName.CERTIFICATE_CHECK:
                return (_certificate_status(release.check),)
            case AttributeName.SECTOR:
                return (release.sector,)
        assert_never(name)

    def _pairwise_id(self, release: Release) -> str:
        """Subject Identifier Attributes 1.0, section 3.4: the sector's identifier, scoped."""
        if release.lasting is None:
            raise ServiceFault
        return f"{release.lasting}@{self._scope}"


def offered_attributes(settings: SamlSettings) -> tuple[AttributeValues, ...]:
    """All that we have, without values, for metadata."""
    return tuple(
        AttributeValues(name=attribute_uri(name, settings.issuer), friendly_name=_FRIENDLY_NAMES[name], values=())
        for name in AttributeName
    )


def attribute_named(uri: str, issuer: str) -> AttributeName | None:
    """What a site means that asks for the attribute `uri`; None if we have no such thing."""
    return next((name for name in AttributeName if attribute_uri(name, issuer) == uri), None)


def _certificate_status(check: CertificateCheck) -> str:
    """JSON text with the members of our OpenID Connect claim `cert_status`; times as in the rest of the assertion."""
    return msgspec.json.encode(
        {
            "source": check.source.value,
            "checked_at": write_instant(check.checked_at),
            "list_issued_at": write_instant(check.issued_at),
            "valid_until": write_instant(check.next_update),
        }
    ).decode()


def attribute_uri(name: AttributeName, issuer: str) -> str:
    """Its SAML name."""
    return PAIRWISE_ID if name is AttributeName.SUBJECT else own_attribute(issuer, _FRIENDLY_NAMES[name])
