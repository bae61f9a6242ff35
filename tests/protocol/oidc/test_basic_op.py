"""The modules of the OpenID conformance suite's plan "Basic OP" that apply, each test named after its module.

The suite's clients authenticate with a secret and ask for the standard scopes; here clients sign assertions
(`private_key_jwt`) and the only scope is `openid`, so `oidcc-server-client-secret-post`, `oidcc-scope-*`,
`oidcc-claims-essential` and `oidcc-refresh-token` have nothing to test yet.
"""

from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.oidc import (
    CLIENT_ID,
    ISSUER,
    SUBJECT,
    AdapterDoor,
    a_client,
    a_client_site,
    a_door,
    a_registration,
    query_of,
)


def id_token_of(door: AdapterDoor, body: dict[str, object]) -> dict[str, object]:
    keys = KeySet.import_key_set(door.jwks())
    token = jwt.decode(str(body["id_token"]), keys, algorithms=["RS256", "ES256"])
    assert token.header["kid"] in {key.kid for key in keys}
    return token.claims


def log_in(door: AdapterDoor, **changes: str) -> dict[str, object]:
    client = a_client(door)
    answer = door.token(client.exchange(client.get_code(door, **changes)))
    assert answer.status == 200
    return id_token_of(door, answer.body)


def test_oidcc_server() -> None:
    door = a_door()
    client = a_client(door)
    answer = door.token(client.exchange(client.get_code(door)))

    assert answer.headers["cache-control"] == "no-store"
    assert {"token_type": "Bearer", "expires_in": 600, "scope": "openid"}.items() <= answer.body.items()
    claims = id_token_of(door, answer.body)
    seconds = int(door.clock().timestamp())
    assert claims | {"at_hash": "", "sid": ""} == {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": CLIENT_ID,
        "iat": seconds,
        "exp": seconds + 300,
        "auth_time": seconds - 300,
        "nonce": "a nonce",
        "acr": f"{ISSUER}/acr/card-pin",
        "amr": ["sc", "hwk", "pin", "mfa"],
        "sid": "",
        "at_hash": "",
        f"{ISSUER}/claims/cert_status": {
            "source": "ocsp",
            "checked_at": seconds - 300,
            "list_issued_at": seconds - 360,
            "valid_until": seconds - 300 + 86400,
        },
    }
    assert door.userinfo(f"Bearer {answer.body['access_token']}").body == {"sub": SUBJECT}


def test_oidcc_response_type_missing() -> None:
    door = a_door()
    answer = query_of(door.authorize(a_client(door).request(response_type=None)))

    assert (answer["error"], answer["state"], answer["iss"]) == ("invalid_request", "a state", ISSUER)


def test_oidcc_idtoken_signature() -> None:
    door = a_door()
    client = a_client(door)
    token = str(door.token(client.exchange(client.get_code(door))).body["id_token"])

    assert jwt.decode(token, KeySet.import_key_set(door.jwks()), algorithms=["RS256"]).header["alg"] == "RS256"


def test_oidcc_idtoken_signature_by_the_registered_algorithm() -> None:
    door = a_door(a_client_site(registration=a_registration(id_token_signed_response_alg="ES256")))  # noqa: S106 (an algorithm)
    client = a_client(door)
    token = str(door.token(client.exchange(client.get_code(door))).body["id_token"])

    assert jwt.decode(token, KeySet.import_key_set(door.jwks()), algorithms=["ES256"]).header["alg"] == "ES256"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_oidcc_userinfo_get_and_post_header(scheme: str) -> None:
    door = a_door()
    client = a_client(door)
    body = door.token(client.exchange(client.get_code(door))).body

    assert door.userinfo(f"{scheme} {body['access_token']}").body == {"sub": SUBJECT}


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow() -> None:
    door = a_door()
    client = a_client(door)
    answer = door.token(client.exchange(client.get_code(door, nonce=None)))

    assert "nonce" not in id_token_of(door, answer.body)


def test_oidcc_alternate_happy_flow() -> None:
    door = a_door()
    client = a_client(door)
    redirect = door.authorize(list(reversed(client.request(scope="unknown openid"))))
    answer = door.token(list(reversed(client.exchange(query_of(redirect)["code"]))))

    assert answer.body["scope"] == "openid"


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(display: str) -> None:
    assert log_in(a_door(), display=display)["sub"] == SUBJECT


