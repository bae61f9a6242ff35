"""SAML 2.0 endpoints: single sign-on by HTTP-Redirect, HTTP-POST and from our side; artifacts; our metadata."""

import secrets
from datetime import datetime, timedelta

from flask import Blueprint, Response, make_response, request

from idp.domain.errors import RequestInvalid
from idp.domain.login import LoginRequest
from idp.domain.service_provider import ServiceProviderId
from idp.protocols.contract import Refusable
from idp.protocols.saml.bindings.soap import ACCEPTED_TYPES, MEDIA_TYPE
from idp.web.cookies import Cookies
from idp.web.errors import note_refusal
from idp.web.flow import receive, refuse_at_once
from idp.web.pages import see_other
from idp.web.services import Services

POSTED_LIFETIME = timedelta(minutes=5)
"""How long a posted request waits for the browser to follow the redirect; mostly it is there at once."""

_FORM = "application/x-www-form-urlencoded"


def saml_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/saml/`. What is signed is handed over as the octets that were sent."""
    pages = Blueprint("saml", __name__)

    @pages.get("/saml/sso")
    def redirected() -> Response:
        """SAML bindings 3.4."""
        try:
            asked = services.saml.understand_redirect(request.query_string, now=services.clock())
        except Refusable as refusable:
            return refuse_at_once(services, services.saml, refusable)
        return receive(services, cookies, asked)

    @pages.post("/saml/sso")
    def posted() -> Response:
        """SAML bindings 3.5. A post from another site brings no cookies, so the browser is sent to fetch the answer."""
        if request.mimetype != _FORM:
            raise RequestInvalid("not a form")
        now = services.clock()
        try:
            asked = services.saml.understand_post(request.get_data(cache=False), now=now)
        except Refusable as refusable:
            return refuse_at_once(services, services.saml, refusable)
        handle = secrets.token_urlsafe(32)
        services.posted.put(handle, asked, now=now, expires_at=_last_moment(asked, now + POSTED_LIFETIME))
        return see_other(f"/saml/sso/{handle}")

    @pages.get("/saml/sso/<handle>")
    def fetched(handle: str) -> Response:
        """What was posted, now with the browser's cookies; it may be fetched often, for its message counts once."""
        return receive(services, cookies, services.posted.read(handle, now=services.clock()))

    @pages.get("/saml/start/<service_provider>")
    def started(service_provider: str) -> Response:
        """SAML profiles 4.1.5: a link of ours, or of anybody, to a site that wants it so."""
        asked = services.saml.start(ServiceProviderId(service_provider), request.query_string, now=services.clock())
        return receive(services, cookies, asked)

    _add_documents(pages, services)
    return pages


def _last_moment(asked: LoginRequest, latest: datetime) -> datetime:
    """No later than the moment after which nobody would know that the message was used."""
    return latest if asked.message is None else min(latest, asked.message.expires_at)


def _add_documents(pages: Blueprint, services: Services) -> None:
    """What programs read."""

    @pages.post("/saml/artifact")
    def artifact() -> Response:
        """SAML bindings 3.6.5: a site asks, not a browser."""
        if request.mimetype not in ACCEPTED_TYPES:
            raise RequestInvalid("not a SOAP envelope")
        resolved = services.saml.resolve(request.get_data(cache=False), now=services.clock())
        if resolved.refusal is not None:
            note_refusal(services, resolved.refusal)
        return Response(resolved.envelope, resolved.status, content_type=f"{MEDIA_TYPE}; charset=utf-8")

    @pages.get("/saml/metadata")
    def metadata() -> Response:
        """Signed, with validity (SAML metadata 2.3.2)."""
        signed = services.saml.metadata(now=services.clock())
        response = make_response(signed.text)
        response.content_type = "application/samlmetadata+xml"
        response.headers["Cache-Control"] = "public, max-age=300"
        response.set_etag(signed.etag)
        response.make_conditional(request)
        return response
