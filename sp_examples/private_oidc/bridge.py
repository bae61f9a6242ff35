"""The login service, through Authlib's Flask client: discovery, PKCE, `state`, `nonce`, `private_key_jwt`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, Response, request, session
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from requests import RequestException

from sp_examples.private_oidc.keys import ALGORITHM
from sp_examples.private_oidc.settings import Settings

SECONDS_TO_WAIT = 10
LONGEST_PARAMETER = 4096


class LoginStopped(Exception):
    """The login service says that no login took place."""


class LoginUnproven(Exception):
    """What came back cannot be trusted."""


class ServiceUnreachable(Exception):
    """The login service does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A citizen as this site knows them; `acr` tells how they were authenticated."""

    subject: str
    logged_in_at: datetime
    acr: str


class LoginService:
    """Sends browsers to the login service and reads what they bring back."""

    def __init__(self, app: Flask, settings: Settings, key: ECKey) -> None:
        self._settings = settings
        self._acr = f"{settings.issuer}/acr/card-pin"
        self._client: Any = OAuth(app).register(
            "login_service",
            client_id=settings.client_id,
            client_secret=key,
            server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
            client_auth_methods=[PrivateKeyJWT(settings.issuer, headers={"kid": key.kid}, alg=ALGORITHM)],
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "private_key_jwt",
                "default_timeout": SECONDS_TO_WAIT,
                "verify": str(settings.ca_file) if settings.ca_file else True,
                "trust_env": False,
                "max_redirects": 0,
            },
        )

    def begin(self) -> Response:
        """The redirect to the login service. Raises `ServiceUnreachable`, `LoginUnproven`."""
        try:
            self._check_metadata()
            answer: Response = self._client.authorize_redirect(self._settings.callback_url, acr_values=self._acr)
        except (RequestException, ValueError) as error:
            raise ServiceUnreachable from error
        return answer

    def finish(self) -> Login:
        """The login that the present request brings. Raises `LoginStopped`, `LoginUnproven`, `ServiceUnreachable`."""
        self._check_answer()
        try:
            self._check_metadata()
            token = self._client.authorize_access_token(claims_options=self._wanted_claims())
        except RequestException as error:
            raise ServiceUnreachable from error
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            raise LoginUnproven from error
        return _login(token)

    def _check_answer(self) -> None:
        """Issuer first (RFC 9207 section 2.4), then `state`, and only then whether it is an error."""
        if any(len(request.args.getlist(name)) > 1 for name in request.args):
            raise LoginUnproven
        if any(len(value) > LONGEST_PARAMETER for value in request.args.values()):
            raise LoginUnproven
        if request.args.get("iss") != self._settings.issuer:
            raise LoginUnproven
        if "error" in request.args:
            self._forget(request.args.get("state", ""))
            raise LoginStopped

    def _forget(self, state: str) -> None:
        """End the login that `state` began. Raises `LoginUnproven` if this browser began none."""
        if self._client.framework.get_state_data(session, state) is None:
            raise LoginUnproven
        self._client.framework.clear_state_data(session, state)

    def _check_metadata(self) -> None:
        """OpenID Connect Discovery 4.3: the document must be this issuer's own."""
        if self._client.load_server_metadata().get("issuer") != self._settings.issuer:
            raise LoginUnproven

    def _wanted_claims(self) -> dict[str, dict[str, object]]:
        return {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "nonce": {"essential": True},
            "auth_time": {"essential": True},
            "acr": {"essential": True, "value": self._acr},
        }


def _login(token: Any) -> Login:  # noqa: ANN401 (Authlib's own)
    claims = token.get("userinfo")
    if not claims:
        raise LoginUnproven
    return Login(
        subject=str(claims["sub"]),
        logged_in_at=datetime.fromtimestamp(int(claims["auth_time"]), UTC),
        acr=str(claims["acr"]),
    )
