"""OpenID Connect endpoints: authorization, token, userinfo, discovery and keys."""

from flask import Blueprint, Response, jsonify, make_response, request

from idp.protocols.contract import Refusable
from idp.web.cookies import Cookies
from idp.web.flow import receive, refuse_at_once
from idp.web.services import Services


def oidc_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/oidc/`, and the two well-known documents."""
    pages = Blueprint("oidc", __name__)

    @pages.get("/oidc/authorize")
    def authorize() -> Response:
        """OpenID Connect Core 3.1.2.1."""
        try:
            asked = services.oidc.understand(list(request.args.items(multi=True)))
        except Refusable as refusable:
            return refuse_at_once(services, services.oidc, refusable)
        return receive(services, cookies, asked)

    @pages.post("/oidc/token")
    def token() -> Response:
        """RFC 6749 section 3.2."""
        reply = services.oidc.token(list(request.form.items(multi=True)), now=services.clock())
        return make_response(jsonify(reply.body), reply.status, dict(reply.headers))

    @pages.route("/oidc/userinfo", methods=["GET", "POST"])
    def userinfo() -> Response:
        """OpenID Connect Core 5.3."""
        reply = services.oidc.userinfo(request.headers.get("Authorization", ""), now=services.clock())
        return make_response(jsonify(reply.body), reply.status, dict(reply.headers))

    @pages.get("/.well-known/openid-configuration")
    @pages.get("/.well-known/oauth-authorization-server")
    def discovery() -> Response:
        """OpenID Connect Discovery 4, RFC 8414."""
        return _cacheable(jsonify(services.oidc.discovery()))

    @pages.get("/oidc/jwks")
    def jwks() -> Response:
        """RFC 7517 section 5."""
        return _cacheable(jsonify(services.oidc.jwks()))

    return pages


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
