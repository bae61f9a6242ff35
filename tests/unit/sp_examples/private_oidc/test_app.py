import base64
import re
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from idp.protocols.oidc.jws import sign_claims
from tests.support.oidc import ISSUER, SUBJECT, an_ec_signer, an_rsa_signer, public_jwk
from tests.support.shop import Shop


def test_a_citizen_logs_in_and_sees_number_time_and_way(shop: Shop) -> None:
    back = shop.begin()
    answer = shop.browser.get(back, follow_redirects=True)

    assert answer.request.path == "/home"
    assert SUBJECT in answer.text
    assert "マイナンバーカードと暗証番号" in answer.text
    assert re.search(r"\d+年\d+月\d+日 \d\d:\d\d（日本時間）", answer.text)


def test_the_request_has_all_that_protects_it(shop: Shop) -> None:
    query = parse_qs(urlsplit(shop.browser.get("/login").headers["Location"]).query)

    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [shop.settings.callback_url]
    assert {"state", "nonce", "code_challenge", "acr_values"} <= query.keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("iss=", "not_iss="),
        ("iss=https%3A%2F%2Fidp.example", "iss=https%3A%2F%2Fevil.example"),
        ("state=", "state=x"),
        ("code=", "code=x"),
        ("code=", "code=x&code="),
        ("code=", "x=1&x=2&code="),
    ],
)
def test_an_answer_that_was_tampered_with_is_refused(shop: Shop, old: str, new: str) -> None:
    back = shop.begin()
    answer = shop.browser.get(back.replace(old, new, 1))

    assert answer.status_code == 400
    assert "ログインできませんでした" in answer.text
    assert shop.browser.get("/home").status_code == 302


def test_an_answer_serves_once(shop: Shop) -> None:
    back = shop.begin()
    assert shop.browser.get(back).status_code == 303

    assert shop.browser.get(back).status_code == 400


def test_an_answer_for_another_browser_is_refused(shop: Shop) -> None:
    back = shop.begin()
    other = shop.browser.application.test_client()

    assert other.get(back).status_code == 400


def claims_in(body: dict[str, object]) -> dict[str, object]:
    return msgspec.json.decode(base64.urlsafe_b64decode(str(body["id_token"]).split(".")[1] + "=="))


def changed_claims(body: dict[str, object], **changes: object) -> dict[str, object]:
    """The ID token with other claims, its signature left as it was."""
    header, _, signature = str(body["id_token"]).split(".")
    forged = base64.urlsafe_b64encode(msgspec.json.encode(claims_in(body) | changes)).rstrip(b"=").decode()
    return body | {"id_token": f"{header}.{forged}.{signature}"}


def signed_anew(body: dict[str, object], **changes: object) -> dict[str, object]:
    """The ID token with other claims, signed by the provider's own key."""
    return body | {"id_token": sign_claims(claims_in(body) | changes, an_rsa_signer("idp"))}


def test_an_id_token_changed_on_the_way_is_refused(shop: Shop) -> None:
    back = shop.begin()
    shop.network.change = lambda path, body: changed_claims(body, sub="x") if path == "/oidc/token" else body

    assert shop.browser.get(back).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other", "azp": "shop"},
        {"aud": ["other"]},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"acr": f"{ISSUER}/acr/fallback"},
        {"exp": 1_700_000_000},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
)
def test_a_well_signed_id_token_that_is_not_for_this_login_is_refused(shop: Shop, changes: dict[str, object]) -> None:
    back = shop.begin()
    shop.network.change = lambda path, body: signed_anew(body, **changes) if path == "/oidc/token" else body

    assert shop.browser.get(back).status_code == 400


def test_a_well_signed_id_token_with_nothing_changed_is_good(shop: Shop) -> None:
    back = shop.begin()
    shop.network.change = lambda path, body: signed_anew(body) if path == "/oidc/token" else body

    assert shop.browser.get(back).status_code == 303


def test_an_id_token_by_a_stranger_is_refused(shop: Shop) -> None:
    back = shop.begin()
    stranger = {"keys": [public_jwk(an_ec_signer("stranger"))]}
    shop.network.change = lambda path, body: stranger if path == "/oidc/jwks" else body

    assert shop.browser.get(back).status_code == 400


def test_a_token_answer_without_an_id_token_is_refused(shop: Shop) -> None:
    back = shop.begin()
    shop.network.change = lambda _, body: {name: value for name, value in body.items() if name != "id_token"}

    assert shop.browser.get(back).status_code == 400


def test_metadata_of_another_issuer_is_refused(shop: Shop) -> None:
    shop.network.change = lambda _, body: body | {"issuer": "https://evil.example"}

    assert shop.browser.get("/login").status_code == 400


def test_a_login_that_was_stopped_is_said_plainly(shop: Shop) -> None:
    asked = parse_qs(urlsplit(shop.browser.get("/login").headers["Location"]).query)
    back = {"error": "access_denied", "state": asked["state"][0], "iss": ISSUER}

    answer = shop.browser.get("/callback", query_string=back)
    assert (answer.status_code, "ログインしませんでした" in answer.text) == (200, True)
    assert shop.browser.get("/callback", query_string=back).status_code == 400


def test_an_error_that_nobody_asked_for_is_refused(shop: Shop) -> None:
    answer = shop.browser.get("/callback", query_string={"error": "access_denied", "state": "x", "iss": ISSUER})

    assert answer.status_code == 400


def test_a_login_service_that_cannot_be_reached_is_said_plainly(shop: Shop) -> None:
    shop.network.is_cut = True

    assert shop.browser.get("/login").status_code == 503


def test_logging_out_ends_this_sites_session_and_says_that_others_go_on(shop: Shop) -> None:
    shop.browser.get(shop.begin())
    answer = shop.browser.post("/logout", follow_redirects=True)

    assert "ログアウトしたのは、このサイトだけです" in answer.text
    assert shop.browser.get("/home").status_code == 302


def test_another_site_cannot_log_anybody_out(shop: Shop) -> None:
    """Its form comes without the cookie (SameSite), and a new cookie in the answer would take the session's place."""
    answer = shop.browser.application.test_client().post("/logout", headers={"Origin": "https://evil.example"})

    assert "Set-Cookie" not in answer.headers


def test_a_visitor_reads_english_by_choice_and_keeps_it_through_the_login(shop: Shop) -> None:
    assert "Members' page" in shop.browser.get("/?lang=en").text.replace("&#39;", "'")
    shop.browser.get(shop.begin())

    assert "Card read at" in shop.browser.get("/home").text


def test_the_session_cookie_is_for_this_site_over_tls_and_not_for_scripts(shop: Shop) -> None:
    cookie = shop.browser.get("/login").headers["Set-Cookie"]

    assert all(word in cookie for word in ("__Host-session=", "HttpOnly", "Path=/;", "Secure", "SameSite=Lax"))


@pytest.mark.parametrize("path", ["/", "/logged-out", "/callback"])
def test_every_page_carries_its_protection(shop: Shop, path: str) -> None:
    headers = shop.browser.get(path).headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
