"""The site's private key (RSA, PEM) and its certificate: made once, never overwritten."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sp_examples.ministry_saml.settings import Settings

_BITS = 2048
_LIFETIME = timedelta(days=3 * 365)


def make_keys(settings: Settings) -> list[Path]:
    """Make key and certificate if there is no key yet; the files that were made."""
    if settings.key_file.exists():
        return []
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_new(settings.key_file, pem, mode=0o600)
    _write_new(settings.certificate_file, _certificate(key, settings.entity_id).public_bytes(Encoding.PEM), mode=0o644)
    return [settings.key_file, settings.certificate_file]


def _certificate(key: rsa.RSAPrivateKey, entity_id: str) -> x509.Certificate:
    """A container for the public key: SAML trusts the metadata it stands in, not its issuer or its dates."""
    now = datetime.fromtimestamp(time.time(), UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, entity_id[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .sign(key, hashes.SHA256())
    )


def _write_new(file: Path, content: bytes, *, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
