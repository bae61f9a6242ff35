"""Hostile clients, thieves of codes, and forgers of client assertions, at the OpenID provider."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.support.oidc import (
    CLIENT_ID,
    ISSUER,
    REDIRECT_URI,
    AdapterDoor,
    TestClient,
    a_client,
    a_client_site,
    a_door,
    a_registration,
    an_ec_signer,
    an_rsa_signer,
    public_jwk,
    query_of,
    s256,
)

OTHER_CLIENT = "https://other.example"


def two_clients() -> tuple[AdapterDoor, TestClient, TestClient]:
    other = a_registration(
        redirect_uris=["https://other.example/callback"], jwks={"keys": [public_jwk(an_ec_signer("other"))]}
    )
    door = a_door(a_client_site(), a_client_site(name="other", client_id=OTHER_CLIENT, registration=other))
    thief = TestClient(
        clock=door.clock,
        client_id=OTHER_CLIENT,
        redirect_uri="https://other.example/callback",
        signer=an_ec_signer("other"),
    )
    return door, a_client(door), thief


def error_of(door: AdapterDoor, client: TestClient, **changes: str | None) -> str:
    """The token endpoint's error to an otherwise good request."""
    answer = door.token(client.exchange(client.get_code(door), **changes))
    assert answer.status == 400
    assert "access_token" not in answer.body
    return str(answer.body["error"])


# Codes


def test_a_code_used_twice_takes_back_the_token_it_gave() -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    token = door.token(client.exchange(code)).body["access_token"]
    assert door.userinfo(f"Bearer {token}").status == 200

    assert door.token(client.exchange(code)).body["error"] == "invalid_grant"
    assert door.userinfo(f"Bearer {token}").status == 401


def test_a_code_used_twice_at_once_gives_no_token_that_lasts() -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    exchange = client.exchange(code)
    issue, races = door.adapter._access_tokens.issue, []  # noqa: SLF001 (the moment between the two steps is not reachable from outside)

    def issue_after_a_rival(*arguments: str, **named: object) -> str:
        races.append(door.token(client.exchange(code)).body["error"])
        return issue(*arguments, **named)  # type: ignore[arg-type] # Passed on as they came.

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(door.adapter._access_tokens), "issue", lambda _, *a, **n: issue_after_a_rival(*a, **n))  # noqa: SLF001 (as above)
        answer = door.token(exchange)

    assert races == ["invalid_grant"]
    assert answer.body["error"] == "invalid_grant"


def test_a_stolen_code_is_worth_nothing_to_another_client_and_is_used_up() -> None:
    door, client, thief = two_clients()
    code = client.get_code(door)

    stolen = door.token(thief.exchange(code, redirect_uri=REDIRECT_URI, code_verifier=client.verifier))
    assert stolen.body["error"] == "invalid_grant"
    assert door.token(client.exchange(code)).body["error"] == "invalid_grant"


def test_a_guessed_code_is_refused() -> None:
    door = a_door()
    client = a_client(door)

    assert door.token(client.exchange(secrets.token_urlsafe(32))).body["error"] == "invalid_grant"


@pytest.mark.parametrize("redirect_uri", [None, "https://shop.example/", REDIRECT_URI + "?x"])
def test_a_code_is_bound_to_the_redirect_address_of_its_request(redirect_uri: str) -> None:
    door = a_door()

    assert error_of(door, a_client(door), redirect_uri=redirect_uri) == "invalid_grant"


# PKCE


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S512"},
        {"code_challenge": "A" * 42},
        {"code_challenge": "A" * 44},
        {"code_challenge": "A" * 42 + "="},
        {"code_challenge": "A" * 43 + "\n"},
    ],
)
def test_a_request_without_an_s256_challenge_gets_no_code(changes: dict[str, object]) -> None:
    door = a_door()
    answer = query_of(door.authorize(a_client(door).request(**changes)))

    assert (answer["error"], answer["state"]) == ("invalid_request", "a state")
    assert "code" not in answer


def test_a_code_without_its_verifier_is_refused() -> None:
    door = a_door()

    assert error_of(door, a_client(door), code_verifier=None) == "invalid_request"


@pytest.mark.parametrize("verifier", [secrets.token_urlsafe(32), "x" * 43], ids=["random", "plain"])
def test_a_code_with_another_verifier_is_refused(verifier: str) -> None:
    door = a_door()

    assert error_of(door, a_client(door), code_verifier=verifier) == "invalid_grant"


