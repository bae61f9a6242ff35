"""A site's SAML metadata: what we take from it, and everything that may be wrong with it, in plain words."""

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from foundation.keys import PublicKey
from idp.domain.errors import RequestInvalid, ServiceFault, SiteUnknown
from idp.domain.service_provider import ServiceProvider, ServiceProviderId
from idp.protocols.contract import RegistrationRefused
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.documents import DocumentLimits, DocumentRefused, Element, Schema, parse
from idp.protocols.saml.names import HTTP_POST, METADATA, PROTOCOL, XML_SIGNATURE
from idp.protocols.saml.times import read_instant

_LIMITS = DocumentLimits(bytes=512 * 1024, depth=32, elements=5000, drop_comments=True)
_MIN_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MAX_KEYS = 8
_MAX_ENTITY_ID = 1024
_TRUE = ("true", "1")
_URL_CHARACTERS = re.compile(r"[!$&'()*+,./0-9:;=?@A-Z_a-z~%\[\]-]+", re.ASCII)
"""The characters of RFC 3986 but the number sign, which begins a fragment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """An AssertionConsumerService with the HTTP-POST binding."""

    index: int
    url: str
    is_default: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What we know of a SAML site. `return_addresses` stand in the order of the metadata, at least one."""

    entity_id: str
    return_addresses: tuple[ReturnAddress, ...]
    keys: tuple[PublicKey, ...]
    valid_until: datetime | None

    def default_return_address(self) -> ReturnAddress:
        """SAML metadata 2.2.3: the one marked as default, else the first not marked as no default, else the first."""
        marked = [address for address in self.return_addresses if address.is_default]
        unmarked = [address for address in self.return_addresses if address.is_default is None]
        return (marked or unmarked or list(self.return_addresses))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationReader:
    """Reads metadata. `schema` is the one of SAML metadata."""

    schema: Schema
    unsafe_http_loopback: bool

    def read(self, text: str) -> Registration:
        """The registration in `text`. Raises `RegistrationRefused` with all faults at once."""
        try:
            root = parse(text.encode(), _LIMITS)
            self.schema.check(root)
        except (DocumentRefused, UnicodeEncodeError) as error:
            raise RegistrationRefused((f"The metadata cannot be used: {error}.",)) from error
        if root.tag != _md("EntityDescriptor"):
            raise RegistrationRefused(("The metadata must describe one entity, as one EntityDescriptor.",))
        return _Reading(unsafe_http_loopback=self.unsafe_http_loopback).registration(root)


class Registrations:
    """Registrations of the sites in the register, each parsed when first needed and again when its text changes."""

    def __init__(self, reader: RegistrationReader) -> None:
        self._reader = reader
        self._read: dict[ServiceProviderId, tuple[str, Registration]] = {}

    def of(self, site: ServiceProvider, *, now: datetime) -> Registration:
        """The site's registration. Raises `SiteUnknown` once its own end is reached, `ServiceFault` if unusable."""
        text, registration = self._read.get(site.id, ("", None))
        if registration is None or text != site.registration:
            registration = self._parse(site)
            self._read[site.id] = (site.registration, registration)
        if registration.valid_until is not None and now >= registration.valid_until:
            raise SiteUnknown
        return registration

    def _parse(self, site: ServiceProvider) -> Registration:
        try:
            registration = self._reader.read(site.registration)
        except RegistrationRefused as error:
            raise ServiceFault from error
        if registration.entity_id != site.protocol_id:
            raise ServiceFault
        return registration


