"""What we tell the world about ourselves, signed (SAML metadata 2.0; its extensions for UI, attributes, algorithms)."""

import hashlib
import threading
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from foundation.keys import CertifiedSigner
from idp.domain.service_provider import LocalText
from idp.protocols.saml.bridge import ContactPoint, IdpDescription, SigningMethod, UserInterface, entity_descriptor
from idp.protocols.saml.names import (
    ASSURANCE_CERTIFICATION,
    ENTITY_CATEGORY_SUPPORT,
    PERSISTENT,
    REFEDS_SECURITY_CONTACT,
    TRANSIENT,
    own_category,
)
from idp.protocols.saml.responses.attributes import AttributeValues, offered_attributes
from idp.protocols.saml.settings import OwnMetadataSettings, SamlSettings
from idp.protocols.saml.xml.signatures import ACCEPTED_SIGNATURES
from idp.protocols.saml.xml.signed_info import ACCEPTED_DIGESTS
from idp.protocols.saml.xml.signing import sign_enveloped

KEPT_FOR = timedelta(minutes=5)
"""How long a signed copy is given out; settings see to it that copies are trusted for much longer."""

_FIRST = 0
_FETCHES_PER_LIFETIME = 7
_ICON_PIXELS = 32
_MIN_RSA_BITS = 2048
_MIN_EC_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMetadata:
    """A copy of our metadata as UTF-8 text. `etag` is other for another text; a newer one follows after `KEPT_FOR`."""

    text: bytes
    etag: str
    published_at: datetime


class OwnMetadata:
    """Our signed metadata; one per worker, safe to share between threads.

    It is signed once in `KEPT_FOR` and not for whoever asks. The time is divided into such spans since 1970, so that
    all workers give out the same octets: a site that asks again is told that nothing has changed.
    """

    def __init__(
        self, settings: SamlSettings, *, signer: CertifiedSigner, certificates: tuple[x509.Certificate, ...]
    ) -> None:
        """`signer` signs the metadata alone; `certificates` are of the keys that sign messages, the one in use first.

        SAML2int, SDP-MD02: the key that makes metadata trusted is none of those that stand in it.
        """
        self._settings = settings
        self._signer = signer
        self._certificates = certificates
        self._lock = threading.Lock()
        self._copy: SignedMetadata | None = None

    def at(self, now: datetime) -> SignedMetadata:
        """The copy to give out at `now`."""
        published_at = datetime.fromtimestamp(
            now.timestamp() // KEPT_FOR.total_seconds() * KEPT_FOR.total_seconds(), UTC
        )
        with self._lock:
            if self._copy is None or self._copy.published_at != published_at:
                self._copy = self._signed(published_at)
            return self._copy

    def _signed(self, published_at: datetime) -> SignedMetadata:
        descriptor = entity_descriptor(describe(self._settings, self._certificates, published_at))
        sign_enveloped(descriptor, self._signer, position=_FIRST)
        text = etree.tostring(descriptor, xml_declaration=True, encoding="UTF-8")
        return SignedMetadata(text=text, etag=hashlib.sha256(text).hexdigest(), published_at=published_at)


def describe(
    settings: SamlSettings, certificates: tuple[x509.Certificate, ...], published_at: datetime
) -> IdpDescription:
    """Ourselves, by `settings`. The ID says when, and is unlike any other in a document."""
    return IdpDescription(
        id=f"_{published_at:%Y%m%dT%H%M%SZ}",
        entity_id=settings.entity_id,
        valid_until=published_at + settings.own_metadata.lifetime,
        cache=settings.own_metadata.lifetime / _FETCHES_PER_LIFETIME,
        entity_attributes=_entity_attributes(settings),
        digest_methods=ACCEPTED_DIGESTS,
        signing_methods=tuple(_signing_method(algorithm) for algorithm in ACCEPTED_SIGNATURES),
        error_url=settings.help_url,
        scope=settings.scope,
        interface=_interface(settings),
        certificates=tuple(b64encode(found.public_bytes(Encoding.DER)).decode() for found in certificates),
        artifact_url=settings.artifact_url,
        name_id_formats=(PERSISTENT, TRANSIENT),
        sso_url=settings.sso_url,
        attributes=offered_attributes(settings),
        organisation=settings.own_metadata.organisation,
        contacts=_contacts(settings.own_metadata),
    )


def _entity_attributes(settings: SamlSettings) -> tuple[AttributeValues, ...]:
    """Entity Category (RFC 8409 section 4): we serve a category of our own, defined in docs/contracts/saml-metadata.md.

    The access categories of REFEDS would have us send eduPersonScopedAffiliation and schacHomeOrganization, and a
    citizen is no member of ours.
    """
    supported = own_category(settings.issuer, "pseudonymous-login")
    category = AttributeValues(
        name=ENTITY_CATEGORY_SUPPORT, friendly_name="entity-category-support", values=(supported,)
    )
    certified = settings.own_metadata.assurance_certifications
    if not certified:
        return (category,)
    assurance = AttributeValues(name=ASSURANCE_CERTIFICATION, friendly_name="assurance-certification", values=certified)
    return (category, assurance)


def _signing_method(algorithm: str) -> SigningMethod:
    return SigningMethod(algorithm=algorithm, min_bits=_MIN_EC_BITS if "#ecdsa-" in algorithm else _MIN_RSA_BITS)


def _interface(settings: SamlSettings) -> UserInterface:
    return UserInterface(
        display_name=settings.display_name,
        description=settings.own_metadata.description,
        information_url=_in_both_languages(settings.help_url),
        privacy_url=_in_both_languages(settings.privacy_url),
        icon_url=settings.icon_url,
        icon_pixels=_ICON_PIXELS,
    )


def _in_both_languages(url: str) -> LocalText:
    return LocalText(ja=f"{url}?lang=ja", en=f"{url}?lang=en")


def _contacts(about: OwnMetadataSettings) -> tuple[ContactPoint, ...]:
    """SAML has no kind of contact for security; REFEDS gives the kind `other` a second name for it."""
    kinds = (
        (about.technical_contact, "technical", None),
        (about.support_contact, "support", None),
        (about.security_contact, "other", REFEDS_SECURITY_CONTACT),
    )
    return tuple(
        ContactPoint(kind=kind, name=contact.name, email=contact.email, refeds_kind=refeds_kind)
        for contact, kind, refeds_kind in kinds
        if contact is not None
    )
