import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from foundation.keys import HmacKey, key_id_of

P256_PEM = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
"""
"""The generator of P-256 (SEC 2, section 2.4.2), as anybody can write it down."""


def test_key_id_is_the_same_on_every_host() -> None:
    key = load_pem_public_key(P256_PEM)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key_id_of(key) == "XNJS-wzokyQ2-vjM0QQJgQ"


def test_key_ids_of_two_keys_differ() -> None:
    ids = {key_id_of(ec.generate_private_key(ec.SECP256R1()).public_key()) for _ in range(2)}
    assert {len(key_id) for key_id in ids} == {22}
    assert len(ids) == 2


def test_digest_is_hmac_sha256() -> None:
    key = HmacKey(key_id="k", secret=b"s" * 32)
    assert key.digest(b"data") == hmac.new(b"s" * 32, b"data", hashlib.sha256).digest()


def test_secret_is_not_shown() -> None:
    assert "topsecret" not in repr(HmacKey(key_id="k", secret=b"topsecret"))