def test_oidcc_prompt_login() -> None:
    door = a_door()

    assert door.adapter.understand(a_client(door).request(prompt="login")).forced


@pytest.mark.parametrize("prompt", ["consent", "select_account"])
def test_prompts_that_want_the_citizen_to_act_make_the_card_be_read_again(prompt: str) -> None:
    door = a_door()

    assert door.adapter.understand(a_client(door).request(prompt=prompt)).forced


def test_oidcc_prompt_none_not_logged_in() -> None:
    door = a_door(logged_in=False)
    answer = query_of(door.authorize(a_client(door).request(prompt="none")))

    assert answer == {"error": "login_required", "state": "a state", "iss": ISSUER}


def test_oidcc_prompt_none_logged_in() -> None:
    door = a_door()

    first, second = log_in(door), log_in(door, prompt="none")
    assert (first["sub"], first["auth_time"]) == (second["sub"], second["auth_time"])


@pytest.mark.parametrize("seconds", [1, 10000])
def test_oidcc_max_age(seconds: int) -> None:
    door = a_door()

    assert door.adapter.understand(a_client(door).request(max_age=str(seconds))).max_age == timedelta(seconds=seconds)


def test_oidcc_ensure_request_with_unknown_parameter_succeeds() -> None:
    assert log_in(a_door(), extra="foobar")["sub"] == SUBJECT


def test_oidcc_id_token_hint() -> None:
    door = a_door()
    client = a_client(door)
    hint = str(door.token(client.exchange(client.get_code(door))).body["id_token"])

    assert log_in(door, prompt="none", id_token_hint=hint)["sub"] == SUBJECT


@pytest.mark.parametrize(
    "hint",
    [{"login_hint": "hanako@example.com"}, {"ui_locales": "se ja"}, {"claims_locales": "se"}],
)
def test_oidcc_hints_are_never_an_error(hint: dict[str, str]) -> None:
    assert log_in(a_door(), **hint)["sub"] == SUBJECT


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (f"{ISSUER}/acr/card-pin", f"{ISSUER}/acr/card-pin"),
        ("urn:unknown aal3", "aal3"),
        ("urn:unknown", f"{ISSUER}/acr/card-pin"),
    ],
)
def test_oidcc_acr_values(asked: str, answered: str) -> None:
    assert log_in(a_door(), acr_values=asked)["acr"] == answered


@pytest.mark.parametrize("wait", [0, 30])
def test_oidcc_codereuse(wait: int) -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    first = door.token(client.exchange(code))
    door.clock.move(timedelta(seconds=wait))
    second = door.token(client.exchange(code))

    assert (first.status, second.status, second.body["error"]) == (200, 400, "invalid_grant")
    assert door.userinfo(f"Bearer {first.body['access_token']}").status == 401


def test_oidcc_ensure_registered_redirect_uri() -> None:
    door = a_door()

    assert door.authorize(a_client(door).request(redirect_uri="https://shop.example/other")) is None


def test_oidcc_request_uri_unsigned() -> None:
    door = a_door()
    answer = query_of(door.authorize(a_client(door).request(request_uri="https://shop.example/request")))

    assert answer["error"] == "request_uri_not_supported"


def test_oidcc_unsigned_request_object() -> None:
    door = a_door()
    answer = query_of(door.authorize(a_client(door).request(request="eyJhbGciOiJub25lIn0.e30.")))

    assert answer["error"] == "request_not_supported"


def test_oidcc_ensure_request_with_valid_pkce_succeeds() -> None:
    assert log_in(a_door())["sub"] == SUBJECT


def test_a_code_lives_a_minute() -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    door.clock.move(timedelta(seconds=60))

    assert door.token(client.exchange(code)).body["error"] == "invalid_grant"


def test_an_access_token_lives_ten_minutes() -> None:
    door = a_door()
    client = a_client(door)
    token = door.token(client.exchange(client.get_code(door))).body["access_token"]
    door.clock.move(timedelta(minutes=10, seconds=-1))
    assert door.userinfo(f"Bearer {token}").status == 200
    door.clock.move(timedelta(seconds=1))

    assert door.userinfo(f"Bearer {token}").status == 401
