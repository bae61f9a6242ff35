"""The token endpoint (RFC 6749 section 3.2, OpenID Connect Core 3.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from idp.protocols.oidc.access_tokens import AccessTokens
from idp.protocols.oidc.bridge import CodeExchange
from idp.protocols.oidc.claims import id_token_claims
from idp.protocols.oidc.client_authentication import ClientAuthentication
from idp.protocols.oidc.clients import Client
from idp.protocols.oidc.codes import CodeGrant, Codes
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.protocols.oidc.jws import sign_claims
from idp.protocols.oidc.parameters import Parameters
from idp.protocols.oidc.replies import JsonReply, failure, success
from idp.protocols.oidc.requests import SCOPE
from idp.protocols.oidc.settings import OidcSettings
from idp.protocols.oidc.signing_keys import SigningKeys

GRANT_TYPE = "authorization_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHooks:
    """What Authlib's checks ask us, in its order: who is the client, what is the code, what is issued."""

    settings: OidcSettings
    client_authentication: ClientAuthentication
    codes: Codes
    access_tokens: AccessTokens
    keys: SigningKeys

    def authenticate(self, parameters: Parameters, *, now: datetime) -> Client:
        """As `ClientAuthentication.authenticate`."""
        return self.client_authentication.authenticate(parameters, now=now)

    def redeem(self, code: str, client: Client, *, now: datetime) -> CodeGrant:
        """As `Codes.redeem`."""
        return self.codes.redeem(code, client, now=now)

    def issue(self, code: str, grant: CodeGrant, client: Client, *, now: datetime) -> dict[str, object]:
        """RFC 6749 section 5.1, OpenID Connect Core 3.1.3.3."""
        access_token = self.access_tokens.issue(
            code, client_id=client.client_id, subject=grant.release.subject, now=now
        )
        claims = id_token_claims(
            grant,
            access_token=access_token,
            issuer=self.settings.issuer,
            lifetime=self.settings.id_token_lifetime,
            now=now,
        )
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(self.settings.access_token_lifetime.total_seconds()),
            "scope": SCOPE,
            "id_token": sign_claims(claims, self.keys.signer(client.registration.id_token_algorithm)),
        }


class TokenEndpoint:
    """Answers token requests."""

    def __init__(self, hooks: TokenHooks) -> None:
        self._exchange = CodeExchange(hooks)

    def answer(self, pairs: Sequence[tuple[str, str]], *, now: datetime) -> JsonReply:
        """The tokens, or the error of RFC 6749 section 5.2."""
        try:
            parameters = Parameters(pairs)
            parameters.refuse_repeated()
            _check_grant_type(parameters)
            return success(self._exchange.exchange(parameters, now=now))
        except OAuthRefusal as refusal:
            return failure(refusal)


def _check_grant_type(parameters: Parameters) -> None:
    """Before Authlib, whose own refusal would repeat the value."""
    if "grant_type" not in parameters:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "grant_type is missing")
    if parameters.get("grant_type") != GRANT_TYPE:
        raise OAuthRefusal(OAuthError.UNSUPPORTED_GRANT_TYPE, f"grant_type must be {GRANT_TYPE}")
