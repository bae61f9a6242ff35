import pytest

from foundation.keys import SignatureAlgorithm
from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import LocalText
from idp.protocols.oidc.registration import check_registration
from tests.support.oidc import REDIRECT_URI, a_registration, an_ec_signer, public_jwk


def faults_of(**changes: object) -> tuple[str, ...]:
    with pytest.raises(RegistrationRefused) as refused:
        check_registration(a_registration(**changes))
    return tuple(str(fault) for fault in refused.value.faults)


def test_a_good_registration_is_read() -> None:
    registration = check_registration(a_registration())

    assert registration.redirect_uris == (REDIRECT_URI,)
    assert [key.algorithms for key in registration.keys] == [("ES256",)]
    assert registration.id_token_algorithm is SignatureAlgorithm.RS256
    assert (registration.client_id, registration.name, registration.home_url) == (None, None, None)


def test_what_a_client_says_of_itself_is_read() -> None:
    said = {"client_id": "shop", "client_name": "Sample shop", "client_name#ja": "見本商店"}
    registration = check_registration(a_registration(**said, client_uri="https://shop.example/"))

    assert registration.client_id == "shop"
    assert registration.name == LocalText(ja="見本商店", en="Sample shop")
    assert registration.home_url == "https://shop.example/"


@pytest.mark.parametrize("name", ["client_id", "client_name", "client_name#ja", "client_uri"])
@pytest.mark.parametrize("value", ["", 5, "two\nlines", "x" * 1025, "\u202egnp.exe"])
def test_what_it_says_must_be_one_readable_line(name: str, value: object) -> None:
    assert faults_of(**{name: value})[0].startswith(f"{name}: must be a text")


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(
        redirect_uris=["http://shop.example/"],
        jwks=None,
        token_endpoint_auth_method="client_secret_basic",  # noqa: S106 (a method)
        id_token_signed_response_alg="none",  # noqa: S106 (an algorithm)
        jwks_uri="https://shop.example/jwks",
    )

    assert [fault.partition(":")[0] for fault in faults] == [
        "jwks_uri",
        "token_endpoint_auth_method",
        "redirect_uris[0]",
        "jwks",
        "id_token_signed_response_alg",
    ]


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("http://shop.example/callback", "https"),
        ("http://127.0.0.4:8474/callback", "https"),
        ("ftp://shop.example/", "https"),
        ("javascript:alert(1)", "host"),
        ("/callback", "host"),
        ("https:///callback", "host"),
        ("https://user:pass@shop.example/callback", "user name"),
        ("https://@shop.example/callback", "user name"),
        ("https://shop.example:0/", "host"),
        ("https://shop.example/callback#", "fragment"),
        ("https://shop.example/callback?code=1", "query"),
        ("https://shop.example/callback?iss", "query"),
        ("https://見本.example/callback", "ASCII"),
        ("https://shop.example/ callback", "ASCII"),
        ("https://shop.example/\tcallback", "ASCII"),
        ("https://shop.example\\callback", "ASCII"),
        ("https://[::1/callback", "not an address"),
        ("https://shop.example:port/callback", "not an address"),
        (5, "ASCII"),
    ],
)
def test_a_redirect_address_that_could_lead_astray_is_refused(uri: object, fault: str) -> None:
    assert fault in faults_of(redirect_uris=[uri])[0]


@pytest.mark.parametrize("uris", [None, [], "https://shop.example/", ["https://shop.example/"] * 21, {}])
def test_there_must_be_a_list_of_redirect_addresses(uris: object) -> None:
    assert faults_of(redirect_uris=uris)[0].startswith("redirect_uris: must be a list")


def test_an_address_may_not_stand_there_twice() -> None:
    assert "twice" in faults_of(redirect_uris=[REDIRECT_URI, REDIRECT_URI])[0]


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.4:8474/callback", "http://localhost/callback", "http://[::1]/callback"]
)
def test_development_may_use_plain_http_on_this_computer(uri: str) -> None:
    registration = check_registration(a_registration(redirect_uris=[uri]), unsafe_http_loopback=True)

    assert registration.redirect_uris == (uri,)


@pytest.mark.parametrize("uri", ["http://shop.example/callback", "http://localhost.example/", "http://10.0.0.1/"])
def test_development_may_not_use_plain_http_elsewhere(uri: str) -> None:
    with pytest.raises(RegistrationRefused, match="https"):
        check_registration(a_registration(redirect_uris=[uri]), unsafe_http_loopback=True)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '"x"', "null", "\ud800", "x" * 70000, '{"a":' * 2000 + "1" + "}" * 2000]
)
def test_a_text_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(RegistrationRefused):
        check_registration(text)


def test_two_keys_may_not_share_an_id() -> None:
    key = public_jwk(an_ec_signer("client"))

    assert "kid" in faults_of(jwks={"keys": [key, key]})[0]
