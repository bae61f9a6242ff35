"""The ministry's site, as a browser meets it."""

import base64
from dataclasses import replace

import pytest

from idp.domain.errors import AssuranceUnreachable, CardRevoked, LoginStopped, ServiceFault
from idp.protocols.contract import FormPost
from sp_examples.ministry_saml.app import make_app
from tests.support.ministry_site import Stage
from tests.support.saml import SUBJECT


def changed(answer: FormPost, old: bytes, new: bytes) -> FormPost:
    fields = dict(answer.fields)
    text = base64.b64decode(fields["SAMLResponse"])
    assert old in text
    fields["SAMLResponse"] = base64.b64encode(text.replace(old, new)).decode()
    return replace(answer, fields=tuple(fields.items()))


def test_login_shows_number_time_strength_and_freshness(stage: Stage) -> None:
    browser = stage.browser()
    assert stage.log_in(browser).headers["Location"] == "/home"
    page = browser.get("/home", headers={"Accept-Language": "en"}).text
    assert SUBJECT in page
    assert "My Number Card with its PIN" in page
    assert "by OCSP" in page


def test_home_is_only_for_who_is_logged_in(stage: Stage) -> None:
    assert stage.browser().get("/home").headers["Location"] == "/"


def test_who_is_logged_in_goes_from_start_to_home(stage: Stage) -> None:
    browser = stage.browser()
    stage.log_in(browser)
    assert browser.get("/").headers["Location"] == "/home"


def test_logout_ends_this_session_and_says_that_others_go_on(stage: Stage) -> None:
    browser = stage.browser()
    stage.log_in(browser)
    answer = browser.post("/logout", follow_redirects=True, headers={"Accept-Language": "en"})
    assert "Only of this site" in answer.text
    assert browser.get("/home").headers["Location"] == "/"


def test_logout_ends_the_session_on_the_server_too(stage: Stage) -> None:
    browser, thief = stage.browser(), stage.browser()
    stage.log_in(browser)
    cookie = browser.get_cookie("ministry_session")
    assert cookie is not None
    thief.set_cookie("ministry_session", cookie.value)
    assert thief.get("/home").status_code == 200
    browser.post("/logout")
    assert thief.get("/home").headers["Location"] == "/"


def test_post_from_another_site_which_brings_no_cookie_logs_nobody_out(stage: Stage) -> None:
    browser, without_cookies = stage.browser(), stage.browser()
    stage.log_in(browser)
    assert "Set-Cookie" not in without_cookies.post("/logout").headers
    assert browser.get("/home").status_code == 200


def test_answer_brought_to_another_browser_logs_nobody_in(stage: Stage) -> None:
    victim, attacker = stage.browser(), stage.browser()
    victim.get("/login")
    arrival = stage.post(stage.answer(stage.begin(attacker)))
    answer = victim.get(arrival.headers["Location"])
    assert answer.status_code == 400
    assert victim.get_cookie("ministry_session") is None


def test_answer_without_the_browsers_cookie_logs_nobody_in(stage: Stage) -> None:
    arrival = stage.post(stage.answer(stage.begin(stage.browser())))
    assert stage.browser().get(arrival.headers["Location"]).status_code == 400


def test_answer_is_good_once(stage: Stage) -> None:
    answer = stage.answer(stage.begin(stage.browser()))
    assert stage.post(answer).status_code == 303
    assert stage.post(answer).status_code == 400


def test_arrival_is_good_once(stage: Stage) -> None:
    browser = stage.browser()
    place = stage.post(stage.answer(stage.begin(browser))).headers["Location"]
    assert browser.get(place).status_code == 303
    assert browser.get(place).status_code == 400


def test_login_gives_a_new_session_cookie_whatever_the_browser_had(stage: Stage) -> None:
    browser = stage.browser()
    browser.set_cookie("ministry_session", "fixed")
    stage.log_in(browser)
    cookie = browser.get_cookie("ministry_session")
    assert cookie is not None
    assert cookie.value != "fixed"