def test_the_challenge_is_not_its_own_verifier() -> None:
    door = a_door()
    client = a_client(door)

    assert error_of(door, client, code_verifier=s256(client.verifier)) == "invalid_grant"


# Redirect addresses


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        REDIRECT_URI + "/",
        REDIRECT_URI + "?x=1",
        REDIRECT_URI + "#x",
        REDIRECT_URI + "%20",
        REDIRECT_URI + ".evil.example",
        REDIRECT_URI[:-1],
        REDIRECT_URI.upper(),
        "HTTPS://shop.example/callback",
        "https://SHOP.example/callback",
        "https://shop.example:443/callback",
        "https://user@shop.example/callback",
        "https://shop.example.evil.example/callback",
        "https://evil.example/?https://shop.example/callback",
        "https://shop.example/x/../callback",
        "https://shop.example/%63allback",
        "https://shop.example/%2563allback",
        "https://shop.example\\@evil.example/callback",
        "https:shop.example/callback",
        "//shop.example/callback",
        "http://shop.example/callback",
        " " + REDIRECT_URI,
        REDIRECT_URI + "\r\nX: y",
        "javascript:alert(1)",
    ],
)
def test_no_browser_is_sent_to_an_address_that_is_not_exactly_registered(redirect_uri: str) -> None:
    door = a_door()
    client = a_client(door)

    assert door.authorize(client.request(redirect_uri=redirect_uri)) is None
    assert door.authorize(client.request(redirect_uri=redirect_uri, scope=None, prompt="none")) is None


def test_a_client_cannot_use_the_address_of_another() -> None:
    door, client, thief = two_clients()

    assert door.authorize(client.request(redirect_uri=thief.redirect_uri)) is None


@pytest.mark.parametrize("client_id", [None, "", "https://unknown.example", CLIENT_ID + "\0", CLIENT_ID.upper()])
def test_no_browser_is_sent_on_for_an_unknown_client(client_id: str) -> None:
    door = a_door()

    assert door.authorize(a_client(door).request(client_id=client_id)) is None


# Parameters


