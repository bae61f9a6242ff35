import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from foundation.texts import LANGUAGES, Message, load_texts
from idp.web.formatting import FILTERS

WEB = Path(__file__).resolve().parents[4] / "idp" / "web"
NOW = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
HOSTILE = '見本省"><script>alert(1)</script>'
SITE = SimpleNamespace(name=HOSTILE, operator=HOSTILE, url="http://127.0.0.3:8473/")
CHALLENGE = {"format": "jpki-auth:1", "purpose": "login", "nonce": "A" * 43, "expires": 1795151999}
LOGIN = {
    "site": SITE,
    "learns": [],
    "agent_url": "http://127.0.0.1:8471/login",
    "challenge": CHALLENGE,
    "minutes": 5,
    "cancel_url": "/login/x/stop",
    "banner": None,
    "why": None,
}
ENROLMENT = {"site": SITE, "action": "/enrolment/x", "decline_action": "/enrolment/x/decline", "error": False}
HAND_OVER = {"site": SITE, "action": "http://127.0.0.3:8473/acs", "fields": [("RelayState", HOSTILE)]}
ERROR = {
    "message": Message(heading="見出し", body=HOSTILE),
    "action": None,
    "leave_url": None,
    "request_id": "123456789012",
    "now": NOW,
}
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "login": ("login.html", LOGIN),
    "login after the time": ("login.html", LOGIN | {"banner": Message(heading=HOSTILE, body="x")}),
    "login again": ("login.html", LOGIN | {"why": HOSTILE, "learns": [HOSTILE]}),
    "enrolment": ("enrolment.html", ENROLMENT),
    "enrolment unticked": ("enrolment.html", ENROLMENT | {"error": True}),
    "hand-over": ("handover.html", HAND_OVER | {"message": Message(heading="見出し", body=HOSTILE)}),
    "stopped": ("stopped.html", HAND_OVER | {"message": Message(heading="見出し")}),
    "error": ("error.html", ERROR),
    "error with a cure": ("error.html", ERROR | {"action": {"label": HOSTILE, "url": "/x"}, "leave_url": "/y"}),
    "start": ("start.html", {"sites": [SITE], "session": SimpleNamespace(until=NOW)}),
    "start, nobody in": ("start.html", {"sites": [], "session": None}),
    "logged out": ("logged_out.html", {"sites": [HOSTILE]}),
    "help": ("help.html", {"loss_hotline": "0000"}),
    "help without hotline": ("help.html", {}),
    "accessibility": ("accessibility.html", {}),
    "privacy": ("privacy.html", {}),
}

every_page = pytest.mark.parametrize("page", PAGES)
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def rendered(page: str, language: str) -> str:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True, undefined=StrictUndefined)
    environment.filters.update(FILTERS)
    template, context = PAGES[page]
    texts = load_texts(WEB / "translations")[language]
    return environment.get_template(template).render(
        context, t=texts, language=language, language_url="?lang=x", service_name="S"
    )


@every_page
@both_languages
def test_a_page_escapes_every_word_from_outside(page: str, language: str) -> None:
    assert "<script>" not in rendered(page, language)


@every_page
@both_languages
def test_a_page_has_one_heading_a_title_and_its_language(page: str, language: str) -> None:
    html = rendered(page, language)
    assert len(re.findall(r"<h1\b", html)) == 1
    assert re.search(rf'<html lang="{language}">', html)
    assert re.search(r"<title>\S.* - \S.*</title>", html)


@every_page
@both_languages
def test_a_page_has_one_filled_button_at_most(page: str, language: str) -> None:
    assert len(re.findall(r'class="button"', rendered(page, language))) <= 1


@pytest.mark.parametrize("page", ["error", "enrolment unticked"])
def test_the_title_of_an_error_says_so(page: str) -> None:
    assert "<title>エラー：" in rendered(page, "ja")
    assert "<title>Error: " in rendered(page, "en")


def test_the_login_page_has_no_field_for_the_pin() -> None:
    fields = re.findall(r'<input type="([a-z]+)" name="([a-z]+)"', rendered("login", "ja"))
    assert fields == [("hidden", name) for name in ("format", "purpose", "nonce", "expires", "lang")]


def test_the_box_for_consent_is_not_ticked_beforehand() -> None:
    box = re.findall(r'<input type="checkbox"[^>]*>', rendered("enrolment", "ja"))
    assert box == ['<input type="checkbox" name="agree" value="yes">']


def test_the_number_for_enquiries_is_grouped_and_the_time_is_marked() -> None:
    html = rendered("error", "ja")
    assert "1234-5678-9012" in html
    assert '<time datetime="2026-11-20T14:05+09:00">2026年11月20日（金）14:05</time>' in html
