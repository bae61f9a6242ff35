"""The keys in a site's metadata: which sign for it, and which one we encrypt to.

Certificates are containers of keys here (Metadata Interoperability Profile 2.5.1): their names, issuers and dates are
never looked at, so one that is past its end serves on.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from foundation.keys import PublicKey
from idp.protocols.saml.names import XML_SIGNATURE
from idp.protocols.saml.sites.elements import md
from idp.protocols.saml.sites.remarks import Remarks
from idp.protocols.saml.xml.canonical import XML_ENCRYPTION, XML_ENCRYPTION_11
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.encryption import (
    EncryptionImpossible,
    EncryptionMethod,
    EncryptionTarget,
    choose_encryption,
)
from idp.protocols.saml.xml.signatures import STRONG_KEYS, strong_key

_SIGNING = "signing"
_ENCRYPTION = "encryption"
_USES = (_SIGNING, _ENCRYPTION)
"""What a KeyDescriptor is for; both, if it does not say (SAML metadata 2.4.1.1)."""
_MOST_KEYS = 8
_WRONG_KIND = f"its key must be {STRONG_KEYS}"
_CERTIFICATE = "/".join(f"{{{XML_SIGNATURE}}}{name}" for name in ("KeyInfo", "X509Data", "X509Certificate"))
_RSA_V1_5 = XML_ENCRYPTION + "rsa-1_5"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKey:
    """A KeyDescriptor that can be used; `fingerprint` is that of the certificate, `ends_at` its end."""

    place: Element
    uses: tuple[str, ...]
    key: PublicKey
    fingerprint: str
    ends_at: datetime


def read_keys(role: Element, remarks: Remarks) -> tuple[SiteKey, ...]:
    """All keys of the role. What cannot be used is a fault, whatever else there is: the site believes in it."""
    descriptors = role.findall(md("KeyDescriptor"))
    for use in _USES:
        of_this_use = [descriptor for descriptor in descriptors if descriptor.get("use", use) == use]
        if len(of_this_use) > _MOST_KEYS:
            words = f"is one of {len(of_this_use)} keys for {use}; we keep {_MOST_KEYS} at most"
            remarks.fault(of_this_use[_MOST_KEYS], words)
    found = (_site_key(descriptor, remarks) for descriptor in descriptors[: len(_USES) * _MOST_KEYS])
    return tuple(key for key in found if key is not None)


def names_signing_key(role: Element) -> bool:
    """Whether there is a key for signing; one that cannot be used is a fault already."""
    return any(descriptor.get("use", _SIGNING) == _SIGNING for descriptor in role.findall(md("KeyDescriptor")))


def signing_keys(keys: Sequence[SiteKey]) -> tuple[PublicKey, ...]:
    """Those that sign for the site."""
    return tuple(key.key for key in keys if _SIGNING in key.uses)


def choose_target(keys: Sequence[SiteKey], remarks: Remarks, *, unsafe_cbc: bool) -> EncryptionTarget | None:
    """The first key that we can encrypt to; None if the site offers none.

    If none of several will do, each is a fault, except an elliptic one that is for signing as well: it may have been
    meant for that alone.
    """
    refused: list[tuple[SiteKey, str]] = []
    for key in keys:
        if _ENCRYPTION not in key.uses:
            continue
        methods = _methods(key.place)
        try:
            target = _target(key.key, methods, unsafe_cbc=unsafe_cbc)
        except EncryptionImpossible as error:
            refused.append((key, str(error)))
            continue
        if any(method.algorithm == _RSA_V1_5 for method in methods):
            remarks.warn(key.place, "lists rsa-1_5, which can be broken by asking; we never use it")
        return target
    for key, why in refused:
        if isinstance(key.key, rsa.RSAPublicKey) or _SIGNING not in key.uses:
            remarks.fault(key.place, f"we cannot encrypt to this key: {why}")
    return None


def _site_key(descriptor: Element, remarks: Remarks) -> SiteKey | None:
    """One key, in one certificate (Metadata Interoperability Profile 2.5.1)."""
    certificates = descriptor.findall(_CERTIFICATE)
    if not certificates:
        words = "has no certificate (ds:X509Certificate); a ds:KeyName or a ds:KeyValue alone is not enough"
        remarks.fault(descriptor, words)
        return None
    if len(certificates) > 1:
        words = "has more than one certificate; each key has its own KeyDescriptor, and authorities' keys have none"
        remarks.fault(descriptor, words)
    try:
        return _certified(descriptor, certificates[0])
    except _KeyRefused as error:
        remarks.fault(certificates[0], str(error))
        return None


class _KeyRefused(Exception):
    """The message says why, for the operator."""


def _certified(descriptor: Element, element: Element) -> SiteKey:
    use = descriptor.get("use")
    try:
        der = base64.b64decode("".join((element.text or "").split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        ends_at = certificate.not_valid_after_utc
    except (ValueError, x509.InvalidVersion) as error:
        raise _KeyRefused("cannot be read; it must be a certificate's DER in base64, without BEGIN and END") from error
    except UnsupportedAlgorithm as error:
        raise _KeyRefused(_WRONG_KIND) from error
    return SiteKey(
        place=descriptor,
        uses=_USES if use is None else (use,),
        key=_fit(key),
        fingerprint=hashlib.sha256(der).hexdigest(),
        ends_at=ends_at,
    )


def _fit(key: CertificatePublicKeyTypes) -> PublicKey:
    strong = strong_key(key)
    if strong is None:
        raise _KeyRefused(_WRONG_KIND)
    return strong


def _target(key: PublicKey, methods: Sequence[EncryptionMethod], *, unsafe_cbc: bool) -> EncryptionTarget:
    if not isinstance(key, rsa.RSAPublicKey):
        raise EncryptionImpossible("it is on an elliptic curve, and we encrypt to RSA keys")
    return choose_encryption(key, methods, unsafe_cbc=unsafe_cbc)


def _methods(descriptor: Element) -> tuple[EncryptionMethod, ...]:
    return tuple(
        EncryptionMethod(
            algorithm=_algorithm(method) or "",
            digest=_algorithm(method.find(f"{{{XML_SIGNATURE}}}DigestMethod")),
            mgf=_algorithm(method.find(f"{{{XML_ENCRYPTION_11}}}MGF")),
        )
        for method in descriptor.iterchildren(md("EncryptionMethod"))
    )


def _algorithm(element: Element | None) -> str | None:
    return None if element is None else element.get("Algorithm")
