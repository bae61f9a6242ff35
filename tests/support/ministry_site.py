"""The ministry's site in this process, with an identity provider that answers it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from foundation.clock import system_clock
from idp.domain.errors import IdpError
from idp.protocols.contract import FormPost, Reply
from idp.protocols.saml.adapter import SamlAdapter
from sp_examples.ministry_saml.settings import Settings
from tests.support.saml import a_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The site's application and the login service that answers it."""

    settings: Settings
    app: Flask
    idp: SamlAdapter

    def browser(self) -> FlaskClient:
        """One with no cookies yet."""
        return self.app.test_client()

    def begin(self, browser: FlaskClient) -> str:
        """Press log in; what the login service keeps for its answer."""
        address = urlsplit(browser.get("/login").headers["Location"])
        return self.idp.understand_redirect(address.query.encode(), now=system_clock()).reply

    def answer(self, reply: str) -> FormPost:
        """The citizen logged in."""
        return _posted(self.idp.answer(a_release(now=system_clock()), reply))

    def refuse(self, error: IdpError, reply: str) -> FormPost:
        """The citizen did not."""
        return _posted(self.idp.refuse(error, reply))

    def post(self, answer: FormPost) -> TestResponse:
        """As the login service's page makes the browser do it: cross-site, so without any cookie of the site."""
        return self.browser().post(urlsplit(answer.action).path, data=dict(answer.fields))

    def log_in(self, browser: FlaskClient) -> TestResponse:
        """All of it; the answer to the last step."""
        arrival = self.post(self.answer(self.begin(browser)))
        return browser.get(arrival.headers["Location"])


def _posted(reply: Reply) -> FormPost:
    """This site takes its answers so."""
    assert isinstance(reply, FormPost)
    return reply
