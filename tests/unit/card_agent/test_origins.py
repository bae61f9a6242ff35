import pytest

from card_agent.origins import (
    NotNavigation,
    NotOwnForm,
    OriginHidden,
    OriginUnknown,
    WrongHost,
    asking_site,
    require_navigation,
    require_own_form,
    require_own_host,
)
from card_agent.settings import Site

SITE = Site(origin="https://login.example.jp")
OWN = "http://127.0.0.1:8471"


@pytest.mark.parametrize("host", [None, "", "127.0.0.1", "localhost:8471", "127.0.0.1:8471.", "evil.example:8471"])
def test_any_other_host_is_refused(host: str | None) -> None:
    with pytest.raises(WrongHost):
        require_own_host(host, "127.0.0.1:8471")


def test_the_listed_origin_is_served() -> None:
    assert asking_site({"Origin": "https://login.example.jp"}, [SITE]) is SITE


@pytest.mark.parametrize(
    "origin",
    [
        "https://login.example.jp.evil.example",
        "http://login.example.jp",
        "https://login.example.jp:8443",
        "https://LOGIN.example.jp",
        "https://login.example.jp/",
        "https://login.example.jp https://evil.example",
    ],
)
def test_an_origin_is_compared_as_a_whole(origin: str) -> None:
    with pytest.raises(OriginUnknown):
        asking_site({"Origin": origin}, [SITE])


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "https://["}])
def test_a_hidden_origin_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(OriginHidden):
        asking_site(headers, [SITE])


def test_the_host_of_a_stranger_is_cut() -> None:
    with pytest.raises(OriginUnknown) as caught:
        asking_site({"Origin": "https://" + "a" * 500}, [SITE])
    assert len(caught.value.host) == 81


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://login.example.jp"},
        {"Origin": "http://127.0.0.1:8472"},
        {"Origin": OWN, "Sec-Fetch-Site": "same-site"},
        {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_only_the_own_page_sends_the_own_form(headers: dict[str, str]) -> None:
    with pytest.raises(NotOwnForm):
        require_own_form(headers, OWN)


def test_the_own_form_of_an_older_browser_is_served() -> None:
    require_own_form({"Origin": OWN}, OWN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty"},
    ],
)
def test_scripts_and_frames_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotNavigation):
        require_navigation(headers)
