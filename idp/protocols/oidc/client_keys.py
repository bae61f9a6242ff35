"""Public keys of clients, from their registered key sets (RFC 7517), and what such a key may verify."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

SMALLEST_RSA_BITS = 2048
LARGEST_RSA_BITS = 8192
LONGEST_KEY_ID = 200

ASSERTION_ALGORITHMS = ("PS256", "ES256", "EdDSA", "RS256")
"""All with which a client may sign its assertions. The key decides which of them count, never the message."""

_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicJwk = RSAKey | ECKey | OKPKey


class FaultyKey(Exception):
    """The key cannot be registered; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A public key, parsed once, with the algorithms that it may verify."""

    key_id: str
    algorithms: tuple[str, ...]
    jwk: PublicJwk

    def has_signed(self, data: bytes, signature: bytes, *, algorithm: str) -> bool:
        """Whether `signature` over `data` is this key's, by one of its own algorithms."""
        if algorithm not in self.algorithms:
            return False
        return JWSRegistry.algorithms[algorithm].verify(data, signature, self.jwk)


def read_key(raw: object) -> ClientKey:
    """One member of a key set. Raises `FaultyKey`."""
    if not isinstance(raw, dict):
        raise FaultyKey("must be a table")
    if _SECRET_MEMBERS & raw.keys():
        raise FaultyKey("holds a secret part; register the public key only, and replace this key: it has been shown")
    key_id = raw.get("kid")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= LONGEST_KEY_ID:
        raise FaultyKey(f"must have a kid of 1 to {LONGEST_KEY_ID} characters")
    if raw.get("use", "sig") != "sig" or "verify" not in raw.get("key_ops", ["verify"]):
        raise FaultyKey("must be for signatures (use: sig)")
    jwk = _import(raw)
    algorithms = _algorithms(jwk)
    if "alg" in raw:
        algorithms = tuple(name for name in algorithms if name == raw["alg"])
    if not algorithms:
        raise FaultyKey("its kind, curve, size or alg cannot be used; possible are " + ", ".join(ASSERTION_ALGORITHMS))
    return ClientKey(key_id=key_id, algorithms=algorithms, jwk=jwk)


def _import(raw: dict[str, object]) -> PublicJwk:
    members: dict[str, str | list[str]] = {
        name: value for name in ("kty", "n", "e", "crv", "x", "y") if isinstance(value := raw.get(name), str)
    }
    try:
        jwk = JWKRegistry.import_key(members)
        _ = jwk.raw_value
    except (JoseError, ValueError, KeyError) as error:
        raise FaultyKey("not a readable public key (RFC 7518 section 6)") from error
    if not isinstance(jwk, RSAKey | ECKey | OKPKey):
        raise FaultyKey("a shared secret is not a public key")
    return jwk


def _algorithms(jwk: PublicJwk) -> tuple[str, ...]:
    """RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1."""
    match jwk.public_key:
        case RSAPublicKey() as rsa if SMALLEST_RSA_BITS <= rsa.key_size <= LARGEST_RSA_BITS:
            return ("PS256", "RS256")
        case EllipticCurvePublicKey() as elliptic if elliptic.curve.name == "secp256r1":
            return ("ES256",)
        case Ed25519PublicKey():
            return ("EdDSA",)
        case _:
            return ()
