"""The one file that imports Authlib. Its grant checks a token request by RFC 6749 section 4.1.3 and RFC 7636
section 4.6, in its own order; who the client is, what the code stands for and what is issued, our hooks say.
"""

from datetime import datetime
from typing import Any, NoReturn, Protocol

from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge

from idp.protocols.oidc.clients import Client
from idp.protocols.oidc.codes import CodeGrant
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.protocols.oidc.parameters import Parameters

_ADDRESS = "https://token.invalid"
"""Authlib looks at a request's address only to refuse plain HTTP, which the settings of this service do."""


class ExchangeHooks(Protocol):
    """Called by Authlib in this order; each raises `OAuthRefusal`."""

    def authenticate(self, parameters: Parameters, *, now: datetime) -> Client:
        """Which client is asking."""

    def redeem(self, code: str, client: Client, *, now: datetime) -> CodeGrant:
        """What the code stands for, which is used up by this."""

    def issue(self, code: str, grant: CodeGrant, client: Client, *, now: datetime) -> dict[str, object]:
        """The body of the token answer, all checks being passed."""


class CodeExchange:
    """Exchanges codes for tokens."""

    def __init__(self, hooks: ExchangeHooks) -> None:
        self._server = _Server(hooks)

    def exchange(self, parameters: Parameters, *, now: datetime) -> dict[str, object]:
        """The body of the token answer. Raises `OAuthRefusal`."""
        body: dict[str, object] = self._server.create_token_response(_Request(parameters, now))
        return body


class _Request(OAuth2Request):  # type: ignore[misc] # Authlib has no types.
    def __init__(self, parameters: Parameters, now: datetime) -> None:
        super().__init__("POST", _ADDRESS)
        self.parameters = parameters
        self.now = now
        self.payload = BasicOAuth2Payload({name: parameters.get(name) for name in parameters})

    @property
    def form(self) -> dict[str, str | None]:
        form: dict[str, str | None] = self.payload.data
        return form


class _AuthlibClient:
    """A client as Authlib's grant asks about it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == ("private_key_jwt", "token")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _AuthlibCode:
    """A code as Authlib's grant asks about it."""

    code_challenge_method = "S256"

    def __init__(self, code: str, grant: CodeGrant) -> None:
        self.code = code
        self.grant = grant
        self.code_challenge = grant.code_challenge

    def get_redirect_uri(self) -> str:
        return self.grant.redirect_uri


class _Grant(AuthorizationCodeGrant):  # type: ignore[misc] # Authlib has no types.
    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)

    def query_authorization_code(self, code: str, client: _AuthlibClient) -> _AuthlibCode:
        return _AuthlibCode(code, self.server.hooks.redeem(code, client.client, now=self.request.now))

    def create_token_response(self) -> tuple[int, Any, list[tuple[str, str]]]:
        held, client = self.request.authorization_code, self.request.client.client
        return 200, self.server.hooks.issue(held.code, held.grant, client, now=self.request.now), []


class _Server(AuthorizationServer):  # type: ignore[misc] # Authlib has no types.
    def __init__(self, hooks: ExchangeHooks) -> None:
        super().__init__()
        self.hooks = hooks
        self.register_client_auth_method("private_key_jwt", self._authenticate)
        self.register_grant(_Grant, [CodeChallenge(required=True)])

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Any, headers: object) -> Any:  # noqa: ANN401, ARG002 (Authlib's own)
        return body

    def handle_error_response(self, request: object, error: OAuth2Error) -> NoReturn:  # noqa: ARG002 (Authlib's own)
        raise OAuthRefusal(OAuthError(error.error), error.get_error_description()) from error

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def _authenticate(self, query_client: object, request: _Request) -> _AuthlibClient:  # noqa: ARG002 (Authlib's own)
        return _AuthlibClient(self.hooks.authenticate(request.parameters, now=request.now))
