"""HTTP-Redirect binding, as a receiver (SAML bindings 3.4). Reads the octets as they were sent: those are signed."""

import zlib
from dataclasses import dataclass

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.parameters import read_base64, read_parameters, read_relay_state, read_text
from idp.protocols.saml.names import DEFLATE

MAX_QUERY_BYTES = 16 * 1024
MAX_MESSAGE_BYTES = 64 * 1024
"""After DEFLATE, which can shrink a thousandfold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySignature:
    """A signature over a query; `signed_octets` is what it must cover (SAML bindings 3.4.4.1)."""

    algorithm: str
    value: bytes
    signed_octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectMessage:
    """An unverified message; `signature` is None if the query says nothing of one."""

    xml: bytes
    relay_state: str | None
    signature: QuerySignature | None


def read_redirect(query: bytes) -> RedirectMessage:
    """The message in `query`, the part of the address after the question mark. Raises `RequestInvalid`."""
    if len(query) > MAX_QUERY_BYTES:
        raise RequestInvalid("query too long")
    raw = read_parameters(query)
    if b"SAMLRequest" not in raw:
        raise RequestInvalid("no SAMLRequest parameter")
    if read_text(raw.get(b"SAMLEncoding", DEFLATE.encode())) != DEFLATE:
        raise RequestInvalid("unknown SAMLEncoding")
    return RedirectMessage(
        xml=_inflate(read_base64(raw[b"SAMLRequest"])),
        relay_state=read_relay_state(raw.get(b"RelayState")),
        signature=_signature(raw),
    )


def _signature(raw: dict[bytes, bytes]) -> QuerySignature | None:
    """SAML bindings 3.4.4.1. The parameters are put into the order in which they are signed, however they came."""
    if b"SigAlg" not in raw and b"Signature" not in raw:
        return None
    for name in (b"SigAlg", b"Signature"):
        if name not in raw:
            raise RequestInvalid(f"no {name.decode()} parameter")
    return QuerySignature(
        algorithm=read_text(raw[b"SigAlg"]),
        value=read_base64(raw[b"Signature"]),
        signed_octets=b"&".join(
            name + b"=" + raw[name] for name in (b"SAMLRequest", b"RelayState", b"SigAlg") if name in raw
        ),
    )


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
