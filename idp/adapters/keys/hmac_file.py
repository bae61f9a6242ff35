"""The key under which cards are recognised again: one line of text, `hmac-sha256 KEY_ID BASE64`.

The id follows from the secret, so that a damaged file is noticed at the start: with a wrong key every citizen would be
a stranger.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

from foundation.keys import HmacKey
from idp.adapters.keys.files import DEVELOPMENT_MARK, KeyUnusable, read_key_file, write_once

SECRET_BYTES = 32

_WORD = "hmac-sha256"


def generate_hmac_key(file: Path, *, for_development: bool) -> None:
    """Make a new secret in `file`. Raises `FileExistsError`."""
    secret = secrets.token_bytes(SECRET_BYTES)
    line = f"{_WORD} {_key_id(secret)} {b64encode(secret).decode()}\n".encode()
    write_once(file, (DEVELOPMENT_MARK if for_development else b"") + line)


def load_hmac_key(file: Path, *, development_allowed: bool) -> HmacKey:
    """The secret in `file`. Raises `KeyUnusable`."""
    content = read_key_file(file, development_allowed=development_allowed)
    lines = [line for line in content.decode(errors="replace").splitlines() if line and not line.startswith("#")]
    try:
        (line,) = lines
        word, key_id, text = line.split()
        secret = b64decode(text, validate=True)
    except ValueError as error:
        raise KeyUnusable(file, f"is not one line `{_WORD} KEY_ID BASE64`") from error
    if word != _WORD or len(secret) != SECRET_BYTES or not hmac.compare_digest(key_id, _key_id(secret)):
        raise KeyUnusable(file, "is damaged: secret and key id do not belong together")
    return HmacKey(key_id=key_id, secret=secret)


def _key_id(secret: bytes) -> str:
    return hmac.digest(secret, b"key id", hashlib.sha256)[:8].hex()
