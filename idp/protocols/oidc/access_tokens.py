"""Opaque access tokens, good for userinfo alone: `identifier.secret`.

The identifier is derived from the code, so that a code which comes again leads to the token that it gave. It opens
nothing: only the digest of the random secret is kept, and the secret was told to the client alone.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.errors import RequestAlreadyUsed, RequestRejected
from idp.domain.subject import SubjectValue
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.usecases.ports import OneTimeStore

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGrant:
    """What an access token opens: whose userinfo, for which client."""

    client_id: str
    subject: SubjectValue
    secret_digest: bytes


_REVOKED = AccessGrant(client_id="", subject=SubjectValue(""), secret_digest=b"")
"""Stands where a token would: no secret has an empty digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """Issues, reads and revokes; a revoked token's row is one that was taken."""

    store: OneTimeStore[AccessGrant]
    lifetime: timedelta

    def issue(self, code: str, *, client_id: str, subject: SubjectValue, now: datetime) -> str:
        """The token that `code` gives. Raises `OAuthRefusal` if the code came again meanwhile."""
        identifier, secret = _identifier(code), secrets.token_urlsafe(SECRET_BYTES)
        grant = AccessGrant(client_id=client_id, subject=subject, secret_digest=_digest(secret))
        try:
            self.store.put(identifier, grant, now=now, expires_at=now + self.lifetime)
        except RequestAlreadyUsed as error:
            raise OAuthRefusal(OAuthError.INVALID_GRANT, "the code was used twice at once") from error
        return f"{identifier}.{secret}"

    def revoke(self, code: str, *, now: datetime) -> None:
        """Take back what `code` gave, or is just about to give: its place is filled first, so no race is lost."""
        identifier = _identifier(code)
        try:
            self.store.put(identifier, _REVOKED, now=now, expires_at=now + self.lifetime)
        except RequestAlreadyUsed:
            self._use_up(identifier, now=now)

    def read(self, token: str, *, now: datetime) -> AccessGrant:
        """Raises `OAuthRefusal` for a token that is unknown, expired or revoked."""
        identifier, _, secret = token.partition(".")
        try:
            grant = self.store.read(identifier, now=now)
        except RequestRejected as error:
            raise _invalid_token() from error
        if not hmac.compare_digest(grant.secret_digest, _digest(secret)):
            raise _invalid_token()
        return grant

    def _use_up(self, identifier: str, *, now: datetime) -> None:
        try:
            self.store.take(identifier, now=now)
        except RequestRejected:
            return  # It was revoked before, or has ended.


def _invalid_token() -> OAuthRefusal:
    return OAuthRefusal(OAuthError.INVALID_TOKEN, "the access token is not good, or no longer")


def _identifier(code: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(b"access token of code " + code.encode()).digest()).rstrip(b"=").decode()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
