"""How a client proves who it is at the token endpoint: by a signed assertion alone (RFC 7523, `private_key_jwt`)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from foundation.records import Codec, RecordUnreadable
from idp.domain.errors import RequestAlreadyUsed, SiteSuspended, SiteUnknown
from idp.protocols.oidc.client_keys import ClientKey
from idp.protocols.oidc.clients import Client, Clients
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.protocols.oidc.jws import JwsUnreadable, UnverifiedJws, take_apart
from idp.protocols.oidc.parameters import Parameters
from idp.usecases.ports import OneTimeStore

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION = 8 * 1024
LONGEST_ASSERTION_ID = 256

_KINDS = (None, "jwt", "client-authentication+jwt")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionClaims:
    """RFC 7523 section 3, with `jti` required. Times are seconds since 1970."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int | float
    jti: str
    iat: int | float | None = None
    nbf: int | float | None = None


_CLAIMS = Codec(AssertionClaims)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAuthentication:
    """Checks assertions made for one of `audiences`; each serves once."""

    clients: Clients
    used_ids: OneTimeStore[str]
    audiences: frozenset[str]
    longest: timedelta
    skew: timedelta

    def authenticate(self, parameters: Parameters, *, now: datetime) -> Client:
        """The client that signed the assertion. Raises `OAuthRefusal` with `invalid_client`."""
        token = _assertion(parameters)
        jws, unverified_claims = _read(token)
        client = self._client(parameters, unverified_claims)
        _check_signature(jws, client)
        claims = unverified_claims  # The signature covers them, and its key is this client's.
        self._check_audience(claims)
        self._check_times(claims, now)
        self._use_up(client, claims, now)
        return client

    def _client(self, parameters: Parameters, unverified_claims: AssertionClaims) -> Client:
        """Issuer and subject (RFC 7523 section 3), and `client_id` if it came (RFC 7521 section 4.2), are its own."""
        client_id = unverified_claims.sub
        if unverified_claims.iss != client_id or parameters.get("client_id") not in (None, client_id):
            raise _refused("issuer, subject and client_id must be the client")
        try:
            return self.clients.by_client_id(client_id)
        except (SiteUnknown, SiteSuspended) as error:
            raise _refused("the client is not registered, or is suspended") from error

    def _check_audience(self, claims: AssertionClaims) -> None:
        """Ours and nobody else's: a server that also is an audience could use the assertion here."""
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        if not audiences or not audiences <= self.audiences:
            raise _refused("the audience must be the issuer or the token endpoint, and nothing else")

    def _check_times(self, claims: AssertionClaims, now: datetime) -> None:
        moment, skew = now.timestamp(), self.skew.total_seconds()
        if claims.exp <= moment - skew:
            raise _refused("the assertion has expired")
        if claims.exp > moment + self.longest.total_seconds() + skew:
            raise _refused("the assertion lasts too long")
        if max(claims.iat or 0, claims.nbf or 0) > moment + skew:
            raise _refused("the assertion is not valid yet")

    def _use_up(self, client: Client, claims: AssertionClaims, now: datetime) -> None:
        if not 1 <= len(claims.jti) <= LONGEST_ASSERTION_ID:
            raise _refused(f"jti must have 1 to {LONGEST_ASSERTION_ID} characters")
        key = f"client assertion\0{client.client_id}\0{claims.jti}"
        ends = datetime.fromtimestamp(claims.exp, UTC) + self.skew + timedelta(seconds=1)
        try:
            self.used_ids.put(key, client.service_provider, now=now, expires_at=ends)
        except RequestAlreadyUsed as error:
            raise _refused("the assertion was used before") from error


def _assertion(parameters: Parameters) -> str:
    """RFC 6749 section 2.3: one method in a request, so a secret beside the assertion is refused."""
    if "client_secret" in parameters:
        raise _refused("a client secret is not accepted; use private_key_jwt alone")
    if parameters.get("client_assertion_type") != ASSERTION_TYPE:
        raise _refused("client_assertion_type must be that of RFC 7523 section 2.2")
    token = parameters.get("client_assertion")
    if token is None or len(token) > LONGEST_ASSERTION:
        raise _refused("client_assertion is missing or too long")
    return token


def _read(token: str) -> tuple[UnverifiedJws, AssertionClaims]:
    try:
        jws = take_apart(token)
        unverified_claims = _CLAIMS.decode(jws.unverified_payload)
    except (JwsUnreadable, RecordUnreadable, RecursionError) as error:
        raise _refused("the assertion is not a JWT with iss, sub, aud, exp and jti") from error
    if (jws.kind.lower() if jws.kind else None) not in _KINDS:
        raise _refused("the assertion's typ is that of another kind of token")
    return jws, unverified_claims


def _check_signature(jws: UnverifiedJws, client: Client) -> None:
    key = _key(jws, client.registration.keys)
    if key is None or not key.has_signed(jws.signed_bytes, jws.signature, algorithm=jws.algorithm):
        raise _refused("the signature is not by a registered key and its algorithm")


def _key(jws: UnverifiedJws, keys: tuple[ClientKey, ...]) -> ClientKey | None:
    """By `kid`; without one only if there is no choice."""
    if jws.key_id is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == jws.key_id), None)


def _refused(description: str) -> OAuthRefusal:
    return OAuthRefusal(OAuthError.INVALID_CLIENT, description)