def test_two_tabs_of_one_browser_can_both_log_in(stage: Stage) -> None:
    browser = stage.browser()
    replies = [stage.begin(browser), stage.begin(browser)]
    for reply in replies:
        place = stage.post(stage.answer(reply)).headers["Location"]
        assert browser.get(place).headers["Location"] == "/home"


def test_answer_that_nobody_asked_for_is_refused(stage: Stage) -> None:
    stranger = make_app(stage.settings).test_client()
    answer = stage.answer(stage.begin(stage.browser()))
    assert stranger.post("/acs", data=dict(answer.fields)).status_code == 400


@pytest.mark.parametrize(
    ("old", "new"),
    [(SUBJECT.encode(), b"6e" * 20), (b"http://127.0.0.3:8473/metadata<", b"http://127.0.0.4:8474/metadata<")],
    ids=["subject", "audience"],
)
def test_changed_assertion_is_refused(stage: Stage, old: bytes, new: bytes) -> None:
    answer = changed(stage.answer(stage.begin(stage.browser())), old, new)
    assert stage.post(answer).status_code == 400


def test_unsigned_assertion_is_refused(stage: Stage) -> None:
    answer = stage.answer(stage.begin(stage.browser()))
    text = base64.b64decode(dict(answer.fields)["SAMLResponse"])
    start, end = text.index(b"<ds:Signature "), text.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    assert stage.post(changed(answer, text[start:end], b"")).status_code == 400


@pytest.mark.parametrize("field", ["", "not base64", base64.b64encode(b"<x/>").decode(), "A" * 1000])
def test_nonsense_is_refused(stage: Stage, field: str) -> None:
    assert stage.browser().post("/acs", data={"SAMLResponse": field}).status_code == 400


def test_oversized_answer_is_refused(stage: Stage) -> None:
    assert stage.browser().post("/acs", data={"SAMLResponse": "A" * 300_000}).status_code == 413


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (LoginStopped(), "The login was stopped"),
        (CardRevoked(), "Your card could not be confirmed"),
        (AssuranceUnreachable(), "does not offer the kind of check"),
        (ServiceFault(), "Something went wrong at the login service"),
    ],
)
def test_refusal_is_told_in_words(stage: Stage, error: LoginStopped, words: str) -> None:
    browser = stage.browser()
    place = stage.post(stage.refuse(error, stage.begin(browser))).headers["Location"]
    page = browser.get(place, headers={"Accept-Language": "en"})
    assert words in page.text
    assert browser.get("/home").headers["Location"] == "/"


def test_login_service_out_of_reach_is_told_in_words(stage_without_idp: Stage) -> None:
    page = stage_without_idp.browser().get("/login", headers={"Accept-Language": "en"})
    assert page.status_code == 503
    assert "cannot be reached" in page.text


@pytest.fixture
def stage_without_idp(stage: Stage) -> Stage:
    settings = replace(stage.settings, idp_metadata=stage.settings.idp_metadata + ".missing")
    return replace(stage, settings=settings, app=make_app(settings))


def test_chosen_language_stays(stage: Stage) -> None:
    browser = stage.browser()
    assert '<html lang="ja">' in browser.get("/").text
    assert '<html lang="en">' in browser.get("/?lang=en").text
    assert '<html lang="en">' in browser.get("/").text


def test_every_page_is_hardened_and_kept_by_nobody(stage: Stage) -> None:
    for path in ("/", "/logged-out", "/no-such-page", "/arrive/x"):
        headers = stage.browser().get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


def test_cookies_are_for_this_site_alone_and_not_for_scripts(stage: Stage) -> None:
    cookies = stage.browser().get("/login").headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_cookies_are_bound_to_the_host_over_tls(stage: Stage) -> None:
    settings = replace(stage.settings, base_url="https://127.0.0.3:8473")
    cookies = make_app(settings).test_client().get("/login").headers.getlist("Set-Cookie")
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)


def test_metadata_and_health_are_served(stage: Stage) -> None:
    browser = stage.browser()
    assert "AssertionConsumerService" in browser.get("/metadata").text
    assert browser.get("/health").text == "ok\n"
