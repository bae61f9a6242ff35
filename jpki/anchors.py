"""Trust anchors: the CA certificates that an operator configured. They are parsed and checked once, at the start."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from jpki.algorithms import MINIMUM_RSA_BITS, allowed_hash
from jpki.errors import AlgorithmNotAllowed, AnchorUnusable
from jpki.extensions import find_extension

TESTBED_ORGANISATION = "JPKI-TEST"
TESTBED_MARKER = x509.ObjectIdentifier("1.2.392.200149.8.5.255.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """One generation of a CA. Generations share a name, so `key_digest` (SHA-256 of the SPKI) is what tells them apart.

    `ocsp_name_hash` and `ocsp_key_hash` are the SHA-1 values of a CertID (RFC 6960 section 4.1.1).
    """

    certificate: x509.Certificate = field(repr=False)
    public_key: RSAPublicKey = field(repr=False, compare=False)
    subject: x509.Name
    key_digest: bytes
    key_identifier: bytes | None = field(repr=False)
    ocsp_name_hash: bytes = field(repr=False)
    ocsp_key_hash: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime


def load_anchors(pem: bytes) -> tuple[TrustAnchor, ...]:
    """Every certificate of a PEM file, at least one. Raises `AnchorUnusable`."""
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        anchors = tuple(_anchor(certificate) for certificate in certificates)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise AnchorUnusable("not self-signed CA certificates in PEM") from error
    except AlgorithmNotAllowed as error:
        raise AnchorUnusable("an anchor is signed with an algorithm that is not accepted") from error
    if len({anchor.key_digest for anchor in anchors}) != len(anchors):
        raise AnchorUnusable("the same anchor stands there twice")
    return anchors


def is_testbed_anchor(anchor: TrustAnchor) -> bool:
    """Whether it belongs to the simulated national PKI; a production profile refuses such an anchor."""
    organisations = anchor.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(organisation.value == TESTBED_ORGANISATION for organisation in organisations) or any(
        extension.oid == TESTBED_MARKER for extension in anchor.certificate.extensions
    )


def _anchor(certificate: x509.Certificate) -> TrustAnchor:
    key = certificate.public_key()
    identifier = find_extension(certificate.extensions, x509.SubjectKeyIdentifier)
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_RSA_BITS:
        raise AnchorUnusable("an anchor has no RSA key of at least 2048 bits")
    allowed_hash(certificate.signature_algorithm_oid)
    certificate.verify_directly_issued_by(certificate)
    _check_is_authority(certificate.extensions)
    return TrustAnchor(
        certificate=certificate,
        public_key=key,
        subject=certificate.subject,
        key_digest=hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest(),
        key_identifier=identifier.value.digest if identifier else None,
        ocsp_name_hash=_ocsp_hash(certificate.subject.public_bytes()),
        ocsp_key_hash=_ocsp_hash(key.public_bytes(Encoding.DER, PublicFormat.PKCS1)),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _check_is_authority(extensions: x509.Extensions) -> None:
    """Critical basicConstraints with CA, keyUsage for certificates and CRLs (RFC 5280 sections 4.2.1.9 and 4.2.1.3)."""
    constraints = find_extension(extensions, x509.BasicConstraints)
    usage = find_extension(extensions, x509.KeyUsage)
    if not (
        constraints
        and usage
        and constraints.critical
        and constraints.value.ca
        and usage.value.key_cert_sign
        and usage.value.crl_sign
    ):
        raise AnchorUnusable("an anchor is not the certificate of a CA that signs CRLs")


def _ocsp_hash(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
