import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from idp.protocols.oidc.client_keys import FaultyKey, read_key
from tests.support.oidc import an_ec_signer, an_rsa_signer, public_jwk

RSA = public_jwk(an_rsa_signer("client"))
EC = public_jwk(an_ec_signer("client"))


def ed25519_jwk() -> dict[str, object]:
    key = ed25519.Ed25519PrivateKey.generate()
    return {**OKPKey(key, key).as_dict(private=False), "kid": "ed"}


@pytest.mark.parametrize(
    ("jwk", "algorithms"),
    [
        (RSA, ("PS256", "RS256")),
        (RSA | {"alg": "RS256"}, ("RS256",)),
        (EC, ("ES256",)),
        (ed25519_jwk(), ("EdDSA",)),
    ],
)
def test_the_key_decides_which_algorithms_it_verifies(jwk: dict[str, object], algorithms: tuple[str, ...]) -> None:
    assert read_key(jwk).algorithms == algorithms


def test_a_signature_counts_only_by_the_keys_own_algorithm() -> None:
    signer, key = an_ec_signer("client"), read_key(EC)
    signature = signer.sign(b"data")

    assert key.has_signed(b"data", signature, algorithm="ES256")
    assert not key.has_signed(b"other", signature, algorithm="ES256")
    assert not key.has_signed(b"data", signature, algorithm="none")
    assert not key.has_signed(b"data", b"", algorithm="ES256")


def small_rsa() -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 (to be refused)
    return {**RSAKey(key, key).as_dict(private=False), "kid": "small"}


def p384() -> dict[str, object]:
    key = ec.generate_private_key(ec.SECP384R1())
    return {**ECKey(key, key).as_dict(private=False), "kid": "p384"}


@pytest.mark.parametrize(
    ("jwk", "fault"),
    [
        ("text", "table"),
        (EC | {"d": "AA"}, "secret part"),
        ({**OctKey.generate_key(256).as_dict(private=True), "kid": "k"}, "secret part"),
        ({"kty": "oct", "kid": "k"}, "readable"),
        (EC | {"kid": ""}, "kid"),
        (EC | {"kid": 5}, "kid"),
        ({name: value for name, value in EC.items() if name != "kid"}, "kid"),
        (EC | {"use": "enc"}, "signatures"),
        (EC | {"key_ops": ["encrypt"]}, "signatures"),
        (EC | {"alg": "HS256"}, "cannot be used"),
        (EC | {"alg": "ES384"}, "cannot be used"),
        (RSA | {"alg": "none"}, "cannot be used"),
        (small_rsa(), "cannot be used"),
        (p384(), "cannot be used"),
        ({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "k"}, "readable"),
        ({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k"}, "readable"),
        ({"kty": "EC", "crv": "P-9", "x": "AA", "y": "AA", "kid": "k"}, "readable"),
        ({"kty": ["RSA"], "kid": "k"}, "readable"),
        ({"kty": "RSA", "n": 5, "e": "AQAB", "kid": "k"}, "readable"),
    ],
)
@pytest.mark.filterwarnings("ignore:Key size:joserfc.errors.SecurityWarning")
def test_a_key_that_could_not_serve_is_refused_in_words(jwk: object, fault: str) -> None:
    with pytest.raises(FaultyKey, match=fault):
        read_key(jwk)
