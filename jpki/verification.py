"""What makes a card's answer believable, in the order in which it is checked. Revocation is asked after all of it."""

from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from jpki.anchors import TrustAnchor
from jpki.attributes import basic_four_attributes
from jpki.certificates import (
    AuthenticationCertificate,
    SerialNumber,
    SignatureCertificate,
    UnverifiedCertificate,
    parse_certificate,
)
from jpki.errors import StatementSignatureInvalid
from jpki.path import validate_path
from jpki.profile import (
    CertificateProfile,
    Check,
    has_authentication_key_usage,
    has_authentication_policy,
    has_signature_key_usage,
    has_signature_policy,
    has_strong_key,
    has_supported_form,
    is_not_for_authentication,
    is_not_for_signatures,
    is_of_a_citizen,
    is_strongly_signed,
)

AUTHENTICATION_CHECKS: tuple[Check, ...] = (
    has_supported_form,
    is_strongly_signed,
    has_strong_key,
    is_of_a_citizen,
    is_not_for_signatures,
    has_authentication_key_usage,
    has_authentication_policy,
)

SIGNATURE_CHECKS: tuple[Check, ...] = (
    has_supported_form,
    is_strongly_signed,
    has_strong_key,
    is_of_a_citizen,
    is_not_for_authentication,
    has_signature_key_usage,
    has_signature_policy,
)


def verify_card_answer(
    *,
    unverified_certificate: bytes,
    signature: bytes,
    statement: bytes,
    anchors: Sequence[TrustAnchor],
    profile: CertificateProfile,
    now: datetime,
) -> AuthenticationCertificate:
    """The certificate of a card that signed exactly `statement`, which the caller made from its own constants.

    `anchors` are those of the user-authentication CA only. Raises a leaf of `JpkiError`.
    """
    certificate = parse_certificate(unverified_certificate)
    for check in AUTHENTICATION_CHECKS:
        check(certificate, profile)
    issuer = validate_path(certificate, anchors, now=now)
    verify_statement(certificate, signature=signature, statement=statement)
    return AuthenticationCertificate(
        issuer=issuer,
        serial=SerialNumber(certificate.parsed.serial_number),
        not_before=certificate.parsed.not_valid_before_utc,
        not_after=certificate.parsed.not_valid_after_utc,
        distribution_points=certificate.distribution_points,
        der=certificate.der,
    )


def verify_signature_certificate(
    *,
    unverified_certificate: bytes,
    anchors: Sequence[TrustAnchor],
    profile: CertificateProfile,
    now: datetime,
) -> SignatureCertificate:
    """A signature certificate with the person it names. `anchors` are those of the signature CA only.

    It proves nothing about who sent it: that takes a signature over a document. Raises a leaf of `JpkiError`.
    """
    certificate = parse_certificate(unverified_certificate)
    for check in SIGNATURE_CHECKS:
        check(certificate, profile)
    issuer = validate_path(certificate, anchors, now=now)
    return SignatureCertificate(
        issuer=issuer,
        serial=SerialNumber(certificate.parsed.serial_number),
        not_before=certificate.parsed.not_valid_before_utc,
        not_after=certificate.parsed.not_valid_after_utc,
        distribution_points=certificate.distribution_points,
        attributes=basic_four_attributes(certificate.extensions),
        der=certificate.der,
    )


def verify_statement(certificate: UnverifiedCertificate, *, signature: bytes, statement: bytes) -> None:
    """RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017 section 8.2.2). Raises `StatementSignatureInvalid`."""
    key = certificate.public_key
    if not isinstance(key, RSAPublicKey):
        raise StatementSignatureInvalid("not an RSA key")
    try:
        key.verify(signature, statement, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise StatementSignatureInvalid("the key did not sign this statement") from error
