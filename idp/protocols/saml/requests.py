"""A site's AuthnRequest (SAML core 3.4.1) becomes a `LoginRequest`: parse, then the checks, in this order.

Until the signature and the return address are proven, a refusal is raised as it is and a page shows it. After that the
site itself can be told: the refusal is raised inside `Refusable`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from idp.domain.errors import IdentifierUnavailable, RequestInvalid, SiteUnknown
from idp.domain.login import IdentifierKind
from idp.domain.service_provider import ServiceProvider
from idp.protocols.saml.contexts import Comparison, ContextWish
from idp.protocols.saml.documents import DocumentLimits, DocumentRefused, Element, Schema, parse
from idp.protocols.saml.names import (
    ASSERTION,
    ENTITY,
    HTTP_POST,
    PERSISTENT,
    PROTOCOL,
    TRANSIENT,
    UNSPECIFIED,
    XML_SIGNATURE,
)
from idp.protocols.saml.redirect import MAX_MESSAGE_BYTES, RedirectMessage
from idp.protocols.saml.registration import Registration
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.signatures import verify_signature
from idp.protocols.saml.times import read_instant

_LIMITS = DocumentLimits(bytes=MAX_MESSAGE_BYTES, depth=32, elements=500, drop_comments=False)
_MAX_ID = 256
_TRUE = ("true", "1")

_KINDS = {
    None: IdentifierKind.PERSISTENT,
    UNSPECIFIED: IdentifierKind.PERSISTENT,
    PERSISTENT: IdentifierKind.PERSISTENT,
    TRANSIENT: IdentifierKind.TRANSIENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnRequest:
    """What stands in the message, valid by the schema and otherwise unproven. Absent parts are None."""

    id: str
    version: str
    issued_at: datetime
    destination: str | None
    issuer: str
    issuer_format: str | None
    is_signed_inside: bool
    return_url: str | None
    return_index: int | None
    binding: str | None
    forced: bool
    passive: bool
    names_subject: bool
    identifier_format: str | None
    identifier_qualifier: str | None
    contexts: ContextWish | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request on the bench: the message it came in, who it says it is from, and all it is judged by."""

    message: RedirectMessage
    request: AuthnRequest
    site: ServiceProvider
    registration: Registration
    settings: SamlSettings = field(repr=False)
    now: datetime


def read_request(xml: bytes, schema: Schema) -> AuthnRequest:
    """Raises `RequestInvalid`."""
    try:
        root = parse(xml, _LIMITS)
        schema.check(root)
    except DocumentRefused as error:
        raise RequestInvalid(f"message {error}") from error
    if root.tag != _samlp("AuthnRequest"):
        raise RequestInvalid("message is not an AuthnRequest")
    issuer = root.find(_saml("Issuer"))
    if issuer is None or not issuer.text:
        raise RequestInvalid("no Issuer")
    policy = root.find(_samlp("NameIDPolicy"))
    index = root.get("AssertionConsumerServiceIndex")
    return AuthnRequest(
        id=root.get("ID", ""),
        version=root.get("Version", ""),
        issued_at=read_instant(root.get("IssueInstant", "")),
        destination=root.get("Destination"),
        issuer=issuer.text,
        issuer_format=issuer.get("Format"),
        is_signed_inside=root.find(f"{{{XML_SIGNATURE}}}Signature") is not None,
        return_url=root.get("AssertionConsumerServiceURL"),
        return_index=None if index is None else int(index),
        binding=root.get("ProtocolBinding"),
        forced=root.get("ForceAuthn") in _TRUE,
        passive=root.get("IsPassive") in _TRUE,
        names_subject=root.find(_saml("Subject")) is not None,
        identifier_format=None if policy is None else policy.get("Format"),
        identifier_qualifier=None if policy is None else policy.get("SPNameQualifier"),
        contexts=_contexts(root.find(_samlp("RequestedAuthnContext"))),
    )


def _contexts(element: Element | None) -> ContextWish | None:
    if element is None:
        return None
    return ContextWish(
        comparison=Comparison(element.get("Comparison", "exact")),
        references=tuple(child.text or "" for child in element.findall(_saml("AuthnContextClassRef"))),
    )


