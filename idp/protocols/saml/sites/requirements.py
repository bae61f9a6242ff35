"""What a site's metadata asks of our answers: names, attributes, signatures."""

from idp.domain.attribute import AttributeName
from idp.protocols.saml.names import (
    ALGORITHM_SUPPORT,
    ASSERTION,
    ENCRYPTED,
    ENTITY_ATTRIBUTES,
    PERSISTENT,
    SUBJECT_ID_REQUIREMENT,
    TRANSIENT,
    UNSPECIFIED,
    UNSPECIFIED_NAME,
    URI_NAME,
    own_entity_attribute,
)
from idp.protocols.saml.responses.attributes import attribute_named
from idp.protocols.saml.sites.elements import attribute, check_indexes, content, index_of, md, truth
from idp.protocols.saml.sites.registration import AttributeSet, SubjectIdNeed
from idp.protocols.saml.sites.remarks import Remarks, shown
from idp.protocols.saml.xml.booleans import read_boolean
from idp.protocols.saml.xml.canonical import XML_ENCRYPTION
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.signing import SIGNATURE_URIS

_SHIBBOLETH_SIGN_RESPONSES = "http://shibboleth.net/ns/profiles/saml2/sso/browser/signResponses"
_SUBJECT_ID = "subject-id"
_NAME_FORMATS = (None, URI_NAME, UNSPECIFIED_NAME)
_NAME_ID_FORMATS = (PERSISTENT, TRANSIENT, UNSPECIFIED, ENCRYPTED)
_CHECKABLE = (
    (
        f"{{{ALGORITHM_SUPPORT}}}SigningMethod",
        SIGNATURE_URIS,
        "the site lists the signatures that it can check, and none is ours: it needs rsa-sha256 or ecdsa-sha256",
    ),
    (
        f"{{{ALGORITHM_SUPPORT}}}DigestMethod",
        {XML_ENCRYPTION + "sha256"},
        "the site lists the digests that it can check, and ours is not among them: it needs sha256",
    ),
)


def read_subject_id(entity: Element, remarks: Remarks) -> SubjectIdNeed:
    """Subject Identifier Attributes 1.0, section 2.3.1: one entity attribute with one of four values."""
    found = _entity_attributes(entity, SUBJECT_ID_REQUIREMENT)
    if not found:
        return SubjectIdNeed.UNSTATED
    values = {content(value) for each in found for value in _values(each)}
    for need in SubjectIdNeed:
        if values == {need.value}:
            return need
    if values == {_SUBJECT_ID}:
        remarks.fault(
            found[0],
            "requires subject-id, by which all sites would know a citizen alike; we have none, because a citizen is"
            " another one in each sector. It can be pairwise-id, any or none",
        )
    else:
        remarks.fault(found[0], "must have one value: pairwise-id, any or none")
    return SubjectIdNeed.UNSTATED


def read_signs_response(entity: Element, issuer: str, remarks: Remarks) -> bool:
    """Whether the whole Response is to be signed besides the assertion: by our entity attribute, or by Shibboleth's."""
    names = (own_entity_attribute(issuer, "sign-response"), _SHIBBOLETH_SIGN_RESPONSES)
    values = [value for name in names for found in _entity_attributes(entity, name) for value in _values(found)]
    for value in values:
        if read_boolean(content(value)) is None:
            remarks.warn(value, f"{shown(content(value))} is neither true nor false; we take it as false")
    return any(read_boolean(content(value)) for value in values)


def read_attribute_sets(role: Element, issuer: str, remarks: Remarks) -> tuple[AttributeSet, ...]:
    """The AttributeConsumingServices. Attributes go by their names; a FriendlyName means nothing (core 2.7.3.1)."""
    services = role.findall(md("AttributeConsumingService"))
    check_indexes(services, remarks)
    return tuple(
        AttributeSet(
            index=index,
            is_default=truth(service, "isDefault"),
            attributes=_requested(service, issuer, remarks),
        )
        for service in services
        if (index := index_of(service)) is not None
    )


def _requested(service: Element, issuer: str, remarks: Remarks) -> tuple[AttributeName, ...]:
    found = []
    for element in service.findall(md("RequestedAttribute")):
        name = _attribute_name(element, issuer)
        if name is not None:
            found.append(name)
        elif truth(element, "isRequired"):
            remarks.warn(
                element,
                f"the site requires the attribute {_called(element)}, which we do not have; it may well refuse citizens"
                " who come without it",
            )
        else:
            remarks.warn(element, f"the site would like the attribute {_called(element)}, which we do not have")
    return tuple(dict.fromkeys(found))


def _attribute_name(element: Element, issuer: str) -> AttributeName | None:
    if attribute(element, "NameFormat") not in _NAME_FORMATS:
        return None
    return attribute_named(attribute(element, "Name") or "", issuer)


def _called(element: Element) -> str:
    friendly = element.get("FriendlyName")
    return shown(element.get("Name", "")) + ("" if friendly is None else f" (called {shown(friendly)})")


def read_name_id_formats(role: Element, remarks: Remarks) -> tuple[str, ...]:
    """The formats in their order; we send one of ours whatever stands here."""
    elements = role.findall(md("NameIDFormat"))
    formats = tuple(content(element) for element in elements)
    for element, written in zip(elements, formats, strict=True):
        if written not in _NAME_ID_FORMATS:
            remarks.warn(element, f"we have no NameID of the format {shown(written)}, only persistent and transient")
    return formats


def check_algorithms(entity: Element, role: Element, remarks: Remarks) -> None:
    """Metadata Profile for Algorithm Support 1.0, section 2.5: a site that lists what it can check must list ours.

    What stands at the role replaces what stands at the entity.
    """
    own = [element for kind, _, _ in _CHECKABLE for element in _extensions(role, kind)]
    for kind, ours, words in _CHECKABLE:
        listed = _extensions(role if own else entity, kind)
        if listed and not any(attribute(element, "Algorithm") in ours for element in listed):
            remarks.fault(listed[0], words)


def _entity_attributes(entity: Element, name: str) -> list[Element]:
    """Of the entity, and of a group that it stands in (Metadata Extension for Entity Attributes 1.0, section 2.3).

    What stands inside an assertion is not taken: nobody has checked that.
    """
    return [
        element
        for holder in (entity, *entity.iterancestors())
        for element in _extensions(holder, f"{{{ENTITY_ATTRIBUTES}}}EntityAttributes/{{{ASSERTION}}}Attribute")
        if attribute(element, "Name") == name and attribute(element, "NameFormat") in _NAME_FORMATS
    ]


def _values(element: Element) -> list[Element]:
    return element.findall(f"{{{ASSERTION}}}AttributeValue")


def _extensions(parent: Element, path: str) -> list[Element]:
    return parent.findall(f"{md('Extensions')}/{path}")
