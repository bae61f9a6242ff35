"""What a hostile page, link, proxy or neighbour can make a citizen's browser do at the provider: nothing."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from idp.settings import ServerSettings
from idp.usecases.login import Logins
from tests.support.browser import Browser, Page, read_cookie
from tests.support.house import (
    AGENT,
    ELSEWHERE,
    ISSUER,
    Foundations,
    SampleHouse,
    a_house,
    house_settings,
    is_logged_in,
)

PLAIN = "http://127.0.0.2:8472"
EVIL = "https://evil.example/x"
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP")
WRONG_ORIGINS = [ELSEWHERE, AGENT, "null", None, f"{ISSUER}.evil.example", f"{ISSUER}:444", ISSUER.replace("s", "", 1)]


@pytest.fixture
def browser(house: SampleHouse) -> Browser:
    return house.browser()


def consent_page(house: SampleHouse, browser: Browser) -> Page:
    return house.present(house.card(), browser, browser.open(house.shop.address()))


def every_page(house: SampleHouse, browser: Browser) -> dict[str, Page]:
    """One of each kind, with all the headers that a browser gets."""
    login = browser.open(house.ministry.address())
    pages = {"login": login}
    pages["refused"] = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    pages["consent"] = house.present(house.card(), browser, login)
    pages["hand-over"] = browser.press(pages["consent"], "/enrolment/", agree="yes")
    pages["refused to the site"] = house.browser().open(house.ministry.address(passive=True))
    stopping = house.browser()
    pages["stopped"] = stopping.press(stopping.open(house.ministry.address()), "/login/")
    pages["start"] = browser.open("/")
    pages["leave"] = browser.open("/registration")
    pages["logged out"] = browser.press(pages["start"], "/logout")
    for name in ("help", "accessibility", "privacy"):
        pages[name] = browser.open(f"/{name}")
    pages["unknown"] = browser.open("/unknown")
    pages["invalid"] = browser.open("/login/unknown")
    pages["wrong method"] = browser.send("/help", {}, origin=ISSUER)
    pages["forged"] = browser.send("/logout", {}, origin=ELSEWHERE)
    return pages


# Cross-site request forgery: every form of ours, sent from a page that is not ours, with the browser's cookies.


@pytest.mark.parametrize("origin", WRONG_ORIGINS)
def test_nobody_else_can_end_the_session(house: SampleHouse, browser: Browser, *, origin: str | None) -> None:
    house.log_in(browser, house.shop, house.card())
    page = browser.send("/logout", {}, origin=origin, is_same_site=True)
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert is_logged_in(browser)


@pytest.mark.parametrize("origin", WRONG_ORIGINS)
def test_nobody_else_can_end_the_registration(house: SampleHouse, browser: Browser, *, origin: str | None) -> None:
    card = house.card()
    house.log_in(browser, house.shop, card)
    trail = house.events()
    page = browser.send("/registration/end", {}, origin=origin, is_same_site=True)
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert house.events() == trail
    assert is_logged_in(browser)


@pytest.mark.parametrize("origin", WRONG_ORIGINS)
def test_nobody_else_can_stop_a_login(house: SampleHouse, browser: Browser, *, origin: str | None) -> None:
    login = browser.open(house.shop.address())
    page = browser.send(f"{login.address}/stop", {}, origin=origin, is_same_site=True)
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert browser.open(login.address).form(AGENT)


@pytest.mark.parametrize("origin", WRONG_ORIGINS)
@pytest.mark.parametrize("ending", ["", "/decline"])
def test_nobody_else_can_answer_the_question_of_consent(
    house: SampleHouse, browser: Browser, *, origin: str | None, ending: str
) -> None:
    asked = consent_page(house, browser)
    page = browser.send(f"{asked.address}{ending}", {"agree": "yes"}, origin=origin, is_same_site=True)
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert house.events() == []
    assert house.shop.got_answer(browser.press(asked, "/enrolment/", agree="yes"))


@pytest.mark.parametrize("ending", ["", "/decline"])
def test_question_of_consent_belongs_to_one_browser(house: SampleHouse, browser: Browser, *, ending: str) -> None:
    asked, stranger = consent_page(house, browser), house.browser()
    stranger.open(house.ministry.address())
    assert stranger.open(asked.address).heading == house.heading("request.otherbrowser")
    page = stranger.send(f"{asked.address}{ending}", {"agree": "yes"}, origin=ISSUER)
    assert page.heading == house.heading("request.otherbrowser")
    assert house.events() == []
    assert not is_logged_in(stranger)


def test_login_can_be_stopped_in_its_own_browser_only(house: SampleHouse, browser: Browser) -> None:
    login, stranger = browser.open(house.shop.address()), house.browser()
    stranger.open(house.ministry.address())
    for page in (
        stranger.send(f"{login.address}/stop", {}, origin=ISSUER),
        stranger.open(f"{login.address}/stopped"),
        stranger.open(f"{login.address}/declined"),
        stranger.open(f"{login.address}/release"),
        stranger.open(login.address),
    ):
        assert page.heading == house.heading("request.otherbrowser")
    assert browser.open(login.address).form(AGENT)


def test_every_form_of_ours_is_tried_above(house: SampleHouse) -> None:
    """A new form needs its own test of forgery."""
    posts = {rule.rule for rule in house.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    tried = {
        "/logout",
        "/registration/end",
        "/login/<login_id>/stop",
        "/enrolment/<handle>",
        "/enrolment/<handle>/decline",
    }
    not_by_cookie = {"/card/answer", "/oidc/token", "/oidc/userinfo", "/saml/sso", "/saml/artifact"}
    assert posts == tried | not_by_cookie


# Clickjacking, sniffing, caching.


def test_no_page_can_be_framed_sniffed_or_scripted(house: SampleHouse, browser: Browser) -> None:
    for name, page in every_page(house, browser).items():
        headers = page.response.headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy["frame-ancestors"] == "'none'", name
        assert headers["X-Frame-Options"] == "DENY", name
        assert policy["default-src"] == policy["base-uri"] == "'none'", name
        assert policy["script-src"] == policy["style-src"] == "'self'", name
        assert "unsafe" not in headers["Content-Security-Policy"], name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert headers["Strict-Transport-Security"].startswith("max-age="), name


def test_every_page_works_under_its_own_policy(house: SampleHouse, browser: Browser) -> None:
    """Nothing inline, and the forms reach where they must: the policy is not softer, and not harder, than the page."""
    for name, page in every_page(house, browser).items():
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|javascript:", page.text), name
        allowed = re.search(r"form-action ([^;]*)", page.response.headers["Content-Security-Policy"])
        assert allowed is not None
        for form in page.forms:
            target = urlsplit(form.action)
            wanted = "'self'" if not target.netloc else f"{target.scheme}://{target.netloc}"
            assert {wanted, f"{target.scheme}:"} & set(allowed[1].split()), f"{name}: {form.action}"


def test_only_pages_that_lead_there_may_post_to_another_origin(house: SampleHouse, browser: Browser) -> None:
    leading = {"login", "refused", "consent", "hand-over", "stopped", "refused to the site"}
    for name, page in every_page(house, browser).items():
        foreign = re.search(r"form-action 'self'(?P<more>[^;]*)", page.response.headers["Content-Security-Policy"])
        assert foreign is not None, name
        assert bool(foreign["more"].strip()) == (name in leading), name


def test_nothing_about_a_login_is_kept_by_browser_or_proxy(house: SampleHouse, browser: Browser) -> None:
    every_page(house, browser)
    assert len(browser.responses) > 15
    for response in browser.responses:
        assert response.headers["Cache-Control"] == "no-store", response.request.path


def test_address_of_a_page_is_told_to_nobody(house: SampleHouse, browser: Browser) -> None:
    """Handles stand in addresses. The login page must tell its origin, and no more, to the agent."""
    for name, page in every_page(house, browser).items():
        assert page.response.headers["Referrer-Policy"] == ("origin" if name == "login" else "same-origin"), name


# Host header and forwarding.


@pytest.mark.parametrize("host", ["https://evil.example", f"{ISSUER}:444", f"{ISSUER}.", "https://idp.example.evil"])
@pytest.mark.parametrize("path", ["/", "/saml/metadata", "/.well-known/openid-configuration", "/unknown", "/logout"])
def test_request_for_another_host_is_not_served(house: SampleHouse, *, host: str, path: str) -> None:
    method = "POST" if path == "/logout" else "GET"
    response = house.app.test_client().open(path, method=method, base_url=host, headers={"Origin": ISSUER})
    assert response.status_code == 421
    assert urlsplit(host).netloc not in response.get_data(as_text=True) + str(response.headers)


@pytest.mark.parametrize(
    "host", ["evil.example@idp.example", "idp.example/evil", "idp.example, evil.example", " ", "é"]
)
def test_host_that_is_no_host_is_not_served(house: SampleHouse, *, host: str) -> None:
    response = house.app.test_client().get("/", base_url=ISSUER, environ_overrides={"HTTP_HOST": host})
    assert response.status_code in {400, 421}
    assert "evil" not in response.get_data(as_text=True)


@pytest.mark.parametrize("name", FORWARDING)
def test_forwarded_header_from_anybody_is_refused(house: SampleHouse, browser: Browser, *, name: str) -> None:
    browser.headers = {name: "evil.example"}
    page = browser.open("/")
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert "evil.example" not in page.text + str(page.response.headers)


@pytest.mark.parametrize("name", FORWARDING)
def test_forwarded_header_from_the_proxy_changes_no_address(
    foundations: Foundations, tmp_path: Path, *, name: str
) -> None:
    settings = house_settings(foundations, tmp_path, server=ServerSettings(trusted_proxy="127.0.0.1"))
    with a_house(foundations, settings) as house:
        browser = house.browser()
        browser.headers = {name: "evil.example"}
        assert browser.open("/").status == 200
        page = browser.open(house.shop.address())
        assert page.form(AGENT)
        assert all("evil.example" not in r.get_data(as_text=True) + str(r.headers) for r in browser.responses)


# Open redirects.

NAMES = ("lang", "next", "url", "return", "return_to", "redirect", "redirect_uri", "target", "RelayState", "continue")
EVIL_PATHS = (
    "//evil.example/x",
    "///evil.example",
    "/\\evil.example",
    "/%5Cevil.example",
    "/login//evil.example",
)


@pytest.mark.parametrize("value", [EVIL, "//evil.example/x", "/\\evil.example", "javascript:alert(1)//evil.example"])
def test_no_parameter_of_a_page_leads_elsewhere(house: SampleHouse, browser: Browser, *, value: str) -> None:
    login = browser.open(house.ministry.address())
    refused = house.agent_says(browser, browser.open(house.shop.address()), "locked")
    query = "&".join(f"{name}={quote(value, safe='')}" for name in NAMES)
    for address in ("/", "/help", "/logged-out", "/unknown", login.address, refused.address):
        page = browser.open(f"{address}?{query}")
        assert page.address.startswith((ISSUER, "/"))
        assert "evil.example" not in page.text
        assert "evil.example" not in page.response.headers.get("Location", "")


@pytest.mark.parametrize("path", EVIL_PATHS)
def test_no_path_leads_elsewhere(house: SampleHouse, *, path: str) -> None:
    for method in ("GET", "POST"):
        asked = {"PATH_INFO": unquote(path)}  # The test client itself would take two slashes for another host.
        response = house.app.test_client().open("/", method=method, base_url=ISSUER, environ_overrides=asked)
        assert response.status_code in {400, 404}
        assert "Location" not in response.headers
        links = re.findall(r'(?:href|action|src)="([^"]*)"', response.get_data(as_text=True))
        assert links
        assert [link for link in links if not re.match(r"/(?![/\\])", unescape(link))] == []


def test_address_of_a_registered_site_that_is_not_registered_is_never_used(
    house: SampleHouse, browser: Browser
) -> None:
    for redirect_uri in (
        EVIL,
        f"{house.shop.client.redirect_uri}/../x",
        f"{house.shop.client.redirect_uri}@evil.example",
    ):
        page = browser.open(house.shop.address(redirect_uri=redirect_uri))
        assert (page.status, page.heading) == (400, house.heading("request.site"))
        assert "Location" not in page.response.headers
        assert "evil.example" not in page.text


def test_relay_state_is_data_and_never_an_address(house: SampleHouse, browser: Browser) -> None:
    page = house.log_in(browser, house.ministry, house.card(), house.ministry.address(relay_state=EVIL))
    assert [form.action for form in page.forms] == ["https://ministry.example/acs"]
    assert not re.search(r'(?:href|action|src)="[^"]*evil', page.text)


# Session fixation, cookies.


def test_session_handle_chosen_by_somebody_else_is_worth_nothing(house: SampleHouse, browser: Browser) -> None:
    planted = "A" * 43
    browser.cookies["__Host-session"] = read_cookie(f"__Host-session={planted}; Path=/; Secure")
    assert not is_logged_in(browser)
    house.log_in(browser, house.shop, house.card())
    assert browser.cookies["__Host-session"].value != planted
    assert is_logged_in(browser)
    thief = house.browser()
    thief.cookies["__Host-session"] = read_cookie(f"__Host-session={planted}; Path=/; Secure")
    assert not is_logged_in(thief)


def test_session_handle_changes_at_each_login_and_the_old_one_dies(house: SampleHouse, browser: Browser) -> None:
    card = house.card()
    house.log_in(browser, house.shop, card)
    before = dict(browser.cookies)
    house.log_in(browser, house.clinic, card)
    assert browser.cookies["__Host-session"].value != before["__Host-session"].value
    thief = house.browser()
    thief.cookies = before
    assert not is_logged_in(thief)
    assert is_logged_in(browser)


def test_cookie_without_the_prefix_is_not_ours(house: SampleHouse, browser: Browser) -> None:
    """A neighbour under the same domain, or plain HTTP, can set those (RFC 6265bis section 4.1.3)."""
    house.log_in(browser, house.shop, house.card())
    tossed = house.browser()
    for name in ("session", "browser"):
        value = browser.cookies[f"__Host-{name}"].value
        tossed.cookies[name] = read_cookie(f"{name}={value}")
    assert not is_logged_in(tossed)


def test_cookies_are_out_of_reach_of_scripts_other_sites_and_plain_http(house: SampleHouse, browser: Browser) -> None:
    house.log_in(browser, house.shop, house.card())
    browser.open("/?lang=ja")
    assert set(browser.cookies) == {"__Host-session", "__Host-browser", "language"}
    for cookie in browser.cookies.values():
        attributes = cookie.attributes
        assert {"secure", "httponly"} <= set(attributes), cookie.name
        assert attributes["samesite"] == "Lax", cookie.name
        assert attributes["path"] == "/", cookie.name
        assert not {"domain", "expires", "max-age"} & set(attributes), cookie.name


def test_over_plain_http_cookies_still_keep_scripts_and_other_sites_out(
    foundations: Foundations, tmp_path: Path
) -> None:
    settings = house_settings(foundations, tmp_path, issuer=PLAIN)
    with a_house(foundations, settings) as house:
        browser = Browser(house.app, origin=PLAIN)
        browser.open(house.shop.address().replace(ISSUER, PLAIN))
        cookie = browser.cookies["browser"]
        assert "httponly" in cookie.attributes
        assert cookie.attributes["samesite"] == "Lax"
        assert "secure" not in cookie.attributes
        assert "Strict-Transport-Security" not in browser.responses[0].headers


def test_post_of_another_site_carries_no_cookie_at_all(house: SampleHouse, browser: Browser) -> None:
    """Even if the origin were not looked at."""
    house.log_in(browser, house.shop, house.card())
    browser.send("/logout", {}, origin=ELSEWHERE)
    assert "Cookie" not in browser.responses[-1].request.headers
    assert is_logged_in(browser)


def test_handles_are_long_and_never_the_same(house: SampleHouse) -> None:
    seen = set()
    for _ in range(5):
        browser = house.browser()
        login = browser.open(house.shop.address())
        seen |= {browser.cookies["__Host-browser"].value, login.path, login.form(AGENT).fields["nonce"]}
        assert len(browser.cookies["__Host-browser"].value) == 43
        assert len(login.path.rpartition("/")[2]) == 43
    assert len(seen) == 15


# Defects of ours.

QUOTED = "番号 花子 1234 SELECT secret"


def broken(*args: object, **kwargs: object) -> None:
    del args, kwargs
    raise RuntimeError(QUOTED)


def test_defect_shows_a_page_and_no_trace(
    house: SampleHouse, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Logins, "begin", broken)
    page = browser.open(house.shop.address())
    assert page.status == 500
    assert page.heading == house.heading("service.error")
    for leak in ("Traceback", "RuntimeError", "begin", ".py", "SELECT", "番号 花子"):
        assert leak not in page.text
    assert QUOTED not in caplog.text
    assert "RuntimeError" in caplog.text
    assert house.events() == []


@pytest.mark.parametrize("path", ["/oidc/token", "/oidc/userinfo"])
def test_defect_shows_programs_a_status_and_nothing_else(
    house: SampleHouse, monkeypatch: pytest.MonkeyPatch, *, path: str
) -> None:
    for name in ("token", "userinfo"):
        monkeypatch.setattr(type(house.services.oidc), name, broken)
    response = house.app.test_client().post(path, base_url=ISSUER)
    assert (response.status_code, response.get_data()) == (500, b"")


@pytest.fixture
def without_database(house: SampleHouse) -> Iterator[SampleHouse]:
    """The file is gone, and nothing can be put in its place."""
    file = house.settings.database.file
    assert file is not None
    house.engine.dispose()
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()
    file.mkdir()
    yield house
    file.rmdir()


def test_error_pages_work_without_the_database(without_database: SampleHouse, browser: Browser) -> None:
    house = without_database
    house.clock.now = house.clock.now.replace(year=2027)
    for address, status in ((house.shop.address(), 500), ("/", 500), ("/unknown", 404), ("/help", 200)):
        page = browser.open(address)
        assert page.status == status, address
        assert page.heading
        assert "sqlite" not in page.text
    assert browser.send("/card/answer", {}, origin=ELSEWHERE).status == 400


def test_health_tells_whether_the_database_is_there(without_database: SampleHouse) -> None:
    client = without_database.app.test_client()
    assert client.get("/health/live", base_url=ISSUER).status_code == 200
    response = client.get("/health/ready", base_url=ISSUER)
    assert response.status_code == 503
    assert response.get_json() == {"status": "unavailable", "missing": ["database"]}


@pytest.mark.parametrize(
    "path", ["/saml/sso", "/saml/start/ministry", "/oidc/authorize", "/login/x/release", "/card/arrival/x"]
)
def test_looking_by_head_makes_nothing_happen(house: SampleHouse, path: str) -> None:
    """RFC 9110 section 9.2.1. Programs that try links out use it."""
    address = house.ministry.address() if path == "/saml/sso" else f"{ISSUER}{path}"
    response = house.app.test_client().head(address, base_url=ISSUER)
    assert response.status_code == 405
    if path == "/saml/sso":
        assert house.browser().open(address).path.startswith("/login/"), "the request is still good"
