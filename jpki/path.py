"""Path validation (認証パス検証). JPKI has one tier: a self-signed CA issues the citizen's certificate directly."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from jpki.anchors import TrustAnchor
from jpki.certificates import UnverifiedCertificate
from jpki.errors import CertificateExpired, CertificateNotYetValid, IssuerOutsideValidity, IssuerUntrusted
from jpki.extensions import find_extension


def validate_path(certificate: UnverifiedCertificate, anchors: Sequence[TrustAnchor], *, now: datetime) -> TrustAnchor:
    """The anchor that issued `certificate`, both valid at `now` (RFC 5280 section 6.1.3, one certificate long).

    Raises `IssuerUntrusted`, `IssuerOutsideValidity`, `CertificateExpired`, `CertificateNotYetValid`.
    """
    issuer = find_issuer(certificate, anchors)
    if not issuer.not_before <= now <= issuer.not_after:
        raise IssuerOutsideValidity("the issuing CA's own certificate is not valid now")
    if now > certificate.parsed.not_valid_after_utc:
        raise CertificateExpired(certificate.parsed.not_valid_after_utc)
    if now < certificate.parsed.not_valid_before_utc:
        raise CertificateNotYetValid(certificate.parsed.not_valid_before_utc)
    return issuer


def find_issuer(certificate: UnverifiedCertificate, anchors: Sequence[TrustAnchor]) -> TrustAnchor:
    """The anchor whose name is the issuer's and whose key made the signature. Raises `IssuerUntrusted`.

    All generations of a CA share one name, so only the signature decides; the authorityKeyIdentifier says which to try
    first.
    """
    identifier = find_extension(certificate.extensions, x509.AuthorityKeyIdentifier)
    hint = identifier.value.key_identifier if identifier else None
    named = [anchor for anchor in anchors if anchor.subject == certificate.parsed.issuer]
    for anchor in sorted(named, key=lambda anchor: anchor.key_identifier != hint):
        try:
            certificate.parsed.verify_directly_issued_by(anchor.certificate)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return anchor
    raise IssuerUntrusted("no trust anchor issued this certificate")
