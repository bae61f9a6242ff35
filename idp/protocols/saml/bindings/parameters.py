"""The parameters in which a browser brings a message, in an address or in a form, read from the octets as they came."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from idp.domain.errors import RequestInvalid

MAX_RELAY_STATE_BYTES = 2 * 1024
"""The specification's 80 bytes bind senders (SAML bindings 3.4.3, 3.5.3); real sites send whole addresses."""

_NAMES = (b"SAMLRequest", b"RelayState", b"SAMLEncoding", b"SigAlg", b"Signature")
_SPACE = 0x20


def read_parameters(octets: bytes) -> dict[bytes, bytes]:
    """SAML's names to values, still escaped. One that is escaped or repeated could be read in two ways: refused."""
    raw: dict[bytes, bytes] = {}
    for part in octets.split(b"&"):
        name, _, value = part.partition(b"=")
        meant = _unescape(name)
        if meant not in _NAMES:
            continue
        if meant != name:
            raise RequestInvalid("escaped parameter name")
        if name in raw:
            raise RequestInvalid("repeated parameter")
        raw[name] = value
    return raw


def read_text(raw: bytes) -> str:
    """A value. Raises `RequestInvalid`."""
    return _decode(_unescape(raw))


def read_base64(raw: bytes, *, in_lines: bool = False) -> bytes:
    """What a value encodes; `in_lines` if white space may divide it. Raises `RequestInvalid`."""
    text = _unescape(raw)
    try:
        return base64.b64decode(b"".join(text.split()) if in_lines else text, validate=True)
    except binascii.Error as error:
        raise RequestInvalid("parameter is not base64") from error


def read_relay_state(raw: bytes | None) -> str | None:
    """To be given back byte for byte. Control characters are refused: an HTML form changes line breaks on the way."""
    if raw is None:
        return None
    octets = _unescape(raw)
    if len(octets) > MAX_RELAY_STATE_BYTES:
        raise RequestInvalid("RelayState too long")
    text = _decode(octets)
    if any(ord(character) < _SPACE for character in text):
        raise RequestInvalid("RelayState has control characters")
    return text


def _decode(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestInvalid("parameter is not UTF-8") from error


def _unescape(raw: bytes) -> bytes:
    """Most have nothing to unescape, and to look for it in every one takes its time."""
    spaced = raw.replace(b"+", b" ")
    return unquote_to_bytes(spaced) if b"%" in spaced else spaced