def has_version_2(received: Received) -> None:
    """SAML core 3.2.1."""
    if received.request.version != "2.0":
        raise RequestInvalid("version is not 2.0")


def has_short_id(received: Received) -> None:
    """We keep it until the answer."""
    if len(received.request.id) > _MAX_ID:
        raise RequestInvalid("ID too long")


def is_from_an_entity(received: Received) -> None:
    """Web browser SSO profile 4.1.4.1: the Issuer is the site's entityID and nothing else."""
    if received.request.issuer_format not in (None, ENTITY):
        raise RequestInvalid("Issuer is not an entity")


def has_no_signature_inside(received: Received) -> None:
    """Bindings 3.4.4.1: over a redirect, a signature inside the message must have been removed; it proves nothing."""
    if received.request.is_signed_inside:
        raise RequestInvalid("signature inside a redirected message")


def is_signed_by_the_site(received: Received) -> None:
    """Bindings 3.4.4.1, with the keys of the site's metadata; the message has none to offer."""
    message = received.message
    verify_signature(message.signed_octets, message.signature, message.algorithm, received.registration.keys)


def is_meant_for_us(received: Received) -> None:
    """Bindings 3.4.5.2: a signed message must name the address it was sent to."""
    if received.request.destination != received.settings.sso_url:
        raise RequestInvalid("Destination is not our address")


def is_recent(received: Received) -> None:
    """An old request is kept by nobody who means well; a future one comes from a wrong clock."""
    age = received.now - received.request.issued_at
    if age > received.settings.request_max_age + received.settings.skew:
        raise RequestInvalid("issued too long ago")
    if age < -received.settings.skew:
        raise RequestInvalid("issued in the future")


def is_answered_by_post(received: Received) -> None:
    """The only binding we answer with."""
    if received.request.binding not in (None, HTTP_POST):
        raise RequestInvalid("ProtocolBinding is not HTTP-POST")


def has_one_return_address(received: Received) -> None:
    """SAML core 3.4.1: the index excludes the address and the binding."""
    request = received.request
    if request.return_index is not None and (request.return_url is not None or request.binding is not None):
        raise RequestInvalid("return address given twice")


CHECKS: tuple[Callable[[Received], None], ...] = (
    has_version_2,
    has_short_id,
    is_from_an_entity,
    has_no_signature_inside,
    is_signed_by_the_site,
    is_meant_for_us,
    is_recent,
    is_answered_by_post,
    has_one_return_address,
)
"""Refused on a page: the return address is not proven yet."""


def return_address(received: Received) -> str:
    """Where to answer: an address of the site's metadata and no other. Raises `SiteUnknown`."""
    request, registration = received.request, received.registration
    if request.return_url is None and request.return_index is None:
        return registration.default_return_address().url
    for address in registration.return_addresses:
        if address.url == request.return_url or address.index == request.return_index:
            return address.url
    raise SiteUnknown


def names_no_subject(received: Received) -> None:
    """The card says who it is; a site cannot ask for somebody."""
    if received.request.names_subject:
        raise RequestInvalid("Subject is not supported")


def wants_known_identifier(received: Received) -> None:
    """SAML core 3.4.1.1: a format that we have, qualified as we would do it."""
    request = received.request
    if request.identifier_format not in _KINDS:
        raise IdentifierUnavailable
    if request.identifier_qualifier not in (None, request.issuer, received.site.sector):
        raise IdentifierUnavailable


CHECKS_TOLD_TO_THE_SITE: tuple[Callable[[Received], None], ...] = (names_no_subject, wants_known_identifier)
"""Refused by a SAML error message to the proven return address."""


def identifier_kind(request: AuthnRequest) -> IdentifierKind:
    """Of a request that passed `wants_known_identifier`."""
    return _KINDS[request.identifier_format]


def _samlp(name: str) -> str:
    return f"{{{PROTOCOL}}}{name}"


def _saml(name: str) -> str:
    return f"{{{ASSERTION}}}{name}"
