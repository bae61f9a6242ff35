import pytest
from flask import Flask, Response, request

from idp.domain.login import BrowserHandle
from idp.domain.session import SessionHandle
from idp.web.cookies import Cookies, new_browser_handle
from tests.support.browser import Cookie, read_cookie

HANDLE = "h" * 43
APP = Flask(__name__)


def written(*, secure: bool) -> list[Cookie]:
    response, cookies = Response(), Cookies(secure=secure)
    cookies.keep_browser(response, BrowserHandle(HANDLE))
    cookies.keep_session(response, SessionHandle(HANDLE))
    return [read_cookie(line) for line in response.headers.getlist("Set-Cookie")]


def read(header: str, *, secure: bool) -> tuple[str | None, str | None]:
    cookies = Cookies(secure=secure)
    with APP.test_request_context(headers={"Cookie": header}):
        return cookies.browser(request), cookies.session(request)


@pytest.mark.parametrize(("secure", "prefix"), [(True, "__Host-"), (False, "")])
def test_cookies_hold_handles_under_the_name_that_the_transport_allows(*, secure: bool, prefix: str) -> None:
    cookies = written(secure=secure)
    assert [(cookie.name, cookie.value) for cookie in cookies] == [
        (f"{prefix}browser", HANDLE),
        (f"{prefix}session", HANDLE),
    ]
    for cookie in cookies:
        assert ("secure" in cookie.attributes) == secure
        assert "httponly" in cookie.attributes
        assert (cookie.attributes["samesite"], cookie.attributes["path"]) == ("Lax", "/")
        assert not {"domain", "max-age", "expires"} & set(cookie.attributes)


@pytest.mark.parametrize(("secure", "prefix"), [(True, "__Host-"), (False, "")])
def test_cookies_are_read_as_they_were_written(*, secure: bool, prefix: str) -> None:
    assert read(f"{prefix}browser={HANDLE}; {prefix}session={HANDLE}", secure=secure) == (HANDLE, HANDLE)
    assert read("", secure=secure) == (None, None)


def test_cookie_that_plain_http_could_have_set_is_not_read_under_tls() -> None:
    assert read(f"browser={HANDLE}; session={HANDLE}", secure=True) == (None, None)


@pytest.mark.parametrize("value", ["", "x", "h" * 42, "h" * 44, "h" * 4000])
def test_value_that_is_no_handle_is_none(value: str) -> None:
    assert read(f"browser={value}; session={value}", secure=False) == (None, None)


@pytest.mark.parametrize("secure", [True, False])
def test_forgotten_session_is_taken_back_with_the_same_attributes(*, secure: bool) -> None:
    """A browser ignores an overwriting `__Host-` cookie that is not Secure."""
    response = Response()
    Cookies(secure=secure).forget_session(response)
    cookie = read_cookie(response.headers["Set-Cookie"])
    assert (cookie.value, cookie.attributes["max-age"], cookie.attributes["path"]) == ("", "0", "/")
    assert ("secure" in cookie.attributes) == secure


def test_handles_of_browsers_are_long_and_differ() -> None:
    handles = {new_browser_handle() for _ in range(50)}
    assert len(handles) == 50
    assert {len(handle) for handle in handles} == {43}
