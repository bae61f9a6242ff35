"""The userinfo endpoint (OpenID Connect Core 5.3, RFC 6750)."""

import re
from dataclasses import dataclass
from datetime import datetime

from idp.domain.errors import SiteSuspended, SiteUnknown
from idp.protocols.oidc.access_tokens import AccessTokens
from idp.protocols.oidc.claims import userinfo_claims
from idp.protocols.oidc.clients import Clients
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.protocols.oidc.replies import NO_STORE, JsonReply, failure, success

LONGEST_HEADER = 1024

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserinfoEndpoint:
    """Tells a client about the citizen whose access token it shows."""

    access_tokens: AccessTokens
    clients: Clients

    def answer(self, authorization: str, *, now: datetime) -> JsonReply:
        """`authorization` is the request's header of that name, empty if there was none."""
        if not authorization:
            return JsonReply(status=401, headers=_challenge(), body={})
        try:
            grant = self.access_tokens.read(_token(authorization), now=now)
            self.clients.by_client_id(grant.client_id)
        except OAuthRefusal as refusal:
            return _refused(refusal)
        except (SiteUnknown, SiteSuspended):
            return _refused(OAuthRefusal(OAuthError.INVALID_TOKEN, "the client is not registered, or is suspended"))
        return success(userinfo_claims(grant))


def _token(authorization: str) -> str:
    """RFC 6750 section 2.1."""
    match = _BEARER.fullmatch(authorization) if len(authorization) <= LONGEST_HEADER else None
    if match is None:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "Authorization must be Bearer and an access token")
    return match[1]


def _refused(refusal: OAuthRefusal) -> JsonReply:
    """RFC 6750 section 3: the error stands in the header too."""
    reply = failure(refusal)
    return JsonReply(status=reply.status, headers=_challenge(refusal), body=reply.body)


def _challenge(refusal: OAuthRefusal | None = None) -> tuple[tuple[str, str], ...]:
    value = 'Bearer realm="userinfo"'
    if refusal is not None:
        value += f', error="{refusal.code}", error_description="{refusal.description}"'
    return (*NO_STORE, ("WWW-Authenticate", value))