@pytest.mark.parametrize(
    "name",
    ["response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "prompt", "unknown"],
)
def test_a_repeated_parameter_is_refused_to_the_client(name: str) -> None:
    door = a_door()
    parameters = a_client(door).request(prompt="login", unknown="x")
    again = next(pair for pair in parameters if pair[0] == name)
    answer = query_of(door.authorize([*parameters, again]))

    assert (answer["error"], answer["iss"]) == ("invalid_request", ISSUER)
    assert answer.get("state") == (None if name == "state" else "a state")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
@pytest.mark.parametrize("first", ["", "https://evil.example/callback"])
def test_a_repeated_client_or_address_is_answered_by_a_page(name: str, first: str) -> None:
    door = a_door()
    parameters = a_client(door).request()

    assert door.authorize([(name, first), *parameters]) is None
    assert door.authorize([*parameters, (name, first)]) is None


@pytest.mark.parametrize("name", ["grant_type", "code", "code_verifier", "client_assertion", "redirect_uri", "unknown"])
def test_a_repeated_parameter_of_a_token_request_is_refused(name: str) -> None:
    door = a_door()
    client = a_client(door)
    parameters = client.exchange(client.get_code(door), unknown="x")
    again = next(pair for pair in parameters if pair[0] == name)

    assert door.token([*parameters, again]).body["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["state", "nonce"])
@pytest.mark.parametrize(
    "text",
    [
        '"><script>alert(1)</script>',
        "a\r\nLocation: https://evil.example/",
        "&code=forged&iss=https://evil.example#",
        "\0",
        "日本語 😀 \u202e",
        "%0d%0a%26",
        '{"a": [1]}',
        "  spaces  ",
    ],
)
def test_hostile_text_goes_back_exactly_and_harms_nothing(name: str, text: str) -> None:
    door = a_door()
    client = a_client(door)
    url = door.authorize(client.request(**{name: text}))

    assert url is not None
    assert url.isascii()
    assert url.isprintable()
    assert url.partition("?")[0] == REDIRECT_URI
    answer = query_of(url)
    assert answer.keys() == {"code", "state", "iss"}
    body = door.token(client.exchange(answer["code"])).body
    claims = msgspec.json.decode(_unpadded(str(body["id_token"]).split(".")[1]))
    assert {"state": answer["state"], "nonce": claims["nonce"]}[name] == text


def _unpadded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@pytest.mark.parametrize(
    "extra",
    [
        [("a", "x" * 16 * 1024)],
        [("x" * 16 * 1024, "")],
        [(f"p{number}", "x") for number in range(60)],
        [("a", "\ud800")],
    ],
)
def test_more_than_any_honest_request_holds_is_refused(extra: str) -> None:
    door = a_door()
    client = a_client(door)

    assert door.authorize([*client.request(), *extra]) is None
    answer = door.token([*client.exchange(client.get_code(door)), *extra])
    assert answer.body["error"] == "invalid_request"


def test_a_state_too_long_to_echo_is_answered_by_a_page() -> None:
    door = a_door()

    assert door.authorize(a_client(door).request(state="x" * 2049)) is None


def test_a_nonce_too_long_to_keep_is_refused() -> None:
    door = a_door()

    assert query_of(door.authorize(a_client(door).request(nonce="x" * 513)))["error"] == "invalid_request"


@pytest.mark.parametrize("max_age", ["-1", "1.5", "１", "1e3", " 1", "9" * 30, "0x10"])
def test_an_unreadable_max_age_is_refused_not_guessed(max_age: str) -> None:
    door = a_door()

    assert query_of(door.authorize(a_client(door).request(max_age=max_age)))["error"] == "invalid_request"


@pytest.mark.parametrize("prompt", ["none login", "login none", "none consent"])
def test_silence_and_a_page_cannot_be_asked_together(prompt: str) -> None:
    door = a_door()

    assert query_of(door.authorize(a_client(door).request(prompt=prompt)))["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "code id_token", "none", "CODE", "code "])
def test_nothing_but_a_code_comes_through_the_browser(response_type: str) -> None:
    door = a_door()
    answer = query_of(door.authorize(a_client(door).request(response_type=response_type)))

    assert answer["error"] == "unsupported_response_type"


@pytest.mark.parametrize("scope", [None, "profile", "OPENID", "openidx", "open id", "\topenid"])
def test_a_request_that_is_not_for_openid_is_refused(scope: str) -> None:
    door = a_door()

    assert query_of(door.authorize(a_client(door).request(scope=scope)))["error"] == "invalid_scope"


# Client assertions


def test_an_assertion_serves_once() -> None:
    door = a_door()
    client = a_client(door)
    assertion = client.assertion()
    assert door.token(client.exchange(client.get_code(door), client_assertion=assertion)).status == 200

    assert error_of(door, client, client_assertion=assertion) == "invalid_client"


def test_an_assertion_id_serves_once_until_its_end_and_after() -> None:
    door = a_door()
    client = a_client(door)
    assertion = client.assertion(jti="again")
    assert door.token(client.exchange(client.get_code(door), client_assertion=assertion)).status == 200
    for _ in range(13):
        door.clock.move(timedelta(seconds=10))
        assert error_of(door, client, client_assertion=assertion) == "invalid_client"


def test_two_clients_may_use_the_same_assertion_id() -> None:
    door, client, other = two_clients()
    for each in (client, other):
        assertion = each.assertion(jti="same")
        assert door.token(each.exchange(each.get_code(door), client_assertion=assertion)).status == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other-idp.example"},
        {"aud": [ISSUER, "https://other-idp.example"]},
        {"aud": []},
        {"aud": None},
        {"aud": ISSUER + "/"},
        {"aud": {"a": ISSUER}},
        {"iss": OTHER_CLIENT},
        {"iss": None},
        {"sub": OTHER_CLIENT},
        {"sub": None},
        {"sub": 5},
        {"sub": "https://unknown.example", "iss": "https://unknown.example"},
        {"exp": None},
        {"exp": "1800000000"},
        {"exp": True},
        {"exp": 10**300},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 300},
        {"jti": 7},
        {"iat": "now"},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(claims: dict[str, object]) -> None:
    door = a_door()
    client = a_client(door)

    assert error_of(door, client, client_assertion=client.assertion(**claims)) == "invalid_client"


@pytest.mark.parametrize(
    ("claim", "delta"), [("exp", -61), ("exp", -3600), ("exp", 3661), ("iat", 61), ("nbf", 61), ("nbf", 3600)]
)
def test_an_assertion_outside_its_time_is_refused(claim: str, delta: int) -> None:
    door = a_door()
    client = a_client(door)
    moment = int(door.clock().timestamp()) + delta

    assert error_of(door, client, client_assertion=client.assertion(**{claim: moment})) == "invalid_client"


@pytest.mark.parametrize(("claim", "delta"), [("exp", -55), ("iat", 55), ("nbf", 8), ("exp", 3600)])
def test_clocks_may_differ_a_little(claim: str, delta: int) -> None:
    door = a_door()
    client = a_client(door)
    assertion = client.assertion(**{claim: int(door.clock().timestamp()) + delta})

    assert door.token(client.exchange(client.get_code(door), client_assertion=assertion)).status == 200


def forged(client: TestClient, header: dict[str, object], signature: bytes | None = None) -> str:
    """An assertion with the given header, signed by the client's own key unless a signature is given."""
    segments = [msgspec.json.encode(header), msgspec.json.encode(client.assertion_claims())]
    signed = ".".join(_encoded(segment) for segment in segments)
    return f"{signed}.{_encoded(client.signer.sign(signed.encode()) if signature is None else signature)}"


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_forged_assertion_with_an_honest_header_is_good() -> None:
    door = a_door()
    client = a_client(door)
    assertion = forged(client, {"alg": "ES256", "kid": client.signer.key_id})

    assert door.token(client.exchange(client.get_code(door), client_assertion=assertion)).status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "unknown"},
        {"alg": "none"},
        {"alg": "RS256"},
        {"alg": "PS256"},
        {"alg": "HS256"},
        {"alg": "es256"},
        {"alg": None},
        {"alg": 5},
        {"jwk": {"kty": "EC"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MII"]},
        {"crit": ["exp"], "exp": "1"},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
    ],
)
def test_an_assertion_with_a_hostile_header_is_refused(header: dict[str, object]) -> None:
    door = a_door()
    client = a_client(door)
    good: dict[str, object] = {"alg": "ES256", "kid": client.signer.key_id}
    whole = {name: value for name, value in (good | header).items() if value is not None}

    assert error_of(door, client, client_assertion=forged(client, whole)) == "invalid_client"


def test_an_unsigned_assertion_is_refused() -> None:
    door = a_door()
    client = a_client(door)
    unsigned = forged(client, {"alg": "none"}, b"")

    assert error_of(door, client, client_assertion=unsigned) == "invalid_client"


def test_a_public_key_is_not_a_shared_secret() -> None:
    door = a_door()
    client = a_client(door)
    header = {"alg": "HS256", "kid": client.signer.key_id}
    secret = msgspec.json.encode(public_jwk(client.signer))
    signed = forged(client, header, b"").removesuffix(".")
    signature = hmac.digest(secret, signed.encode(), hashlib.sha256)

    assert error_of(door, client, client_assertion=f"{signed}.{_encoded(signature)}") == "invalid_client"


@pytest.mark.parametrize("key_id", ["its own", "the client's", None])
def test_an_assertion_by_another_key_is_refused(key_id: str) -> None:
    door = a_door()
    client = a_client(door)
    stranger = an_ec_signer("stranger")
    header: dict[str, object] = {"alg": "ES256"}
    if key_id is not None:
        header["kid"] = stranger.key_id if key_id == "its own" else client.signer.key_id
    signed = forged(client, header, b"").removesuffix(".")

    assertion = f"{signed}.{_encoded(stranger.sign(signed.encode()))}"
    assert error_of(door, client, client_assertion=assertion) == "invalid_client"


def test_without_a_key_id_no_key_is_guessed() -> None:
    keys = {"keys": [public_jwk(an_ec_signer("client")), public_jwk(an_rsa_signer("client"))]}
    door = a_door(a_client_site(registration=a_registration(jwks=keys)))
    client = a_client(door)

    assert error_of(door, client, client_assertion=forged(client, {"alg": "ES256"})) == "invalid_client"


def test_a_key_registered_for_one_algorithm_verifies_no_other() -> None:
    signer = an_rsa_signer("client")
    keys = {"keys": [public_jwk(signer, alg="PS256")]}
    door = a_door(a_client_site(registration=a_registration(jwks=keys)))
    client = TestClient(clock=door.clock, signer=signer)

    assert error_of(door, client) == "invalid_client"


def test_claims_changed_under_a_signature_are_refused() -> None:
    door, client, thief = two_clients()
    header, _, signature = thief.assertion().split(".")
    claims = _encoded(msgspec.json.encode(client.assertion_claims()))

    assert error_of(door, client, client_assertion=f"{header}.{claims}.{signature}") == "invalid_client"


def test_another_clients_assertion_is_no_proof_for_this_client() -> None:
    door, client, thief = two_clients()
    changes = {"client_assertion": thief.assertion(), "client_id": CLIENT_ID}

    assert error_of(door, client, **changes) == "invalid_client"


def test_an_id_token_of_ours_is_no_client_assertion() -> None:
    door = a_door()
    client = a_client(door)
    id_token = str(door.token(client.exchange(client.get_code(door))).body["id_token"])

    assert error_of(door, client, client_assertion=id_token) == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_assertion": "x"},
        {"client_assertion": "..."},
        {"client_assertion": "e30.e30."},
        {"client_assertion": "e30.e30.e30"},
        {"client_assertion": "ImFsZyI.ImFsZyI.e30"},
        {"client_assertion": "x" * 9000},
        {"client_assertion": "eyJhbGciOiJFUzI1NiJ9." + _encoded(b'{"x":' + b"[" * 2900 + b"]" * 2900 + b"}") + ".e30"},
        {"client_assertion": "eyJhbGciOiJFUzI1NiJ9." + _encoded(b"\xff\xfe") + ".e30"},
        {"client_assertion": "日本.日本.日本"},
        {"client_assertion_type": None},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_secret": "secret"},
        {"client_id": OTHER_CLIENT},
    ],
)
def test_a_client_that_does_not_prove_itself_properly_is_refused(changes: dict[str, object]) -> None:
    door = a_door()

    assert error_of(door, a_client(door), **changes) == "invalid_client"


