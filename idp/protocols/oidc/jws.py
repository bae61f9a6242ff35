"""JSON Web Signatures in compact form (RFC 7515): ours are made here, others' are taken apart here."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from foundation.keys import Signer
from foundation.records import Codec, RecordUnreadable

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_HEADER = Codec(dict[str, str])
_HARMLESS_HEADERS = frozenset({"alg", "kid", "typ", "cty", "x5t", "x5t#S256"})


class JwsUnreadable(Exception):
    """Not a signature in the form that we read; the message has nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedJws:
    """A signature taken apart; nothing in it is proven."""

    algorithm: str
    key_id: str | None
    kind: str | None
    unverified_payload: str
    signed_bytes: bytes
    signature: bytes


def take_apart(token: str) -> UnverifiedJws:
    """Raises `JwsUnreadable`.

    Header parameters that bring a key along, or change how the signature is made (`jwk`, `jku`, `x5u`, `x5c`, `crit`,
    `b64`), are refused, not ignored (RFC 7515 section 4.1).
    """
    segments = _SEGMENTS.fullmatch(token)
    if segments is None:
        raise JwsUnreadable("not three parts of base64url")
    try:
        header = _HEADER.decode(_decoded(segments[1]).decode())
        payload = _decoded(segments[2]).decode()
        signature = _decoded(segments[3])
    except (ValueError, RecordUnreadable, RecursionError) as error:
        raise JwsUnreadable("not base64url of JSON") from error
    if header.keys() - _HARMLESS_HEADERS:
        raise JwsUnreadable("a header parameter is not accepted")
    return UnverifiedJws(
        algorithm=header.get("alg", ""),
        key_id=header.get("kid"),
        kind=header.get("typ"),
        unverified_payload=payload,
        signed_bytes=f"{segments[1]}.{segments[2]}".encode(),
        signature=signature,
    )


def sign_claims(claims: Mapping[str, object], signer: Signer) -> str:
    """`claims` as a JSON Web Token of type JWT, signed by `signer`."""
    header = {"alg": signer.algorithm.value, "kid": signer.key_id, "typ": "JWT"}
    signed = b".".join((encoded(msgspec.json.encode(header)), encoded(msgspec.json.encode(claims))))
    return b".".join((signed, encoded(signer.sign(signed)))).decode()


def encoded(data: bytes) -> bytes:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
