"""Bytes become an `UnverifiedCertificate`; only `jpki.verification` turns that into a certificate one may believe."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from jpki import der
from jpki.anchors import TrustAnchor
from jpki.attributes import BasicFourAttributes
from jpki.errors import CertificateMalformed
from jpki.extensions import find_extension

MAXIMUM_CERTIFICATE_BYTES = 8 * 1024
MAXIMUM_SERIAL_BYTES = 20

SerialNumber = NewType("SerialNumber", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedCertificate:
    """A certificate as somebody sent it: well formed and nothing more. All of it was parsed, so reading it is safe."""

    der: bytes = field(repr=False)
    parsed: x509.Certificate = field(repr=False)
    extensions: x509.Extensions = field(repr=False)
    public_key: CertificatePublicKeyTypes = field(repr=False)
    distribution_points: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationCertificate:
    """A user-authentication certificate (利用者証明用) whose profile, path and signature were checked at one instant.

    Made only by `jpki.verification`. Not shown in `repr`: the serial, and what leads to it. `distribution_points` are
    SHA-256 digests of the DER directory names at which its CRL is published.
    """

    issuer: TrustAnchor
    serial: SerialNumber = field(repr=False)
    not_before: datetime
    not_after: datetime
    distribution_points: tuple[bytes, ...] = field(repr=False)
    der: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureCertificate:
    """A signature certificate (署名用) whose profile and path were checked at one instant.

    Made only by `jpki.verification`. `repr` shows neither the serial nor the person.
    """

    issuer: TrustAnchor
    serial: SerialNumber = field(repr=False)
    not_before: datetime
    not_after: datetime
    distribution_points: tuple[bytes, ...] = field(repr=False)
    attributes: BasicFourAttributes = field(repr=False)
    der: bytes = field(repr=False)


def parse_certificate(unverified_der: bytes) -> UnverifiedCertificate:
    """Parse one strictly DER-encoded certificate of at most 8 KiB, eagerly. Raises `CertificateMalformed`.

    Re-encoding must give the same bytes, so a certificate has one form here and its digest is worth something.
    """
    if len(unverified_der) > MAXIMUM_CERTIFICATE_BYTES:
        raise CertificateMalformed("larger than any JPKI certificate")
    try:
        _check_serial(unverified_der)
        certificate = x509.load_der_x509_certificate(unverified_der)
        if certificate.public_bytes(Encoding.DER) != unverified_der:
            raise CertificateMalformed("not in its canonical encoding")
        extensions = certificate.extensions
        return UnverifiedCertificate(
            der=unverified_der,
            parsed=certificate,
            extensions=extensions,
            public_key=_readable_fields(certificate),
            distribution_points=_distribution_points(extensions),
        )
    except (
        ValueError,  # malformed DER anywhere, and NotDer
        TypeError,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        x509.AttributeNotFound,
        UnsupportedAlgorithm,
    ) as error:
        raise CertificateMalformed("not a certificate in DER") from error


def directory_name_digest(name: x509.Name) -> bytes:
    """How a directory name is compared and indexed: SHA-256 of its DER. One CA writes both, so the bytes agree."""
    return hashlib.sha256(name.public_bytes()).digest()


def _check_serial(data: bytes) -> None:
    """A positive serial of at most 20 octets (RFC 5280 section 4.1.2.2); the library only warns. Raises `NotDer`."""
    start, end = der.element(data, 0, len(data), der.SEQUENCE)
    start, end = der.element(data, start, end, der.SEQUENCE)
    if der.next_tag(data, start, end) == der.CONTEXT_0:
        _, start = der.element(data, start, end, der.CONTEXT_0)
    der.positive_integer(data, start, end, maximum_bytes=MAXIMUM_SERIAL_BYTES)


def _readable_fields(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    """Touch every lazily parsed field that is read later, so that none can fail then. The key is worth keeping."""
    fields = (
        certificate.version,
        certificate.issuer,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.signature_algorithm_oid,
    )
    if not fields[1].rdns:
        raise CertificateMalformed("without an issuer")
    return certificate.public_key()


def _distribution_points(extensions: x509.Extensions) -> tuple[bytes, ...]:
    """Digests of the directory names of whole CRLs. Partial (by reason) and indirect ones cannot be used."""
    points = find_extension(extensions, x509.CRLDistributionPoints)
    return tuple(
        directory_name_digest(name.value)
        for point in (points.value if points else ())
        if point.reasons is None and point.crl_issuer is None
        for name in point.full_name or ()
        if isinstance(name, x509.DirectoryName)
    )
