"""The only file that knows pysaml2. Its element classes build our metadata; its signing, sessions and clients stay out.

What is built comes back as a tree of lxml, and only with characters that XML 1.0 can carry unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import saml2
from lxml import etree
from saml2 import md, saml, xmldsig
from saml2.extension import algsupport, mdattr, mdui, shibmd

from idp.domain.errors import ServiceFault
from idp.domain.service_provider import LocalText
from idp.protocols.saml.names import HTTP_POST, HTTP_REDIRECT, PROTOCOL, REFEDS_METADATA, SOAP, URI_NAME
from idp.protocols.saml.responses.attributes import AttributeValues
from idp.protocols.saml.settings import Organisation
from idp.protocols.saml.times import write_instant
from idp.protocols.saml.xml.documents import Element

_PREFIXES = {
    "saml": saml.NAMESPACE,
    "md": md.NAMESPACE,
    "mdattr": mdattr.NAMESPACE,
    "mdui": mdui.NAMESPACE,
    "alg": algsupport.NAMESPACE,
    "shibmd": shibmd.NAMESPACE,
    "remd": REFEDS_METADATA,
    "ds": xmldsig.NAMESPACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningMethod:
    """A signature algorithm that we accept, by its URI, and from which size of key on."""

    algorithm: str
    min_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInterface:
    """How people are shown us (Metadata UI 1.0). `icon_pixels` is the width and height that is meant."""

    display_name: LocalText
    description: LocalText
    information_url: LocalText
    privacy_url: LocalText
    icon_url: str
    icon_pixels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint:
    """`kind` is SAML's; `refeds_kind` says more of one that SAML only calls `other`."""

    kind: str
    name: str
    email: str
    refeds_kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpDescription:
    """What our metadata says."""

    id: str
    entity_id: str
    valid_until: datetime
    cache: timedelta
    entity_attributes: tuple[AttributeValues, ...]
    digest_methods: tuple[str, ...]
    signing_methods: tuple[SigningMethod, ...]
    error_url: str
    scope: str
    interface: UserInterface
    certificates: tuple[str, ...]
    artifact_url: str
    name_id_formats: tuple[str, ...]
    sso_url: str
    attributes: tuple[AttributeValues, ...]
    organisation: Organisation | None
    contacts: tuple[ContactPoint, ...]


def schema_file(name: str) -> Path:
    """A SAML schema as pysaml2 ships it: `protocol` or `metadata`."""
    return Path(str(files(saml2).joinpath("data", "schemas", f"saml-schema-{name}-2.0.xsd")))


def entity_descriptor(about: IdpDescription) -> Element:
    """Our EntityDescriptor, unsigned."""
    return _tree(
        md.EntityDescriptor(
            id=about.id,
            entity_id=about.entity_id,
            valid_until=write_instant(about.valid_until),
            cache_duration=f"PT{int(about.cache.total_seconds())}S",
            extensions=_extensions(
                mdattr.EntityAttributes(attribute=_attributes(about.entity_attributes)),
                *(algsupport.DigestMethod(algorithm=algorithm) for algorithm in about.digest_methods),
                *(
                    algsupport.SigningMethod(algorithm=method.algorithm, min_key_size=str(method.min_bits))
                    for method in about.signing_methods
                ),
            ),
            idpsso_descriptor=[_role(about)],
            organization=None if about.organisation is None else _organization(about.organisation),
            contact_person=[_contact(contact) for contact in about.contacts],
        )
    )


def _role(about: IdpDescription) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    return md.IDPSSODescriptor(
        protocol_support_enumeration=PROTOCOL,
        want_authn_requests_signed="true",
        error_url=about.error_url,
        extensions=_extensions(shibmd.Scope(text=about.scope, regexp="false"), _interface(about.interface)),
        key_descriptor=[
            md.KeyDescriptor(
                use="signing",
                key_info=xmldsig.KeyInfo(
                    x509_data=[xmldsig.X509Data(x509_certificate=xmldsig.X509Certificate(text=text))]
                ),
            )
            for text in about.certificates
        ],
        artifact_resolution_service=[
            md.ArtifactResolutionService(binding=SOAP, location=about.artifact_url, index="0", is_default="true")
        ],
        name_id_format=[md.NameIDFormat(text=text) for text in about.name_id_formats],
        single_sign_on_service=[
            md.SingleSignOnService(binding=binding, location=about.sso_url) for binding in (HTTP_REDIRECT, HTTP_POST)
        ],
        attribute=_attributes(about.attributes),
    )


def _interface(shown: UserInterface) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    return mdui.UIInfo(
        display_name=_in_both(mdui.DisplayName, shown.display_name),
        description=_in_both(mdui.Description, shown.description),
        logo=[mdui.Logo(text=shown.icon_url, width=str(shown.icon_pixels), height=str(shown.icon_pixels))],
        information_url=_in_both(mdui.InformationURL, shown.information_url),
        privacy_statement_url=_in_both(mdui.PrivacyStatementURL, shown.privacy_url),
    )


def _organization(organisation: Organisation) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    return md.Organization(
        organization_name=_in_both(md.OrganizationName, organisation.name),
        organization_display_name=_in_both(md.OrganizationDisplayName, organisation.name),
        organization_url=_in_both(md.OrganizationURL, organisation.site),
    )


def _contact(contact: ContactPoint) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    kind = {f"{{{REFEDS_METADATA}}}contactType": contact.refeds_kind} if contact.refeds_kind else None
    return md.ContactPerson(
        contact_type=contact.kind,
        given_name=md.GivenName(text=contact.name),
        email_address=[md.EmailAddress(text=f"mailto:{contact.email}")],
        extension_attributes=kind,
    )


def _in_both(kind: Any, text: LocalText) -> list[Any]:  # noqa: ANN401 (pysaml2 has no types)
    return [kind(text=text.ja, lang="ja"), kind(text=text.en, lang="en")]


def _attributes(attributes: Sequence[AttributeValues]) -> list[Any]:
    return [
        saml.Attribute(
            name=attribute.name,
            name_format=URI_NAME,
            friendly_name=attribute.friendly_name,
            attribute_value=[saml.AttributeValue(text=value) for value in attribute.values],
        )
        for attribute in attributes
    ]


def _extensions(*elements: Any) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    return md.Extensions(extension_elements=[saml2.element_to_extension_element(element) for element in elements])


def _tree(message: Any) -> Element:  # noqa: ANN401 (pysaml2 has no types)
    """Raises `ServiceFault` for a character that would not arrive as it is: better no message than another one.

    That is every character outside XML 1.0 section 2.2, and the carriage return, which parsers turn into a line feed.
    """
    text = message.to_string(_PREFIXES).decode()
    if "\r" in text:
        raise ServiceFault
    try:
        return etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ServiceFault from error
