"""Authorization codes: random, short-lived, used once, for one client (RFC 6749 section 4.1.2)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.errors import RequestAlreadyUsed, RequestExpired, RequestRejected
from idp.domain.release import Release
from idp.protocols.oidc.access_tokens import AccessTokens
from idp.protocols.oidc.clients import Client
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.usecases.ports import OneTimeStore

CODE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """What a code stands for. `code_challenge` is of method S256."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    acr: str
    release: Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Issues and redeems codes; the store keeps only their digests."""

    store: OneTimeStore[CodeGrant]
    access_tokens: AccessTokens
    lifetime: timedelta

    def issue(self, grant: CodeGrant, *, now: datetime) -> str:
        """A new code for `grant`."""
        code = secrets.token_urlsafe(CODE_BYTES)
        self.store.put(code, grant, now=now, expires_at=now + self.lifetime)
        return code

    def redeem(self, code: str, client: Client, *, now: datetime) -> CodeGrant:
        """What `code` stands for; it is used up even if it turns out to be another client's.

        A code that comes again takes the access token back that it gave (RFC 6749 section 4.1.2): one of the two who
        used it has stolen it. Raises `OAuthRefusal`.
        """
        try:
            grant = self.store.take(code, now=now)
        except (RequestAlreadyUsed, RequestExpired) as error:
            self.access_tokens.revoke(code, now=now)
            raise OAuthRefusal(OAuthError.INVALID_GRANT, "the code was used before, or is too old") from error
        except RequestRejected as error:
            raise OAuthRefusal(OAuthError.INVALID_GRANT, "the code is not known") from error
        if grant.client_id != client.client_id:
            raise OAuthRefusal(OAuthError.INVALID_GRANT, "the code was given to another client")
        return grant
