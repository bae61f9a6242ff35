"""The shop's private key (EC P-256, PEM) and its cookie secret: made once, never overwritten, parsed once."""

import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sp_examples.private_oidc.settings import Settings, SettingsError

ALGORITHM = "ES256"
SECRET_BYTES = 32


def make_keys(settings: Settings) -> list[Path]:
    """Make what is missing; the files that were made, readable by their owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wanted = {settings.key_file: pem, settings.session_secret_file: secrets.token_hex(SECRET_BYTES).encode()}
    return [file for file, content in wanted.items() if _write_new(file, content)]


def load_key(settings: Settings) -> ECKey:
    """The private key; its id is the thumbprint of RFC 7638. Raises `SettingsError`."""
    try:
        key = ECKey.import_key(settings.key_file.read_bytes())
        key.ensure_kid()
    except (OSError, ValueError, JoseError) as error:
        raise SettingsError(f"{settings.key_file}: no usable private key; `init` makes one") from error
    return key


def load_session_secret(settings: Settings) -> bytes:
    """Raises `SettingsError`."""
    try:
        return settings.session_secret_file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{settings.session_secret_file}: cannot be read; `init` makes it") from error


def public_key_set(key: ECKey) -> str:
    """The key set to register at the login service, as JSON."""
    public = key.as_dict(private=False, use="sig", alg=ALGORITHM)
    return json.dumps({"keys": [public]}, indent=2)


def _write_new(file: Path, content: bytes) -> bool:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    return True
