import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from foundation.keys import Signer
from idp.protocols.oidc.jws import JwsUnreadable, encoded, sign_claims, take_apart
from tests.support.oidc import an_ec_signer, an_rsa_signer, public_jwk


@pytest.mark.parametrize("signer", [an_rsa_signer("idp"), an_ec_signer("idp")], ids=["RS256", "ES256"])
def test_another_library_reads_what_we_sign(signer: Signer) -> None:
    jwk = public_jwk(signer)
    kind = RSAKey if jwk["kty"] == "RSA" else ECKey
    key = kind.import_key({name: str(value) for name, value in jwk.items()})
    token = jwt.decode(sign_claims({"sub": "番号", "n": 1}, signer), key, algorithms=[signer.algorithm.value])

    assert token.claims == {"sub": "番号", "n": 1}
    assert token.header == {"alg": signer.algorithm.value, "kid": signer.key_id, "typ": "JWT"}


def test_what_was_signed_is_taken_apart_again() -> None:
    signer = an_ec_signer("idp")
    jws = take_apart(sign_claims({"a": 1}, signer))

    assert (jws.algorithm, jws.key_id, jws.kind, jws.unverified_payload) == ("ES256", signer.key_id, "JWT", '{"a":1}')


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "e30.e30.",
        "e30=.e30.e30",
        "e30.e30.e30\n",
        "a.e30.e30",
        "W10.e30.e30",
        encoded(b"\xff").decode() + ".e30.e30",
        encoded(b'{"alg":1}').decode() + ".e30.e30",
        encoded(b"[" * 3000).decode() + ".e30.e30",
        encoded(b'{"alg":"ES256","jku":"https://evil.example"}').decode() + ".e30.e30",
    ],
)
def test_what_is_no_plain_signature_is_refused(token: str) -> None:
    with pytest.raises(JwsUnreadable):
        take_apart(token)
