from pathlib import Path

import pytest

from card_agent.settings import AgentSettings, Site
from foundation.settings import SettingsError, load

DEVELOPMENT = Path(__file__).parents[3] / "config" / "development" / "agent.toml"


def test_the_development_settings_are_valid() -> None:
    settings = load(AgentSettings, DEVELOPMENT)
    assert settings.host == "127.0.0.1:8471"
    assert [site.answer_address for site in settings.sites] == ["http://127.0.0.2:8472/card/answer"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://login.example.jp/",
        "https://Login.example.jp",
        "https://login.example.jp:443",
        "https://user@login.example.jp",
        "https://*.example.jp",
        "https://login.example.jp?x",
        "login.example.jp",
        "null",
        "",
        "ftp://login.example.jp",
        "http://login.example.jp",
        "http://192.0.2.1",
    ],
)
def test_an_origin_that_no_browser_writes_or_that_is_not_safe_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"origin|http"):
        Site(origin=origin)


@pytest.mark.parametrize("path", ["card/answer", "/a?b", "/a#b", "/a b", "//\nx", ""])
def test_an_answer_path_is_plain(path: str) -> None:
    with pytest.raises(ValueError, match="plain path"):
        Site(origin="https://login.example.jp", answer_path=path)


@pytest.mark.parametrize(
    "text",
    [
        'port = 80\n[[sites]]\norigin = "https://a.example"',
        "port = 8471\nsites = []",
        'port = 8471\n[[sites]]\norigin = "https://a.example"\n[[sites]]\norigin = "https://a.example"',
        'port = 8471\nmost_requests = 0\n[[sites]]\norigin = "https://a.example"',
        'port = 8471\nrequest_lifetime = 60\n[[sites]]\norigin = "https://a.example"',
    ],
)
def test_settings_that_make_no_sense_stop_the_start(text: str, tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        load(AgentSettings, tmp_path / "agent.toml")
