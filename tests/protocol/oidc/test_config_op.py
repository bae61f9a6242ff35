"""`oidcc-discovery-endpoint-verification`, and that the document tells the truth: each feature in it is tried.

A test for each entry of the document, found by its name, so that nothing can be advertised untried.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSAlgModel, JWSRegistry

from tests.support.oidc import (
    ISSUER,
    TOKEN_ENDPOINT,
    AdapterDoor,
    Answer,
    a_client,
    a_client_site,
    a_door,
    a_registration,
    query_of,
    s256,
)

DOCUMENT = a_door().discovery()


def listed(name: str) -> list[str]:
    values = DOCUMENT[name]
    assert isinstance(values, list)
    return [str(value) for value in values]


def tokens(door: AdapterDoor, **changes: str) -> Answer:
    client = a_client(door)
    return door.token(client.exchange(client.get_code(door, **changes)))


def claims_of(door: AdapterDoor, answer: Answer) -> dict[str, object]:
    return jwt.decode(
        str(answer.body["id_token"]), KeySet.import_key_set(door.jwks()), algorithms=["RS256", "ES256"]
    ).claims


def try_issuer() -> None:
    door = a_door()
    assert DOCUMENT["issuer"] == claims_of(door, tokens(door))["iss"] == ISSUER


def try_endpoint(name: str) -> None:
    parts = urlsplit(str(DOCUMENT[name]))
    assert (f"{parts.scheme}://{parts.netloc}", parts.query, parts.fragment) == (ISSUER, "", "")


def try_token_endpoint() -> None:
    door = a_door()
    client = a_client(door)
    assertion = client.assertion(aud=DOCUMENT["token_endpoint"])
    assert door.token(client.exchange(client.get_code(door), client_assertion=assertion)).status == 200
    assert DOCUMENT["token_endpoint"] == TOKEN_ENDPOINT


def try_scopes_supported() -> None:
    assert tokens(a_door(), scope=" ".join(listed("scopes_supported"))).body["scope"] == "openid"


def try_response_types_supported() -> None:
    door = a_door()
    assert all(
        "code" in query_of(door.authorize(a_client(door).request(response_type=kind)))
        for kind in listed("response_types_supported")
    )
    other = query_of(door.authorize(a_client(door).request(response_type="code id_token")))
    assert other["error"] == "unsupported_response_type"


def try_response_modes_supported() -> None:
    door = a_door()
    assert all(
        "code" in query_of(door.authorize(a_client(door).request(response_mode=mode)))
        for mode in listed("response_modes_supported")
    )
    assert "error" in query_of(door.authorize(a_client(door).request(response_mode="fragment")))


def try_grant_types_supported() -> None:
    door = a_door()
    assert listed("grant_types_supported") == ["authorization_code"]
    refused = door.token(a_client(door).exchange("code", grant_type="client_credentials"))
    assert refused.body["error"] == "unsupported_grant_type"


def try_subject_types_supported() -> None:
    assert listed("subject_types_supported") == ["pairwise"]


def try_acr_values_supported() -> None:
    for acr in listed("acr_values_supported"):
        door = a_door()
        assert claims_of(door, tokens(door, acr_values=acr))["acr"] == acr


def try_prompt_values_supported() -> None:
    door = a_door()
    asked = {p: door.adapter.understand(a_client(door).request(prompt=p)) for p in listed("prompt_values_supported")}
    assert {p: (a.forced, a.passive) for p, a in asked.items()} == {
        "none": (False, True),
        "login": (True, False),
        "consent": (True, False),
        "select_account": (True, False),
    }


def try_id_token_signing_alg_values_supported() -> None:
    assert "RS256" in listed("id_token_signing_alg_values_supported")
    for algorithm in listed("id_token_signing_alg_values_supported"):
        door = a_door(a_client_site(registration=a_registration(id_token_signed_response_alg=algorithm)))
        token = str(tokens(door).body["id_token"])
        jwt.decode(token, KeySet.import_key_set(door.jwks()), algorithms=[algorithm])


def try_token_endpoint_auth_methods_supported() -> None:
    door = a_door()
    client = a_client(door)
    assert listed("token_endpoint_auth_methods_supported") == ["private_key_jwt"]
    secret = client.exchange(client.get_code(door), client_assertion_type=None, client_secret="secret")  # noqa: S106 (a sample)
    assert door.token(secret).body["error"] == "invalid_client"


def try_token_endpoint_auth_signing_alg_values_supported() -> None:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    ed_key = ed25519.Ed25519PrivateKey.generate()
    keys = {
        "RS256": RSAKey(rsa_key, rsa_key),
        "PS256": RSAKey(rsa_key, rsa_key),
        "ES256": ECKey(ec_key, ec_key),
        "EdDSA": OKPKey(ed_key, ed_key),
    }
    for algorithm in listed("token_endpoint_auth_signing_alg_values_supported"):
        key = keys[algorithm]
        public = key.as_dict(private=False, kid="k", alg=algorithm)
        door = a_door(a_client_site(registration=a_registration(jwks={"keys": [public]})))
        client = a_client(door)
        signed = jwt.encode(
            {"alg": algorithm, "kid": "k"},
            client.assertion_claims(),
            key,
            registry=QuietRegistry(algorithms=[algorithm]),
        )
        assert door.token(client.exchange(client.get_code(door), client_assertion=signed)).status == 200


class QuietRegistry(JWSRegistry):
    """RFC 9864 renames EdDSA, of which joserfc warns; FAPI 2.0 still calls it so."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[name]