def test_a_client_that_proves_nothing_is_refused_before_its_code_is_looked_at() -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    parameters = [pair for pair in client.exchange(code) if not pair[0].startswith("client_assertion")]

    assert door.token([*parameters, ("client_id", CLIENT_ID)]).body["error"] == "invalid_client"
    assert door.token(client.exchange(code)).status == 200


# Access tokens


def test_the_part_of_a_token_that_its_code_reveals_opens_nothing() -> None:
    door = a_door()
    client = a_client(door)
    token = str(door.token(client.exchange(client.get_code(door))).body["access_token"])
    identifier = token.partition(".")[0]

    for guess in (identifier, f"{identifier}.", f"{identifier}.{secrets.token_urlsafe(32)}", f"{token}x", token[:-1]):
        assert door.userinfo(f"Bearer {guess}").status == 401


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Bearer", 400),
        ("Bearer ", 400),
        ("Basic dXNlcjpwYXNz", 400),
        ("Bearer a b", 400),
        ("Bearer a\r\nX: y", 400),
        ("Bearer 日本", 400),
        ("Bearer " + "x" * 2000, 400),
        ("Bearer unknown", 401),
        ("Bearer unknown.unknown", 401),
    ],
)
def test_userinfo_opens_only_to_a_good_token(authorization: str, status: int) -> None:
    answer = a_door().userinfo(authorization)

    assert answer.status == status
    assert answer.headers["www-authenticate"].startswith('Bearer realm="userinfo"')
    assert answer.headers["cache-control"] == "no-store"
    assert "sub" not in answer.body


def test_a_code_is_no_access_token() -> None:
    door = a_door()

    assert door.userinfo(f"Bearer {a_client(door).get_code(door)}").status == 401


def test_errors_repeat_nothing_of_a_hostile_request() -> None:
    door = a_door()
    client = a_client(door)
    text = "<script>hostile</script>"
    answers = [
        door.token(client.exchange(text)),
        door.token(client.exchange("code", grant_type=text)),
        door.token(client.exchange("code", client_assertion=text)),
    ]
    redirect = door.authorize(client.request(response_type=text))

    assert all("hostile" not in str(answer.body) for answer in answers)
    assert redirect is not None
    assert "hostile" not in urlsplit(redirect).query
