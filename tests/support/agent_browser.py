"""A browser as the agent sees it, over Flask's test client: it writes Host, Origin and Sec-Fetch headers as one does.

browser = AgentBrowser(FakeTransport(FakeReader(a_card())))
page = browser.ask()              # the site's page posts its question; follows the 303 to the agent's page
page = browser.send_pin("4649")   # fills the form of the last page and sends it
"""

import base64
import html
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from card_agent.server import agent_app
from card_agent.settings import AgentSettings, Site
from card_agent.transport import CardTransport
from tests.support.fake_reader import NOW

SITE = Site(origin="https://login.example.jp")
SETTINGS = AgentSettings(port=8471, sites=(SITE, Site(origin="http://127.0.0.2:8472", answer_path="/back")))
NONCE = bytes(range(32))
NONCE_TEXT = base64.urlsafe_b64encode(NONCE).decode("ascii").rstrip("=")

_INPUT = re.compile(r'<input[^>]* name="(?P<name>[^"]*)"[^>]*>')
_TAG = re.compile(r"<[^>]*>")
_VALUE = re.compile(r' value="(?P<value>[^"]*)"')
_HEADING = re.compile(r"<h1[^>]*>(?P<text>.*?)</h1>", re.DOTALL)
_ADDRESS_OF_FORM = re.compile(r'<form[^>]* method="post"[^>]* action="(?P<address>[^"]*)"')

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ENGLISH = {"Accept-Language": "en"}


def question_fields(*, expires_at: datetime = NOW + timedelta(minutes=5), **changes: str) -> dict[str, str]:
    """The form of the contract's section 1, with `changes`."""
    fields = {
        "format": "jpki-auth:1",
        "purpose": "login",
        "nonce": NONCE_TEXT,
        "expires": str(int(expires_at.timestamp())),
        "lang": "en",
    }
    return fields | changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as it arrived, after redirects."""

    response: TestResponse

    @property
    def text(self) -> str:
        return html.unescape(self.response.get_data(as_text=True))

    @property
    def heading(self) -> str:
        found = _HEADING.search(self.text)
        return _TAG.sub("", found["text"]).strip() if found else ""

    @property
    def fields(self) -> dict[str, str]:
        """All inputs that have a value, by name."""
        inputs = ((found["name"], _VALUE.search(found[0])) for found in _INPUT.finditer(self.text))
        return {name: value["value"] for name, value in inputs if value}

    @property
    def form_address(self) -> str:
        found = _ADDRESS_OF_FORM.search(self.text)
        return found["address"] if found else ""

    @property
    def has_pin_field(self) -> bool:
        return 'id="pin"' in self.text

    @property
    def path(self) -> str:
        return self.response.request.path

    @property
    def address(self) -> str:
        """Path and query."""
        return self.response.request.full_path.removesuffix("?")


class AgentBrowser:
    """One browser with its cookies; `now` can be moved."""

    def __init__(self, transport: CardTransport, settings: AgentSettings = SETTINGS) -> None:
        self.now = NOW
        self.settings = settings
        self.app = agent_app(settings, transport, lambda: self.now)
        self.client: FlaskClient = self.app.test_client()
        self.page = Page(response=self.get("/"))

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.client.get(address, base_url=self.settings.own_origin, headers=NAVIGATION | ENGLISH | headers)

    def post(self, address: str, fields: dict[str, str], *, origin: str | None) -> TestResponse:
        """A form's post, redirects not followed; no Origin at all where `origin` is `None`."""
        is_own = origin == self.settings.own_origin
        headers = NAVIGATION | ENGLISH | {"Sec-Fetch-Site": "same-origin" if is_own else "cross-site"}
        headers |= {} if origin is None else {"Origin": origin}
        return self.client.post(address, base_url=self.settings.own_origin, headers=headers, data=fields)

    def ask(self, fields: dict[str, str] | None = None, *, origin: str | None = SITE.origin) -> Page:
        return self.follow(self.post("/login", fields or question_fields(), origin=origin))

    def send_pin(self, typed: str, **changes: str) -> Page:
        fields = self.page.fields | {"pin": typed} | changes
        fields = fields if "last_try" in changes else {k: v for k, v in fields.items() if k != "last_try"}
        return self.follow(self.post(self.page.form_address, fields, origin=self.settings.own_origin))

    def leave(self, outcome: str) -> Page:
        fields = {name: value for name, value in self.page.fields.items() if name in {"lang", "ticket"}}
        return self.follow(
            self.post(self.page.form_address, fields | {"leave": outcome}, origin=self.settings.own_origin)
        )

    def open(self, address: str) -> Page:
        return self.follow(self.get(address))

    def follow(self, response: TestResponse) -> Page:
        while response.status_code == 303:
            response = self.get(response.headers["Location"])
        self.page = Page(response=response)
        return self.page
