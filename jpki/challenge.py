"""The exact bytes that a card signs, and nothing a site could choose.

A statement is the ASCII prefix, a NUL, and three SHA-256 digests: of the origin, of the purpose and of the nonce. Each
part has a fixed length after hashing, so no two different inputs give the same bytes. The prefix separates a login from
a document signature, which uses another prefix and the other key.
"""

import hashlib
from enum import StrEnum

FORMAT = "jpki-auth:1"
"""Heads the statement, and names the version of questions and answers (docs/contracts/card-channel.md)."""

AUTHENTICATION_PREFIX = FORMAT.encode("ascii") + b"\0"
NONCE_BYTES = 32


class Purpose(StrEnum):
    """What the card is asked to confirm."""

    LOGIN = "login"
    REGISTRATION = "registration"


def authentication_statement(*, origin: str, purpose: Purpose, nonce: bytes) -> bytes:
    """The statement that the user-authentication key signs with RSASSA-PKCS1-v1_5 over SHA-256.

    `origin` is an ASCII serialisation `scheme://host[:port]` without a trailing slash (RFC 6454 section 6.2), as the
    browser wrote it; `nonce` is 32 bytes. Raises `ValueError` on any other nonce length and on a non-ASCII origin.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    parts = (origin.encode("ascii"), purpose.value.encode("ascii"), nonce)
    return AUTHENTICATION_PREFIX + b"".join(hashlib.sha256(part).digest() for part in parts)
