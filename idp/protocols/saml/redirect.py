"""HTTP-Redirect binding, as a receiver (SAML bindings 3.4). Reads the octets as they were sent: those are signed."""

import base64
import binascii
import zlib
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.names import DEFLATE

MAX_QUERY_BYTES = 16 * 1024
MAX_MESSAGE_BYTES = 64 * 1024
"""After DEFLATE, which can shrink a thousandfold."""
MAX_RELAY_STATE_BYTES = 2 * 1024
"""The specification's 80 bytes bind senders (SAML bindings 3.4.3); real sites send whole addresses."""

_SPACE = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectMessage:
    """An unverified message. `signed_octets` is what `signature` must cover (SAML bindings 3.4.4.1)."""

    xml: bytes
    relay_state: str | None
    algorithm: str
    signature: bytes
    signed_octets: bytes


def read_redirect(query: bytes) -> RedirectMessage:
    """The message in `query`, the part of the address after the question mark. Raises `RequestInvalid`."""
    raw = _parameters(query)
    for name in (b"SAMLRequest", b"SigAlg", b"Signature"):
        if name not in raw:
            raise RequestInvalid(f"no {name.decode()} parameter")
    if _text(raw.get(b"SAMLEncoding", DEFLATE.encode())) != DEFLATE:
        raise RequestInvalid("unknown SAMLEncoding")
    return RedirectMessage(
        xml=_inflate(_base64(raw[b"SAMLRequest"])),
        relay_state=_relay_state(raw.get(b"RelayState")),
        algorithm=_text(raw[b"SigAlg"]),
        signature=_base64(raw[b"Signature"]),
        signed_octets=b"&".join(
            name + b"=" + raw[name] for name in (b"SAMLRequest", b"RelayState", b"SigAlg") if name in raw
        ),
    )


def _parameters(query: bytes) -> dict[bytes, bytes]:
    """Names to values, still escaped. A name that is escaped or repeated could be read in two ways: refused."""
    if len(query) > MAX_QUERY_BYTES:
        raise RequestInvalid("query too long")
    raw: dict[bytes, bytes] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if b"%" in name or b"+" in name:
            raise RequestInvalid("escaped parameter name")
        if name in raw:
            raise RequestInvalid("repeated parameter")
        raw[name] = value
    return raw


def _unescape(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def _text(raw: bytes) -> str:
    try:
        return _unescape(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestInvalid("parameter is not UTF-8") from error


def _base64(raw: bytes) -> bytes:
    try:
        return base64.b64decode(_unescape(raw), validate=True)
    except binascii.Error as error:
        raise RequestInvalid("parameter is not base64") from error


def _inflate(packed: bytes) -> bytes:
    """RFC 1951 without header. Stops at the bound, however much more would come."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        message = unpacker.decompress(packed, MAX_MESSAGE_BYTES + 1)
    except zlib.error as error:
        raise RequestInvalid("not DEFLATE data") from error
    if len(message) > MAX_MESSAGE_BYTES:
        raise RequestInvalid("message too large after DEFLATE")
    if not unpacker.eof or unpacker.unused_data:
        raise RequestInvalid("DEFLATE data cut off or followed by more")
    return message


def _relay_state(raw: bytes | None) -> str | None:
    """Given back byte for byte. Control characters are refused: an HTML form changes line breaks on the way."""
    if raw is None:
        return None
    if len(_unescape(raw)) > MAX_RELAY_STATE_BYTES:
        raise RequestInvalid("RelayState too long")
    text = _text(raw)
    if any(ord(character) < _SPACE for character in text):
        raise RequestInvalid("RelayState has control characters")
    return text
