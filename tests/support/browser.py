"""A person's browser over Flask's test client: cookies as RFC 6265bis has them, forms, redirects, Origin, SameSite.

    browser = Browser(app, origin="https://idp.example")
    page = browser.open("https://idp.example/help")      # follows redirects within the origin
    page = browser.press(page, "/login/…/stop")          # sends the form with this action, with what the page filled in
    page = browser.send(action, fields, origin=ELSEWHERE) # what a page of another origin makes the browser post

A redirect or form that leads to another origin ends there: `page.address` is where the browser was sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 10


@dataclass(slots=True, kw_only=True)
class Form:
    """One form of a page, filled in as it came; unticked boxes and what has no name are left out, as by a browser."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie with its attributes, names in lower case."""

    name: str
    value: str
    attributes: Mapping[str, str]

    @property
    def is_lax(self) -> bool:
        """Kept from posts of other sites; a browser treats one that does not say the same way."""
        return self.attributes.get("samesite", "lax").lower() != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a navigation ended; `address` may be another origin's, then nothing was fetched there."""

    address: str
    response: TestResponse
    forms: tuple[Form, ...]
    heading: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def path(self) -> str:
        """Path and query."""
        parts = urlsplit(self.address)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def form(self, action: str) -> Form:
        """The form whose action begins with `action`."""
        found = [form for form in self.forms if form.action.startswith(action)]
        assert found, f"no form leads to {action} on: {self.heading or self.address}"
        return found[0]


class Browser:
    """One browser, which knows one origin by fetching from it."""

    def __init__(self, app: Flask, *, origin: str, language: str = "en") -> None:
        self.origin = origin
        self.language = language
        self.cookies: dict[str, Cookie] = {}
        self.responses: list[TestResponse] = []
        self.headers: dict[str, str] = {}
        self.follows = True
        self._carries_cookies = True
        self._client = app.test_client(use_cookies=False)

    def open(self, address: str) -> Page:
        """Go there by a link or the address bar: a top-level GET, which carries Lax cookies."""
        return self._go("GET", address, {}, origin=None)

    def press(self, page: Page, action: str, **changes: str | None) -> Page:
        """Send the form of `page` that leads to `action`; a change to None takes the field out."""
        form = page.form(action)
        fields = {name: value for name, value in (form.fields | changes).items() if value is not None}
        return self.send(urljoin(page.address, form.action), fields, origin=_origin(page.address))

    def send(
        self, action: str, fields: Mapping[str, str], *, origin: str | None, is_same_site: bool | None = None
    ) -> Page:
        """Post a form from a page of `origin`, or without saying from where.

        Only posts from the same site carry cookies; that is the same origin, unless `is_same_site` says otherwise (two
        hosts of one registrable domain are one site).
        """
        self._carries_cookies = origin == self.origin if is_same_site is None else is_same_site
        return self._go("POST", action, fields, origin=origin)

    def _go(self, method: str, address: str, fields: Mapping[str, str], *, origin: str | None) -> Page:
        address = urljoin(self.origin, address)
        response = self._request(method, address, fields, origin=origin)
        for _ in range(MOST_REDIRECTS):
            if response.status_code not in REDIRECTS or not self.follows:
                return _page(address, response)
            address = urljoin(address, response.headers["Location"])
            if response.status_code in {307, 308} or _origin(address) != self.origin:
                return _page(address, response)
            response = self._request("GET", address, {}, origin=None)
        raise AssertionError(f"more than {MOST_REDIRECTS} redirects, the last to {address}")

    def _request(self, method: str, address: str, fields: Mapping[str, str], *, origin: str | None) -> TestResponse:
        parts = urlsplit(address)
        is_foreign_post = method == "POST" and not self._carries_cookies
        sent = [cookie for cookie in self.cookies.values() if not (is_foreign_post and cookie.is_lax)]
        headers = {"Accept-Language": self.language} | self.headers
        headers |= {"Origin": origin} if origin is not None else {}
        headers |= {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent)} if sent else {}
        response = self._client.open(
            parts.path or "/",
            method=method,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            data=dict(fields) if method == "POST" else None,
            headers=headers,
        )
        self.responses.append(response)
        self._keep(response)
        return response

    def _keep(self, response: TestResponse) -> None:
        for line in response.headers.getlist("Set-Cookie"):
            cookie = read_cookie(line)
            _check_prefix(cookie, is_secure=self.origin.startswith("https:"))
            if cookie.attributes.get("max-age") == "0":
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie


def read_cookie(line: str) -> Cookie:
    """A Set-Cookie header."""
    (morsel,) = SimpleCookie(line).values()
    attributes = {name: str(value) for name, value in morsel.items() if value}
    return Cookie(name=morsel.key, value=morsel.value, attributes=attributes)


def _check_prefix(cookie: Cookie, *, is_secure: bool) -> None:
    """RFC 6265bis section 5.7: a browser drops these silently; a test had better not."""
    attributes = cookie.attributes
    assert is_secure or "secure" not in attributes, "a Secure cookie over plain HTTP is dropped"
    if cookie.name.startswith("__Host-"):
        assert "secure" in attributes
        assert attributes.get("path") == "/"
        assert "domain" not in attributes


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _page(address: str, response: TestResponse) -> Page:
    reader = _Reader()
    if response.mimetype == "text/html":
        reader.feed(response.get_data(as_text=True))
    return Page(address=address, response=response, forms=tuple(reader.forms), heading=reader.heading.strip())


class _Reader(HTMLParser):
    """Forms with their filled-in fields, and the first heading."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.heading = ""
        self._in_form = False
        self._in_heading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=given.get("action", ""), method=given.get("method", "get")))
            self._in_form = True
        elif tag == "input" and self._in_form and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "h1" and not self.heading:
            self._in_heading = True

    def handle_endtag(self, tag: str) -> None:
        self._in_form = self._in_form and tag != "form"
        self._in_heading = self._in_heading and tag != "h1"

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.heading += data
