"""Why a certificate, a signature or a revocation list is not believed. No program is known here: callers map these."""

from datetime import datetime


class JpkiError(Exception):
    """Root of all refusals of this library. Messages never hold a serial, a name or other bytes of the certificate."""


class CertificateMalformed(JpkiError):
    """Not one strictly encoded X.509 certificate of a sensible size."""


class WrongCertificateKind(JpkiError):
    """A certificate of the card's other key: a signature certificate used to log in, or the reverse."""


class ProfileViolated(JpkiError):
    """Family: well formed, but not as the JPKI certificate profile says."""


class ExtensionNotSupported(ProfileViolated):
    """Not version 3, or a critical extension that nobody here understands (RFC 5280 section 4.2)."""


class AlgorithmNotAllowed(ProfileViolated):
    """Signed with something else than RSA PKCS#1 v1.5 over SHA-256 or longer."""


class KeyTooWeak(ProfileViolated):
    """Not an RSA key, or one that is too short."""


class CertificateOfAuthority(ProfileViolated):
    """A CA certificate where a citizen's is needed."""


class KeyUsageNotAllowed(ProfileViolated):
    """keyUsage or extKeyUsage does not fit the task, or keyUsage is not critical."""


class CertificatePolicyNotAllowed(ProfileViolated):
    """No accepted certificate policy."""


class AttributesMalformed(ProfileViolated):
    """The basic four attributes are missing or not in their form."""


class IssuerUntrusted(JpkiError):
    """No trust anchor signed this."""


class IssuerOutsideValidity(IssuerUntrusted):
    """Signed by an anchor whose own time is over or has not begun."""


class CertificateExpired(JpkiError):
    """Its time is over."""

    def __init__(self, until: datetime) -> None:
        """`until` is the last instant at which it was valid."""
        super().__init__("the certificate has expired")
        self.until = until


class CertificateNotYetValid(JpkiError):
    """Its time has not begun."""

    def __init__(self, since: datetime) -> None:
        """`since` is the first instant at which it will be valid."""
        super().__init__("the certificate is not valid yet")
        self.since = since


class StatementSignatureInvalid(JpkiError):
    """The certificate's key did not sign exactly the expected statement."""


class AnchorUnusable(JpkiError):
    """A configured trust anchor is not a valid self-signed CA certificate."""


class CrlRejected(JpkiError):
    """A revocation list that must not be used; the message says why."""
