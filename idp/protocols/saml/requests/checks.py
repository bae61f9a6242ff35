"""What a request must be: one small function per check, in ordered tables.

First those whose refusal a page shows, because nothing proves yet where an answer would go. Then the return address is
found in the site's metadata. Then those whose refusal the site is told, by a status.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from idp.domain.errors import (
    AttributesUnknown,
    BindingUnsupported,
    ForwardingForbidden,
    IdentifierUnavailable,
    OtherCitizen,
    OtherProviderWanted,
    RequestInvalid,
    SiteUnknown,
    VersionTooHigh,
    VersionTooLow,
)
from idp.domain.service_provider import ServiceProvider
from idp.domain.subject import SUBJECT_BYTES
from idp.protocols.saml.bindings.post import PostMessage
from idp.protocols.saml.bindings.redirect import QuerySignature, RedirectMessage
from idp.protocols.saml.names import ENCRYPTED, ENTITY, PERSISTENT, TRANSIENT, UNSPECIFIED
from idp.protocols.saml.requests.reading import AuthnRequest, RequestHead
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import AssertionConsumer, Registration, default_of
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.enveloped import verify_enveloped
from idp.protocols.saml.xml.signatures import SignatureRefused, verify_signature

_MAX_ID = 256
_VERSION = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})", re.ASCII)
_OURS = (2, 0)
_IDENTIFIER = re.compile(rf"[0-9a-f]{{{2 * SUBJECT_BYTES}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request on the bench: who it says it is from, where it arrived, and all it is judged by."""

    root: Element = field(repr=False)
    head: RequestHead
    address: str
    site: ServiceProvider
    registration: Registration
    settings: SamlSettings = field(repr=False)
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedByBrowser(Received):
    """An AuthnRequest, and the message that it came in."""

    message: RedirectMessage | PostMessage
    request: AuthnRequest

    @property
    def is_signed(self) -> bool:
        """Rightly or wrongly."""
        is_outside = isinstance(self.message, RedirectMessage) and self.message.signature is not None
        return is_outside or self.request.is_signed_inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """A request that is the site's own, and the address of the site's metadata to which its answer goes."""

    received: ReceivedByBrowser
    consumer: AssertionConsumer

    @property
    def request(self) -> AuthnRequest:
        """What it asks."""
        return self.received.request


def has_usable_id(received: Received) -> None:
    """We keep it until the answer. The schema overlooks white space around it, which would make one message several."""
    if len(received.head.id) > _MAX_ID:
        raise RequestInvalid("ID too long")
    if received.head.id.strip() != received.head.id:
        raise RequestInvalid("white space around the ID")


def is_from_an_entity(received: Received) -> None:
    """Web browser SSO profile 4.1.4.1: the Issuer is the site's entityID and nothing else."""
    if received.head.issuer_format not in (None, ENTITY):
        raise RequestInvalid("Issuer is not an entity")


def is_signed_inside(received: Received) -> None:
    """By the site, with a key of its metadata, over the whole message: the message has no key to offer."""
    try:
        verify_enveloped(received.root, received.registration.signing_keys)
    except SignatureRefused as error:
        raise RequestInvalid(error.why) from error


def is_signed_outside(received: Received, signature: QuerySignature) -> None:
    """The same by a signature over the query (bindings 3.4.4.1)."""
    try:
        verify_signature(
            signature.signed_octets, signature.value, signature.algorithm, received.registration.signing_keys
        )
    except SignatureRefused as error:
        raise RequestInvalid(error.why) from error


def is_signed_as_registered(received: ReceivedByBrowser) -> None:
    """Over a redirect, a signature inside the message proves nothing and must not be there (bindings 3.4.4.1).

    A site whose metadata does not say AuthnRequestsSigned (SAML metadata 2.4.4) need not sign; what it signs is
    verified all the same.
    """
    outside = None if isinstance(received.message, PostMessage) else received.message.signature
    if received.request.is_signed_inside:
        if isinstance(received.message, RedirectMessage):
            raise RequestInvalid("signature inside a redirected message")
        is_signed_inside(received)
    elif outside is not None:
        is_signed_outside(received, outside)
    elif received.registration.signs_requests:
        raise RequestInvalid("not signed, by a site that signs its requests")


def is_meant_for_us(received: Received) -> None:
    """SAML core 3.2.1: a Destination is the address at which the message arrives."""
    if received.head.destination not in (None, received.address):
        raise RequestInvalid("Destination is not our address")


def names_its_destination_if_signed(received: ReceivedByBrowser) -> None:
    """Bindings 3.4.5.2 and 3.5.5.2: else what was signed for another provider could be sent on to us."""
    if received.head.destination is None and received.is_signed:
        raise RequestInvalid("no Destination")


def is_recent(received: Received) -> None:
    """An old request is kept by nobody who means well; a future one comes from a wrong clock."""
    age = received.now - received.head.issued_at
    if age > received.settings.request_max_age + received.settings.skew:
        raise RequestInvalid("issued too long ago")
    if age < -received.settings.skew:
        raise RequestInvalid("issued in the future")


def has_one_return_address(received: ReceivedByBrowser) -> None:
    """SAML core 3.4.1: the index excludes the address and the binding."""
    request = received.request
    if request.return_index is not None and (request.return_url is not None or request.binding is not None):
        raise RequestInvalid("return address given twice")


CHECKS: tuple[Callable[[ReceivedByBrowser], None], ...] = (
    has_usable_id,
    is_from_an_entity,
    is_signed_as_registered,
    is_meant_for_us,
    names_its_destination_if_signed,
    is_recent,
    has_one_return_address,
)
"""Of an AuthnRequest, refused on a page."""

