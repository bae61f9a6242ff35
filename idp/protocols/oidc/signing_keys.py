"""Our keys for ID tokens, and the key set that clients verify them with (RFC 7517)."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.jwk import ECKey, RSAKey

from foundation.keys import SignatureAlgorithm, Signer


class SigningKeys:
    """Of several keys with one algorithm the first signs; all are published."""

    def __init__(self, signers: Sequence[Signer]) -> None:
        """Raises `ValueError` if two keys have the same id, or an algorithm that clients may choose has no key."""
        if len({signer.key_id for signer in signers}) != len(signers):
            raise ValueError("two signing keys have the same id")
        missing = set(SignatureAlgorithm) - {signer.algorithm for signer in signers}
        if missing:
            raise ValueError("no signing key for " + ", ".join(sorted(missing)))
        self._signers = tuple(signers)
        self.algorithms = tuple(dict.fromkeys(signer.algorithm.value for signer in signers))

    def signer(self, algorithm: SignatureAlgorithm) -> Signer:
        """The key in use for `algorithm`."""
        return next(signer for signer in self._signers if signer.algorithm is algorithm)

    def public_key_set(self) -> dict[str, object]:
        """Public halves with id, algorithm and use."""
        return {"keys": [_public_jwk(signer) for signer in self._signers]}


def _public_jwk(signer: Signer) -> dict[str, str | list[str]]:
    public = signer.public_key
    jwk = RSAKey(public, public) if isinstance(public, RSAPublicKey) else ECKey(public, public)
    return jwk.as_dict(private=False, kid=signer.key_id, alg=signer.algorithm.value, use="sig")
