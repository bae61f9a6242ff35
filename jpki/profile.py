"""What a citizen's certificate must look like. One check per function; each raises what it found.

The numbers of policies are settings, because the public profile paper changes more often than this code.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from jpki.algorithms import MINIMUM_RSA_BITS, allowed_hash
from jpki.certificates import UnverifiedCertificate
from jpki.errors import (
    CertificateOfAuthority,
    CertificatePolicyNotAllowed,
    ExtensionNotSupported,
    KeyTooWeak,
    KeyUsageNotAllowed,
    WrongCertificateKind,
)
from jpki.extensions import find_extension, has_strange_critical

CARD_AUTHENTICATION_POLICY = "1.2.392.200149.8.5.1.3.30"
CARD_SIGNATURE_POLICY = "1.2.392.200149.8.5.1.1.20"

_UNDERSTOOD: frozenset[type[x509.ExtensionType]] = frozenset(
    {
        x509.BasicConstraints,
        x509.KeyUsage,
        x509.ExtendedKeyUsage,
        x509.CertificatePolicies,
        x509.SubjectAlternativeName,
        x509.CRLDistributionPoints,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProfile:
    """Accepted certificate policies, as dotted numbers. The defaults are those of certificates held on a card.

    A test hierarchy uses other numbers, so it needs its own explicit profile. Raises `ValueError` for a bad number and
    for one that stands on both sides.
    """

    authentication_policies: tuple[str, ...] = (CARD_AUTHENTICATION_POLICY,)
    signature_policies: tuple[str, ...] = (CARD_SIGNATURE_POLICY,)

    def __post_init__(self) -> None:
        """Refuse a profile under which the two kinds could not be told apart."""
        for policy in (*self.authentication_policies, *self.signature_policies):
            x509.ObjectIdentifier(policy)
        if set(self.authentication_policies) & set(self.signature_policies):
            raise ValueError("a certificate policy cannot be for authentication and for signatures")


Check = Callable[[UnverifiedCertificate, CertificateProfile], None]


def has_supported_form(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """Version 3, and every critical extension is understood (RFC 5280 sections 4.1.2.1 and 4.2)."""
    if certificate.parsed.version is not x509.Version.v3:
        raise ExtensionNotSupported("not a version 3 certificate")
    if has_strange_critical(certificate.extensions, _UNDERSTOOD):
        raise ExtensionNotSupported("a critical extension is not understood")


def is_strongly_signed(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """Signed with RSA over SHA-256 or longer. Raises `AlgorithmNotAllowed`."""
    allowed_hash(certificate.parsed.signature_algorithm_oid)


def has_strong_key(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """RSA of at least 2048 bits: the card signs with nothing else."""
    key = certificate.public_key
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_RSA_BITS:
        raise KeyTooWeak("not an RSA key of at least 2048 bits")


def is_of_a_citizen(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """Not a CA (RFC 5280 section 4.2.1.9)."""
    constraints = find_extension(certificate.extensions, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        raise CertificateOfAuthority("a CA certificate")


def is_not_for_signatures(certificate: UnverifiedCertificate, profile: CertificateProfile) -> None:
    """A signature certificate says so by its policy or by nonRepudiation; it must never log anyone in."""
    usage = find_extension(certificate.extensions, x509.KeyUsage)
    if _policies(certificate) & set(profile.signature_policies) or (usage and usage.value.content_commitment):
        raise WrongCertificateKind("a signature certificate")


def is_not_for_authentication(certificate: UnverifiedCertificate, profile: CertificateProfile) -> None:
    """A user-authentication certificate says so by its policy; it must never sign a document."""
    if _policies(certificate) & set(profile.authentication_policies):
        raise WrongCertificateKind("a user-authentication certificate")


def has_authentication_key_usage(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """Critical keyUsage digitalSignature and nothing else; clientAuth if extKeyUsage is there."""
    _require_key_usage(certificate, x509.KeyUsage(**_ONLY_DIGITAL_SIGNATURE))
    purposes = find_extension(certificate.extensions, x509.ExtendedKeyUsage)
    if purposes is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes.value:
        raise KeyUsageNotAllowed("extKeyUsage lacks clientAuth")


def has_signature_key_usage(certificate: UnverifiedCertificate, _: CertificateProfile) -> None:
    """Critical keyUsage digitalSignature and nonRepudiation, nothing else."""
    _require_key_usage(certificate, x509.KeyUsage(**_ONLY_DIGITAL_SIGNATURE | {"content_commitment": True}))


def has_authentication_policy(certificate: UnverifiedCertificate, profile: CertificateProfile) -> None:
    """At least one accepted policy; anyPolicy is not accepted for one."""
    if not _policies(certificate) & set(profile.authentication_policies):
        raise CertificatePolicyNotAllowed("no accepted user-authentication policy")


def has_signature_policy(certificate: UnverifiedCertificate, profile: CertificateProfile) -> None:
    """At least one accepted policy; anyPolicy is not accepted for one."""
    if not _policies(certificate) & set(profile.signature_policies):
        raise CertificatePolicyNotAllowed("no accepted signature policy")


_ONLY_DIGITAL_SIGNATURE = {
    "digital_signature": True,
    "content_commitment": False,
    "key_encipherment": False,
    "data_encipherment": False,
    "key_agreement": False,
    "key_cert_sign": False,
    "crl_sign": False,
    "encipher_only": False,
    "decipher_only": False,
}


def _require_key_usage(certificate: UnverifiedCertificate, wanted: x509.KeyUsage) -> None:
    usage = find_extension(certificate.extensions, x509.KeyUsage)
    if usage is None or not usage.critical or usage.value != wanted:
        raise KeyUsageNotAllowed("keyUsage is not exactly what this kind of certificate has")


def _policies(certificate: UnverifiedCertificate) -> set[str]:
    policies = find_extension(certificate.extensions, x509.CertificatePolicies)
    return {policy.policy_identifier.dotted_string for policy in policies.value} if policies else set()
