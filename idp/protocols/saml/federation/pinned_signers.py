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
    """The keys of `certificates`, each text one or several in PEM. Their names and dates mean nothing here.

    Raises `SourceRefused`.
    """
    if not certificates:
        raise SourceRefused("At least one signer must be pinned.")
    return tuple(key for number, text in enumerate(certificates, start=1) for key in _keys(number, text))


def _keys(number: int, text: str) -> list[PublicKey]:
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        return [_usable(number, certificate.public_key()) for certificate in found]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SourceRefused(f"Signer {number} is not a certificate in PEM form.") from error


def _usable(number: int, key: object) -> PublicKey:
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise SourceRefused(
        f"The key of signer {number} must be RSA of {_MIN_RSA_BITS} bits or more,"
        " or on the curve P-256, P-384 or P-521."
    )
