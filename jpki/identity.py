"""How a certificate is recognised again without keeping its serial."""

import hashlib
import hmac

_DOMAIN = b"jpki-card-key:1\0"
MINIMUM_KEY_BYTES = 32


def card_key(hmac_key: bytes, *, issuer_key_digest: bytes, serial: int) -> bytes:
    """HMAC-SHA-256 over issuer key and serial: 32 bytes that name a certificate to the holder of `hmac_key` alone.

    `issuer_key_digest` is `TrustAnchor.key_digest`: generations of a CA share a name and may reuse serials. Parts are
    length-prefixed, so no two pairs give the same input. Raises `ValueError` for a key under 32 bytes or a serial that
    is not positive.
    """
    if len(hmac_key) < MINIMUM_KEY_BYTES:
        raise ValueError(f"the key needs at least {MINIMUM_KEY_BYTES} bytes")
    if serial <= 0:
        raise ValueError("a serial is positive")
    number = serial.to_bytes((serial.bit_length() + 7) // 8, "big")
    parts = (issuer_key_digest, number)
    message = _DOMAIN + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    return hmac.digest(hmac_key, message, hashlib.sha256)
