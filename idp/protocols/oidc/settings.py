"""What the OpenID provider is told by composition."""

from dataclasses import dataclass
from datetime import timedelta

AUTHORIZATION_PATH = "/oidc/authorize"
TOKEN_PATH = "/oidc/token"  # noqa: S105 (a path)
USERINFO_PATH = "/oidc/userinfo"
JWKS_PATH = "/oidc/jwks"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """`issuer` has no trailing slash. A code lives a minute at most, as FAPI 2.0 section 5.3.2.1 wants.

    `unsafe_http_loopback` accepts clients on plain HTTP on this computer itself: for development only.
    """

    issuer: str
    code_lifetime: timedelta = timedelta(seconds=60)
    access_token_lifetime: timedelta = timedelta(minutes=10)
    id_token_lifetime: timedelta = timedelta(minutes=5)
    longest_assertion: timedelta = timedelta(hours=1)
    skew: timedelta = timedelta(seconds=60)
    unsafe_http_loopback: bool = False

    @property
    def token_endpoint(self) -> str:
        """Also accepted as the audience of a client's assertion (RFC 7523 section 3)."""
        return self.issuer + TOKEN_PATH
