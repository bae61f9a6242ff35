"""The keys of the certificates that an operator pins for a source of metadata."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from foundation.keys import PublicKey
from idp.domain.metadata_source import SourceRefused
from idp.protocols.saml.xml.signatures import STRONG_KEYS, strong_key


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
    strong = strong_key(key)
    if strong is None:
        raise SourceRefused(f"The key of signer {number} must be {STRONG_KEYS}.")
    return strong
