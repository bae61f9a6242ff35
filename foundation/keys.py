"""What a private key can do for its user: sign, and say how. Where the key lives (file, HSM) is the maker's affair."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class SignatureAlgorithm(StrEnum):
    """The algorithms we sign with, by their JOSE names (RFC 7518 section 3.1); SAML names the same two by URI."""

    RS256 = "RS256"
    ES256 = "ES256"


class Signer(Protocol):
    """A private key in use, loaded once per worker: loading an RSA key costs over a hundred signatures."""

    @property
    def key_id(self) -> str:
        """As `key_id_of` the public key."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The one algorithm that this key signs with."""

    @property
    def public_key(self) -> PublicKey:
        """For metadata and key sets."""

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`. ES256 gives r and s, 32 bytes each (RFC 7518 section 3.4, XML Signature 6.4.3)."""


class CertifiedSigner(Signer, Protocol):
    """A signer whose key stands in a certificate, as SAML metadata wants it."""

    @property
    def certificate(self) -> x509.Certificate:
        """Over the signer's public key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacKey:
    """A secret for keyed digests, with the id that is stored beside each digest. Not shown by `repr`."""

    key_id: str
    secret: bytes = field(repr=False)

    def digest(self, data: bytes) -> bytes:
        """HMAC-SHA-256 of `data`: 32 bytes."""
        return hmac.digest(self.secret, data, hashlib.sha256)


def key_id_of(public_key: CertificatePublicKeyTypes) -> str:
    """22 characters, base64url: the first half of SHA-256 over the SubjectPublicKeyInfo, so equal on every host."""
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return urlsafe_b64encode(hashlib.sha256(spki).digest()[:16]).rstrip(b"=").decode()