CHECKS_OF_PROGRAMS: tuple[Callable[[Received], None], ...] = (
    has_usable_id,
    is_from_an_entity,
    is_signed_inside,
    is_meant_for_us,
    is_recent,
)
"""Of a request that a site sends itself, without a browser."""


def return_consumer(received: ReceivedByBrowser) -> AssertionConsumer:
    """Where to answer: an address of the site's metadata and no other, by its binding there. Raises `SiteUnknown`."""
    request, consumers = received.request, received.registration.consumers
    if request.return_index is not None:
        named = [consumer for consumer in consumers if consumer.index == request.return_index]
    else:
        named = [consumer for consumer in consumers if request.return_url in (None, consumer.url)]
    if not named:
        raise SiteUnknown("the return address is not in the site's metadata")
    return default_of([consumer for consumer in named if request.binding in (None, consumer.binding)] or named)


def require_our_version(head: RequestHead) -> None:
    """SAML core 4.1.3. Raises `VersionTooLow`, `VersionTooHigh`."""
    written = _VERSION.fullmatch(head.version)
    if written is None:
        raise RequestInvalid("Version is not a number")
    version = (int(written[1]), int(written[2]))
    if version < _OURS:
        raise VersionTooLow
    if version > _OURS:
        raise VersionTooHigh


def has_our_version(answerable: Answerable) -> None:
    """The only one we speak."""
    require_our_version(answerable.received.head)


def is_answered_by_its_binding(answerable: Answerable) -> None:
    """SAML core 3.4.1: the wanted ProtocolBinding is one of ours, and the address is registered for it."""
    if answerable.request.binding not in (None, answerable.consumer.binding):
        raise BindingUnsupported


def confirms_no_subject(answerable: Answerable) -> None:
    """Web browser SSO profile 4.1.4.1."""
    subject = answerable.request.subject
    if subject is not None and subject.is_confirmed:
        raise RequestInvalid("Subject has a SubjectConfirmation")


def names_a_subject_of_ours(answerable: Answerable) -> None:
    """SAML core 3.4.1.4: a lasting identifier as we give it to the site. All else names nobody whom we know."""
    subject, received = answerable.request.subject, answerable.received
    if subject is None:
        return
    is_ours = (
        _IDENTIFIER.fullmatch(subject.value or "") is not None
        and not subject.is_renamed
        and subject.format in (None, UNSPECIFIED, PERSISTENT)
        and subject.name_qualifier in (None, received.settings.entity_id)
        and subject.sp_name_qualifier in (None, received.head.issuer, received.site.sector)
    )
    if not is_ours:
        raise OtherCitizen


def wants_known_identifier(answerable: Answerable) -> None:
    """SAML core 3.4.1.1: a format that we have, in the name of the site or of its sector."""
    policy, received = answerable.request.name_id, answerable.received
    if policy is None:
        return
    if policy.format not in (None, UNSPECIFIED, PERSISTENT, TRANSIENT, ENCRYPTED):
        raise IdentifierUnavailable
    if policy.sp_name_qualifier not in (None, received.head.issuer, received.site.sector):
        raise IdentifierUnavailable


def can_decrypt_what_it_wants_encrypted(answerable: Answerable) -> None:
    """SAML core 3.4.1.1: the format "encrypted" asks for an EncryptedID."""
    policy = answerable.request.name_id
    if policy is not None and policy.format == ENCRYPTED and answerable.received.registration.encryption is None:
        raise IdentifierUnavailable


def accepts_us(answerable: Answerable) -> None:
    """SAML core 3.4.1.2, 3.4.1.5.1: we pass no request on, so we must be among the providers that would do."""
    scoping = answerable.request.scoping
    if scoping is None or scoping.providers is None:
        return
    if answerable.received.settings.entity_id in scoping.providers:
        return
    if not scoping.may_forward:
        raise ForwardingForbidden
    raise OtherProviderWanted


def has_conditions_that_we_can_state(answerable: Answerable) -> None:
    """SAML core 2.5.1 and 3.4.1: those we know, with the site itself in every audience, or the answer would be void."""
    conditions = answerable.request.conditions
    if conditions is None:
        return
    if conditions.has_others:
        raise RequestInvalid("Conditions that we do not know")
    if not all(answerable.received.head.issuer in audience for audience in conditions.audiences):
        raise RequestInvalid("Conditions without the site itself in the audience")


def leaves_time_for_the_answer(answerable: Answerable) -> None:
    """SAML core 2.5.1.2: an assertion must be valid when it arrives."""
    conditions, received = answerable.request.conditions, answerable.received
    if conditions is None:
        return
    opens, closes = conditions.not_before, conditions.not_on_or_after
    if opens is not None and opens > received.now + received.settings.skew:
        raise RequestInvalid("Conditions that begin in the future")
    if closes is not None and (closes <= received.now or (opens is not None and closes <= opens)):
        raise RequestInvalid("Conditions that leave no time")


def names_registered_attributes(answerable: Answerable) -> None:
    """SAML core 3.4.1: AttributeConsumingServiceIndex is one of the metadata's.

    Many products send one though their metadata has no sets to choose from; then it chooses nothing.
    """
    index, sets = answerable.request.attributes_index, answerable.received.registration.attribute_sets
    if index is not None and sets and all(choice.index != index for choice in sets):
        raise AttributesUnknown


CHECKS_TOLD_TO_THE_SITE: tuple[Callable[[Answerable], None], ...] = (
    has_our_version,
    is_answered_by_its_binding,
    confirms_no_subject,
    names_a_subject_of_ours,
    wants_known_identifier,
    can_decrypt_what_it_wants_encrypted,
    accepts_us,
    has_conditions_that_we_can_state,
    leaves_time_for_the_answer,
    names_registered_attributes,
)
"""Of an AuthnRequest, refused by a SAML status to the proven return address."""
