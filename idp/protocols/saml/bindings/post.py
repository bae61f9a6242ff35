"""HTTP-POST binding, as a receiver (SAML bindings 3.5): a form that a page of the site makes the browser send."""

from dataclasses import dataclass

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.parameters import read_base64, read_parameters, read_relay_state

MAX_FORM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMessage:
    """An unverified message, whose signature can only stand inside it (SAML bindings 3.5.4)."""

    xml: bytes
    relay_state: str | None


def read_post(form: bytes) -> PostMessage:
    """The message in `form`, the body as it was sent (`application/x-www-form-urlencoded`). Raises `RequestInvalid`.

    The base64 may stand in lines, as RFC 2045 writes it and deployed senders do.
    """
    if len(form) > MAX_FORM_BYTES:
        raise RequestInvalid("form too long")
    raw = read_parameters(form)
    if b"SAMLRequest" not in raw:
        raise RequestInvalid("no SAMLRequest field")
    return PostMessage(
        xml=read_base64(raw[b"SAMLRequest"], in_lines=True), relay_state=read_relay_state(raw.get(b"RelayState"))
    )
