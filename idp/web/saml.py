"""SAML 2.0 endpoints: single sign-on by HTTP-Redirect, and our metadata."""

from flask import Blueprint, Response, make_response, request

from idp.protocols.contract import Refusable
from idp.web.cookies import Cookies
from idp.web.flow import receive, refuse_at_once
from idp.web.services import Services


def saml_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/saml/`."""
    pages = Blueprint("saml", __name__)

    @pages.get("/saml/sso")
    def sso() -> Response:
        """SAML bindings 3.4: the signature covers the query as it was sent, so the raw octets are handed over."""
        try:
            asked = services.saml.understand_redirect(request.query_string, now=services.clock())
        except Refusable as refusable:
            return refuse_at_once(services, services.saml, refusable)
        return receive(services, cookies, asked)

    @pages.get("/saml/metadata")
    def metadata() -> Response:
        """Signed, with validity (SAML metadata 2.3.2)."""
        response = make_response(services.saml.metadata(now=services.clock()))
        response.content_type = "application/samlmetadata+xml"
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    return pages
