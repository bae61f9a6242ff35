"""The only file that knows pysaml2. Its element classes build our messages; its signing, sessions and clients stay out.

Everything here comes back as a tree of lxml, and only with characters that XML 1.0 can carry unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import saml2
from lxml import etree
from saml2 import md, saml, samlp, xmldsig
from saml2.extension import mdui, shibmd

from idp.domain.errors import ServiceFault
from idp.domain.service_provider import LocalText
from idp.protocols.saml.documents import Element
from idp.protocols.saml.errors import Status
from idp.protocols.saml.names import BEARER, ENTITY, HTTP_REDIRECT, PROTOCOL, URI_NAME
from idp.protocols.saml.times import write_instant

_PREFIXES = {
    "samlp": samlp.NAMESPACE,
    "saml": saml.NAMESPACE,
    "md": md.NAMESPACE,
    "mdui": mdui.NAMESPACE,
    "shibmd": shibmd.NAMESPACE,
    "ds": xmldsig.NAMESPACE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """A subject's name, qualified by who gave it and for whom."""

    value: str
    format: str
    name_qualifier: str
    sp_name_qualifier: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeValues:
    """An attribute whose name is a URI."""

    name: str
    friendly_name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFrame:
    """What every Response carries: its own ids, whom it answers, and what came of it."""

    id: str
    issuer: str
    destination: str
    in_response_to: str
    issued_at: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionContent:
    """What one Assertion states, for one audience; see SAML profiles 4.1.4.2."""

    id: str
    audience: str
    name_id: NameId
    authenticated_at: datetime
    context: str
    session_index: str
    session_ends: datetime
    not_before: datetime
    not_on_or_after: datetime
    attributes: tuple[AttributeValues, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpDescription:
    """What our metadata says."""

    id: str
    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    name_id_formats: tuple[str, ...]
    scope: str
    display_name: LocalText
    attributes: tuple[AttributeValues, ...]
    valid_until: datetime
    cache: timedelta


def schema_file(name: str) -> Path:
    """A SAML schema as pysaml2 ships it: `protocol` or `metadata`."""
    return Path(str(files(saml2).joinpath("data", "schemas", f"saml-schema-{name}-2.0.xsd")))


def response(frame: ResponseFrame, assertion: AssertionContent | None) -> Element:
    """A Response, unsigned, with its Assertion last."""
    code = samlp.StatusCode(value=frame.status.top)
    if frame.status.detail is not None:
        code.status_code = samlp.StatusCode(value=frame.status.detail)
    return _tree(
        samlp.Response(
            id=frame.id,
            version="2.0",
            issue_instant=write_instant(frame.issued_at),
            destination=frame.destination,
            in_response_to=frame.in_response_to,
            issuer=saml.Issuer(text=frame.issuer, format=ENTITY),
            status=samlp.Status(status_code=code),
            assertion=[] if assertion is None else [_assertion(frame, assertion)],
        )
    )


def _assertion(frame: ResponseFrame, content: AssertionContent) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    confirmation = saml.SubjectConfirmationData(
        recipient=frame.destination,
        in_response_to=frame.in_response_to,
        not_on_or_after=write_instant(content.not_on_or_after),
    )
    return saml.Assertion(
        id=content.id,
        version="2.0",
        issue_instant=write_instant(frame.issued_at),
        issuer=saml.Issuer(text=frame.issuer, format=ENTITY),
        subject=saml.Subject(
            name_id=saml.NameID(
                text=content.name_id.value,
                format=content.name_id.format,
                name_qualifier=content.name_id.name_qualifier,
                sp_name_qualifier=content.name_id.sp_name_qualifier,
            ),
            subject_confirmation=[saml.SubjectConfirmation(method=BEARER, subject_confirmation_data=confirmation)],
        ),
        conditions=saml.Conditions(
            not_before=write_instant(content.not_before),
            not_on_or_after=write_instant(content.not_on_or_after),
            audience_restriction=[saml.AudienceRestriction(audience=[saml.Audience(text=content.audience)])],
        ),
        authn_statement=[
            saml.AuthnStatement(
                authn_instant=write_instant(content.authenticated_at),
                session_index=content.session_index,
                session_not_on_or_after=write_instant(content.session_ends),
                authn_context=saml.AuthnContext(
                    authn_context_class_ref=saml.AuthnContextClassRef(text=content.context)
                ),
            )
        ],
        attribute_statement=[saml.AttributeStatement(attribute=_attributes(content.attributes))],
    )


def entity_descriptor(description: IdpDescription) -> Element:
    """Our EntityDescriptor, unsigned."""
    names = [
        mdui.DisplayName(text=text, lang=language)
        for language, text in (("ja", description.display_name.ja), ("en", description.display_name.en))
    ]
    return _tree(
        md.EntityDescriptor(
            id=description.id,
            entity_id=description.entity_id,
            valid_until=write_instant(description.valid_until),
            cache_duration=f"PT{int(description.cache.total_seconds())}S",
            idpsso_descriptor=[
                md.IDPSSODescriptor(
                    protocol_support_enumeration=PROTOCOL,
                    want_authn_requests_signed="true",
                    extensions=md.Extensions(
                        extension_elements=[
                            saml2.element_to_extension_element(shibmd.Scope(text=description.scope, regexp="false")),
                            saml2.element_to_extension_element(mdui.UIInfo(display_name=names)),
                        ]
                    ),
                    key_descriptor=[
                        md.KeyDescriptor(
                            use="signing",
                            key_info=xmldsig.KeyInfo(
                                x509_data=[xmldsig.X509Data(x509_certificate=xmldsig.X509Certificate(text=text))]
                            ),
                        )
                        for text in description.certificates
                    ],
                    name_id_format=[md.NameIDFormat(text=text) for text in description.name_id_formats],
                    single_sign_on_service=[
                        md.SingleSignOnService(binding=HTTP_REDIRECT, location=description.sso_url)
                    ],
                    attribute=_attributes(description.attributes),
                )
            ],
        )
    )


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
