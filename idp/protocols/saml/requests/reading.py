"""What stands in a request message (SAML core 3.2.1, 3.4.1): read, not judged. `request_checks` judges."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.redirect import MAX_MESSAGE_BYTES
from idp.protocols.saml.contexts import Comparison, ContextWish
from idp.protocols.saml.names import ASSERTION, PROTOCOL
from idp.protocols.saml.times import read_instant
from idp.protocols.saml.xml.booleans import read_boolean
from idp.protocols.saml.xml.documents import DocumentLimits, DocumentRefused, Element, Schema, parse
from idp.protocols.saml.xml.enveloped import SIGNATURE

MESSAGE_LIMITS = DocumentLimits(bytes=MAX_MESSAGE_BYTES, depth=32, elements=500, drop_comments=False)

_NUMBER = re.compile(r"[+-]?0*(\d{1,9})", re.ASCII)
_MANY = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHead:
    """What every request begins with (SAML core 3.2.1). Absent parts are None."""

    id: str
    version: str
    issued_at: datetime
    destination: str | None
    issuer: str
    issuer_format: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSubject:
    """Whom the site wants (SAML core 2.4.1): a NameID, or no `value` where it is in a form that we cannot read."""

    value: str | None
    format: str | None
    name_qualifier: str | None
    sp_name_qualifier: str | None
    is_renamed: bool
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NameIdPolicy:
    """SAML core 3.4.1.1. `sp_name_qualifier` is in whose name the identifier is wanted.

    `may_create` unless AllowCreate is written and false: where nothing is said, erratum E14 leaves it to the identity
    provider whether AllowCreate applies at all.
    """

    format: str | None
    sp_name_qualifier: str | None
    may_create: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoping:
    """SAML core 3.4.1.2: `providers` are those that would do, None if all would, or if the list is not the whole."""

    providers: tuple[str, ...] | None
    may_forward: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedConditions:
    """Limits that the assertion shall have (SAML core 2.5, 3.4.1); `has_others` if there are some we do not know."""

    not_before: datetime | None = None
    not_on_or_after: datetime | None = None
    audiences: tuple[tuple[str, ...], ...] = ()
    one_time_use: bool = False
    proxy_count: int | None = None
    has_others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthnRequest:
    """What stands in the message beside its head (SAML core 3.4.1). Absent parts are None; without any it asks nothing.

    `is_signed_inside` is whether there is any signature in it.
    """

    is_signed_inside: bool = False
    return_url: str | None = None
    return_index: int | None = None
    binding: str | None = None
    attributes_index: int | None = None
    forced: bool = False
    passive: bool = False
    subject: NamedSubject | None = None
    name_id: NameIdPolicy | None = None
    contexts: ContextWish | None = None
    scoping: Scoping | None = None
    conditions: WantedConditions | None = None


def read_message(xml: bytes, schema: Schema, name: str) -> Element:
    """The root of `xml`, which is valid by the schema and of this name. Raises `RequestInvalid`."""
    try:
        root = parse(xml, MESSAGE_LIMITS)
    except DocumentRefused as error:
        raise RequestInvalid(f"message {error}") from error
    return require_message(root, schema, name)


def require_message(root: Element, schema: Schema, name: str) -> Element:
    """The same for a message that is parsed already."""
    try:
        schema.check(root)
    except DocumentRefused as error:
        raise RequestInvalid(f"message {error}") from error
    if root.tag != samlp(name):
        raise RequestInvalid(f"message is not an {name}")
    return root


def read_head(root: Element) -> RequestHead:
    """Raises `RequestInvalid`."""
    issuer = root.find(_saml("Issuer"))
    if issuer is None or not issuer.text:
        raise RequestInvalid("no Issuer")
    return RequestHead(
        id=root.get("ID", ""),
        version=root.get("Version", ""),
        issued_at=read_instant(root.get("IssueInstant", "")),
        destination=root.get("Destination"),
        issuer=issuer.text,
        issuer_format=issuer.get("Format"),
    )


def read_authn_request(root: Element) -> AuthnRequest:
    """Raises `RequestInvalid`."""
    return AuthnRequest(
        is_signed_inside=next(root.iter(SIGNATURE), None) is not None,
        return_url=root.get("AssertionConsumerServiceURL"),
        return_index=_number(root.get("AssertionConsumerServiceIndex")),
        binding=root.get("ProtocolBinding"),
        attributes_index=_number(root.get("AttributeConsumingServiceIndex")),
        forced=read_boolean(root.get("ForceAuthn")) or False,
        passive=read_boolean(root.get("IsPassive")) or False,
        subject=_subject(root.find(_saml("Subject"))),
        name_id=_name_id_policy(root.find(samlp("NameIDPolicy"))),
        contexts=_contexts(root.find(samlp("RequestedAuthnContext"))),
        scoping=_scoping(root.find(samlp("Scoping"))),
        conditions=_conditions(root.find(_saml("Conditions"))),
    )


def _subject(element: Element | None) -> NamedSubject | None:
    if element is None:
        return None
    is_confirmed = element.find(_saml("SubjectConfirmation")) is not None
    name = element.find(_saml("NameID"))
    return NamedSubject(
        value=None if name is None else name.text or "",
        format=None if name is None else name.get("Format"),
        name_qualifier=None if name is None else name.get("NameQualifier"),
        sp_name_qualifier=None if name is None else name.get("SPNameQualifier"),
        is_renamed=name is not None and name.get("SPProvidedID") is not None,
        is_confirmed=is_confirmed,
    )


def _name_id_policy(element: Element | None) -> NameIdPolicy | None:
    if element is None:
        return None
    return NameIdPolicy(
        format=element.get("Format"),
        sp_name_qualifier=element.get("SPNameQualifier"),
        may_create=read_boolean(element.get("AllowCreate")) is not False,
    )


def _contexts(element: Element | None) -> ContextWish | None:
    if element is None:
        return None
    return ContextWish(
        comparison=Comparison(element.get("Comparison", "exact")),
        references=tuple(_texts(element, "AuthnContextClassRef")),
    )


def _scoping(element: Element | None) -> Scoping | None:
    if element is None:
        return None
    providers = element.find(samlp("IDPList"))
    is_whole = providers is not None and providers.find(samlp("GetComplete")) is None
    return Scoping(
        providers=tuple(entry.get("ProviderID", "") for entry in element.iter(samlp("IDPEntry"))) if is_whole else None,
        may_forward=_number(element.get("ProxyCount")) != 0,
    )


def _conditions(element: Element | None) -> WantedConditions | None:
    if element is None:
        return None
    proxies = element.findall(_saml("ProxyRestriction"))
    counts = [number for proxy in proxies if (number := _number(proxy.get("Count"))) is not None]
    known = {_saml(name) for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}
    return WantedConditions(
        not_before=_instant(element.get("NotBefore")),
        not_on_or_after=_instant(element.get("NotOnOrAfter")),
        audiences=tuple(
            tuple(_texts(restriction, "Audience")) for restriction in element.findall(_saml("AudienceRestriction"))
        ),
        one_time_use=element.find(_saml("OneTimeUse")) is not None,
        proxy_count=min(counts, default=None),
        has_others=any(child.tag not in known for child in element) or any(len(proxy) > 0 for proxy in proxies),
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else read_instant(text)


def _number(text: str | None) -> int | None:
    """Of a type that allows no negative one. However many digits it has, reading it costs little."""
    if text is None:
        return None
    written = _NUMBER.fullmatch(text.strip())
    return int(written[1]) if written else _MANY


def _texts(element: Element, name: str) -> Iterator[str]:
    """URIs; white space around one is not part of it (XML Schema 3.2.17)."""
    return ((child.text or "").strip() for child in element.findall(_saml(name)))


def samlp(name: str) -> str:
    """As the tree names an element of the protocol."""
    return f"{{{PROTOCOL}}}{name}"


def _saml(name: str) -> str:
    return f"{{{ASSERTION}}}{name}"
