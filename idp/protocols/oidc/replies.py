"""Answers of the endpoints that programs call."""

from dataclasses import dataclass

from idp.protocols.oidc.errors import OAuthError, OAuthRefusal

NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
"""RFC 6749 section 5.1."""

_STATUS = {OAuthError.INVALID_TOKEN: 401}
"""Everything else is 400: an `invalid_client` of 401 would owe an HTTP authentication scheme, and there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonReply:
    """Status, headers beside the content type, and a JSON object."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: dict[str, object]


def success(body: dict[str, object]) -> JsonReply:
    """An answer that nobody may keep."""
    return JsonReply(status=200, headers=NO_STORE, body=body)


def failure(refusal: OAuthRefusal) -> JsonReply:
    """RFC 6749 section 5.2."""
    return JsonReply(
        status=_STATUS.get(refusal.code, 400),
        headers=NO_STORE,
        body={"error": refusal.code.value, "error_description": refusal.description},
    )