class _Reading:
    """One pass over a descriptor that collects faults."""

    def __init__(self, *, unsafe_http_loopback: bool) -> None:
        self._http_loopback = unsafe_http_loopback
        self._faults: list[str] = []

    def registration(self, root: Element) -> Registration:
        entity_id = root.get("entityID", "")
        if len(entity_id) > _MAX_ENTITY_ID:
            self._faults.append(f"The entityID is longer than {_MAX_ENTITY_ID} characters.")
        roles = [role for role in root.findall(_md("SPSSODescriptor")) if PROTOCOL in _protocols(role)]
        if len(roles) != 1:
            raise RegistrationRefused(
                (*self._faults, f"There must be one SPSSODescriptor for SAML 2.0, there are {len(roles)}.")
            )
        registration = Registration(
            entity_id=entity_id,
            return_addresses=self._return_addresses(roles[0]),
            keys=self._keys(roles[0]),
            valid_until=self._valid_until(root, roles[0]),
        )
        if self._faults:
            raise RegistrationRefused(tuple(self._faults))
        return registration

    def _return_addresses(self, role: Element) -> tuple[ReturnAddress, ...]:
        services = role.findall(_md("AssertionConsumerService"))
        found = tuple(
            ReturnAddress(
                index=int(service.get("index", "")),
                url=service.get("Location", ""),
                is_default=None if (default := service.get("isDefault")) is None else default in _TRUE,
            )
            for service in services
            if service.get("Binding") == HTTP_POST
        )
        if not found:
            self._faults.append("There is no AssertionConsumerService with the HTTP-POST binding.")
        if len({address.index for address in found}) != len(found):
            self._faults.append("Two AssertionConsumerService elements have the same index.")
        for address in found:
            self._check_url(address.url)
        return found

    def _check_url(self, url: str) -> None:
        if not _is_usable_url(url, http_loopback=self._http_loopback):
            self._faults.append(f"The address {url!r} must be an absolute https address without user or fragment.")

    def _keys(self, role: Element) -> tuple[PublicKey, ...]:
        """Certificates are containers of keys here: their names, dates and issuers mean nothing (SAML2int 2.1)."""
        texts = [
            certificate.text or ""
            for descriptor in role.findall(_md("KeyDescriptor"))
            if descriptor.get("use", "signing") == "signing"
            for certificate in descriptor.iter(f"{{{XML_SIGNATURE}}}X509Certificate")
        ]
        if not texts:
            self._faults.append("There is no certificate for signing, and we answer signed requests only.")
        if len(texts) > _MAX_KEYS:
            self._faults.append(f"There are more than {_MAX_KEYS} certificates for signing.")
        keys = [self._key(number, text) for number, text in enumerate(texts[:_MAX_KEYS], start=1)]
        return tuple(key for key in keys if key is not None)

    def _key(self, number: int, text: str) -> PublicKey | None:
        try:
            certificate = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
            key = certificate.public_key()
        except (ValueError, binascii.Error):
            self._faults.append(f"Signing certificate {number} cannot be read.")
            return None
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
            return key
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
            return key
        self._faults.append(
            f"The key of signing certificate {number} must be RSA of {_MIN_RSA_BITS} bits or more,"
            " or on the curve P-256, P-384 or P-521."
        )
        return None

    def _valid_until(self, *elements: Element) -> datetime | None:
        """The earliest `validUntil` of the elements."""
        ends = []
        for text in (element.get("validUntil") for element in elements):
            if text is None:
                continue
            try:
                ends.append(read_instant(text))
            except RequestInvalid:
                self._faults.append("A validUntil is not a time in UTC.")
        return min(ends, default=None)


def check_registration(text: str, *, unsafe_http_loopback: bool = False) -> Registration:
    """What `text`, a site's metadata, says. Raises `RegistrationRefused` with every fault in words for its operator.

    `unsafe_http_loopback` lets addresses be plain HTTP on this computer itself, for development.
    """
    schema = Schema(schema_file("metadata"))
    return RegistrationReader(schema=schema, unsafe_http_loopback=unsafe_http_loopback).read(text)


def _is_usable_url(url: str, *, http_loopback: bool) -> bool:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False
    is_allowed = parts.scheme == "https" or (
        http_loopback and parts.scheme == "http" and _is_loopback(parts.hostname or "")
    )
    return has_place and is_allowed and _URL_CHARACTERS.fullmatch(url) is not None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _protocols(role: Element) -> list[str]:
    return role.get("protocolSupportEnumeration", "").split()


def _md(name: str) -> str:
    return f"{{{METADATA}}}{name}"