def try_code_challenge_methods_supported() -> None:
    door = a_door()
    client = a_client(door)
    assert listed("code_challenge_methods_supported") == ["S256"]
    assert "code" in query_of(door.authorize(client.request(code_challenge=s256(client.verifier))))
    assert "error" in query_of(door.authorize(client.request(code_challenge_method="plain")))


def try_authorization_response_iss_parameter_supported() -> None:
    door = a_door()
    assert query_of(door.authorize(a_client(door).request()))["iss"] == ISSUER
    assert query_of(door.authorize(a_client(door).request(scope=None)))["iss"] == ISSUER


def try_claim_types_supported() -> None:
    door = a_door()
    assert listed("claim_types_supported") == ["normal"]
    assert not {"_claim_names", "_claim_sources"} & claims_of(door, tokens(door)).keys()


def try_claims_supported() -> None:
    door = a_door()
    assert set(listed("claims_supported")) == claims_of(door, tokens(door)).keys()


def try_claims_parameter_supported() -> None:
    door = a_door()
    assert DOCUMENT["claims_parameter_supported"] is False
    assert tokens(door, claims='{"id_token":{"name":{"essential":true}}}').status == 200


def try_request_parameter_supported() -> None:
    door = a_door()
    assert DOCUMENT["request_parameter_supported"] is False
    assert "error" in query_of(door.authorize(a_client(door).request(request="e30")))


def try_request_uri_parameter_supported() -> None:
    door = a_door()
    assert DOCUMENT["request_uri_parameter_supported"] is False
    assert "error" in query_of(door.authorize(a_client(door).request(request_uri="urn:x")))


TRIALS: dict[str, Callable[[], None]] = {
    name.removeprefix("try_"): trial
    for name, trial in list(globals().items())
    if name.startswith("try_") and name != "try_endpoint"
}


@pytest.mark.parametrize("name", sorted(DOCUMENT))
def test_oidcc_discovery_endpoint_verification(name: str) -> None:
    if name in ("authorization_endpoint", "userinfo_endpoint", "jwks_uri"):
        try_endpoint(name)
    else:
        TRIALS[name]()


def test_the_key_set_has_unique_ids_and_no_private_parts() -> None:
    keys = a_door().jwks()["keys"]

    assert isinstance(keys, list)
    assert len({key["kid"] for key in keys}) == len(keys) == 2
    assert all({"kid", "alg", "use", "kty"} <= key.keys() and not {"d", "p", "q"} & key.keys() for key in keys)
