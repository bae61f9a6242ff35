"""The keys of the certificates that an operator pins for a source of metadata."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from foundation.keys import PublicKey
from idp.domain.metadata_source import SourceRefused

_MIN_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


def signer_keys(certificates: Sequence[str]) -> tuple[PublicKey, ...]:
    """The keys of PEM `certificates`, whose names and dates mean nothing here. Raises `SourceRefused`."""
    if not certificates:
        raise SourceRefused("At least one signer must be pinned.")
    return tuple(_key(number, certificate) for number, certificate in enumerate(certificates, start=1))


def _key(number: int, certificate: str) -> PublicKey:
    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SourceRefused(f"Signer {number} is not a certificate in PEM form.") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise SourceRefused(
        f"The key of signer {number} must be RSA of {_MIN_RSA_BITS} bits or more,"
        " or on the curve P-256, P-384 or P-521."
    )
