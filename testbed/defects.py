"""Everything that can be wrong with a citizen's certificate on purpose, and how each fault is made."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from testbed import der, profiles
from testbed.profiles import CertificatePlan

_FOREIGN_POLICY = x509.ObjectIdentifier("1.2.392.200149.8.5.255.99")
_FOREIGN_EXTENSION = x509.ObjectIdentifier("1.2.392.200149.8.5.255.98")
_FAR = timedelta(days=400)
_NEAR = timedelta(days=1)


class Defect(StrEnum):
    """One fault each; all else about the certificate is right."""

    WRONG_POLICY = "wrong-policy"
    NO_POLICY = "no-policy"
    WRONG_KEY_USAGE = "wrong-key-usage"
    NO_KEY_USAGE = "no-key-usage"
    WRONG_EXTENDED_KEY_USAGE = "wrong-extended-key-usage"
    CA_FLAG = "ca-flag"
    UNKNOWN_CRITICAL_EXTENSION = "unknown-critical-extension"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    UNTRUSTED_AUTHORITY = "untrusted-authority"  # the right name, a key that nobody trusts
    OTHER_AUTHORITY = "other-authority"  # the right contents, signed by the other authority
    WRONG_KIND = "wrong-kind"  # a flawless certificate of the other authority
    TAMPERED = "tampered"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing-bytes"
    OTHER_KEY = "other-key"  # the certificate is about a key that the card does not hold
    SHORT_KEY = "short-key"
    NOT_REGISTERED = "not-registered"  # OCSP has never heard of it


_MISSING = {
    Defect.NO_POLICY: ExtensionOID.CERTIFICATE_POLICIES,
    Defect.NO_KEY_USAGE: ExtensionOID.KEY_USAGE,
}
_WRONG: Mapping[Defect, tuple[x509.ExtensionType, bool]] = {
    Defect.WRONG_POLICY: (profiles.policies(_FOREIGN_POLICY), True),
    Defect.WRONG_KEY_USAGE: (profiles.key_usage(key_encipherment=True), True),
    Defect.WRONG_EXTENDED_KEY_USAGE: (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
    Defect.CA_FLAG: (x509.BasicConstraints(ca=True, path_length=None), True),
    Defect.UNKNOWN_CRITICAL_EXTENSION: (x509.UnrecognizedExtension(_FOREIGN_EXTENSION, der.null()), True),
}


def spoil_plan(plan: CertificatePlan, defect: Defect | None) -> CertificatePlan:
    """Put a fault that lies in the contents into them; other faults change nothing here."""
    if defect is None:
        return plan
    if defect in _MISSING:
        return plan.without(_MISSING[defect])
    if defect in _WRONG:
        extension, critical = _WRONG[defect]
        return plan.having(extension, critical=critical)
    return plan


def spoil_validity(plan: CertificatePlan, defect: Defect | None) -> CertificatePlan:
    """Move the period: it ended a day before, or begins a day after, the moment it should have begun."""
    begin = plan.not_before
    match defect:
        case Defect.EXPIRED:
            return plan.lasting(begin - _FAR, begin - _NEAR)
        case Defect.NOT_YET_VALID:
            return plan.lasting(begin + _NEAR, begin + _FAR)
        case _:
            return plan


def spoil_bytes(certificate: bytes, defect: Defect | None) -> bytes:
    """Damage the finished DER where that is the fault."""
    match defect:
        case Defect.TAMPERED:
            return certificate[:-1] + bytes((certificate[-1] ^ 1,))
        case Defect.TRUNCATED:
            return certificate[:-64]
        case Defect.TRAILING_BYTES:
            return certificate + b"\0\0"
        case _:
            return certificate


def short_key() -> rsa.RSAPrivateKey:
    """An RSA key of 1024 bits, which no verifier should accept."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (it is the fault)
