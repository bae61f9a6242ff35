"""OpenID Connect as the rest of the house sees it: requests in, answers out. It decides nothing about citizens."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from foundation.keys import Signer
from idp.domain.errors import IdpError, RequestInvalid, ServiceFault
from idp.domain.login import LoginRequest
from idp.domain.release import Release
from idp.protocols.contract import Redirect
from idp.protocols.oidc.access_tokens import AccessGrant, AccessTokens
from idp.protocols.oidc.client_authentication import ClientAuthentication
from idp.protocols.oidc.clients import Clients
from idp.protocols.oidc.codes import CodeGrant, Codes
from idp.protocols.oidc.contexts import answered_acr
from idp.protocols.oidc.discovery import discovery_document
from idp.protocols.oidc.errors import authorization_error
from idp.protocols.oidc.replies import JsonReply
from idp.protocols.oidc.requests import REPLIES, AuthorizationReply, understand_request
from idp.protocols.oidc.settings import OidcSettings
from idp.protocols.oidc.signing_keys import SigningKeys
from idp.protocols.oidc.tokens import TokenEndpoint, TokenHooks
from idp.protocols.oidc.userinfo import UserinfoEndpoint
from idp.usecases.ports import OneTimeStore, ServiceProviderRegister


class OidcAdapter:
    """A `ProtocolAdapter`, with the endpoints that clients call themselves."""

    def __init__(
        self,
        *,
        settings: OidcSettings,
        signers: Sequence[Signer],
        register: ServiceProviderRegister,
        codes: OneTimeStore[CodeGrant],
        access_tokens: OneTimeStore[AccessGrant],
        used_ids: OneTimeStore[str],
    ) -> None:
        """`used_ids` remembers client assertions; its values mean nothing."""
        self._settings = settings
        self._keys = SigningKeys(signers)
        self._clients = Clients(register=register, unsafe_http_loopback=settings.unsafe_http_loopback)
        self._access_tokens = AccessTokens(store=access_tokens, lifetime=settings.access_token_lifetime)
        self._codes = Codes(store=codes, access_tokens=self._access_tokens, lifetime=settings.code_lifetime)
        self._token_endpoint = TokenEndpoint(
            TokenHooks(
                settings=settings,
                client_authentication=ClientAuthentication(
                    clients=self._clients,
                    used_ids=used_ids,
                    audiences=frozenset({settings.issuer, settings.token_endpoint}),
                    longest=settings.longest_assertion,
                    skew=settings.skew,
                ),
                codes=self._codes,
                access_tokens=self._access_tokens,
                keys=self._keys,
            )
        )
        self._userinfo_endpoint = UserinfoEndpoint(access_tokens=self._access_tokens, clients=self._clients)

    def understand(self, parameters: Sequence[tuple[str, str]]) -> LoginRequest:
        """An authorization request. Raises `SiteUnknown` or `RequestInvalid` for a page, `Refusable` for the client."""
        return understand_request(parameters, self._clients, issuer=self._settings.issuer)

    def answer(self, release: Release, reply: str) -> Redirect:
        """A code for `release`, which lives from the moment of the release."""
        asked = REPLIES.decode(reply)
        if asked.terms is None or asked.service_provider != release.service_provider:
            raise ServiceFault
        grant = CodeGrant(
            client_id=asked.client_id,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.terms.code_challenge,
            nonce=asked.terms.nonce,
            acr=answered_acr(release.context, asked.terms.asked_acr, issuer=self._settings.issuer),
            release=release,
        )
        return self._redirect(asked, {"code": self._codes.issue(grant, now=release.released_at)})

    def refuse(self, error: IdpError, reply: str) -> Redirect:
        """Why there is no code; only a fault of the request itself is described."""
        asked = REPLIES.decode(reply)
        if asked.fault is None:
            return self._redirect(asked, {"error": authorization_error(error).value})
        described = {"error_description": error.why} if isinstance(error, RequestInvalid) else {}
        return self._redirect(asked, {"error": asked.fault.value, **described})

    def return_origin(self, reply: str) -> str:
        """Scheme, host and port of the client's redirect address."""
        parts = urlsplit(REPLIES.decode(reply).redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    def token(self, parameters: Sequence[tuple[str, str]], *, now: datetime) -> JsonReply:
        """The token endpoint."""
        return self._token_endpoint.answer(parameters, now=now)

    def userinfo(self, authorization: str, *, now: datetime) -> JsonReply:
        """The userinfo endpoint; `authorization` is that header, empty if absent."""
        return self._userinfo_endpoint.answer(authorization, now=now)

    def discovery(self) -> dict[str, object]:
        """The document of both well-known addresses."""
        return discovery_document(self._settings, self._keys)

    def jwks(self) -> dict[str, object]:
        """The key set that verifies our ID tokens."""
        return self._keys.public_key_set()

    def _redirect(self, asked: AuthorizationReply, answer: dict[str, str]) -> Redirect:
        """The registered address as it stands, and our parameters behind its own (RFC 6749 4.1.2, RFC 9207)."""
        state = {} if asked.state is None else {"state": asked.state}
        query = urlencode(answer | state | {"iss": self._settings.issuer})
        separator = "&" if "?" in asked.redirect_uri else "?"
        return Redirect(url=f"{asked.redirect_uri}{separator}{query}")
