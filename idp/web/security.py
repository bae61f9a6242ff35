"""What holds for every request: the right host, no forged forwarding, small bodies, and headers that close the page."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request

from idp.domain.errors import RequestInvalid
from idp.settings import IdpSettings

MAXIMUM_BODY = 64 * 1024
_FORWARDING = ("HTTP_FORWARDED", "HTTP_X_REAL_IP")
_FORWARDING_FAMILY = "HTTP_X_FORWARDED_"
"""As WSGI names them (PEP 3333)."""

_ACTING = ("/saml/sso", "/saml/start/", "/oidc/authorize", "/login/", "/card/", "/enrolment/")

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none';"
)
_FIXED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def protect(app: Flask, settings: IdpSettings) -> None:
    """Install the checks and headers on `app`."""
    app.config["MAX_CONTENT_LENGTH"] = MAXIMUM_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAXIMUM_BODY
    app.config["MAX_FORM_PARTS"] = 50
    host = urlsplit(settings.issuer).netloc
    fixed = _FIXED | ({"Strict-Transport-Security": "max-age=31536000"} if settings.is_secure else {})

    @app.before_request
    def is_for_us() -> None:
        """RFC 9112 section 3.2: a request for another host is not ours (421). No URL is ever made from `Host`."""
        if "Host" not in request.headers or request.host != host:
            abort(HTTPStatus.MISDIRECTED_REQUEST)

    @app.before_request
    def says_its_length() -> None:
        """RFC 9110 section 15.5.12: a body in chunks would be cut off at our limit without a word."""
        if "Transfer-Encoding" in request.headers:
            abort(HTTPStatus.LENGTH_REQUIRED)

    @app.before_request
    def is_no_look() -> None:
        """RFC 9110 section 9.2.1: HEAD asks for nothing to happen, and these pages begin and end logins."""
        if request.method == "HEAD" and request.path.startswith(_ACTING):
            abort(HTTPStatus.METHOD_NOT_ALLOWED)

    @app.before_request
    def is_not_forged_forwarding() -> None:
        """Only the configured proxy may say for whom it asks."""
        if request.remote_addr != settings.server.trusted_proxy and any(
            name in _FORWARDING or name.startswith(_FORWARDING_FAMILY) for name in request.environ
        ):
            raise RequestInvalid("forwarded headers from an address that is not the configured proxy")

    @app.after_request
    def close_the_page(response: Response) -> Response:
        """OWASP secure headers; `g.form_action` holds what the page's forms may reach besides ourselves."""
        headers = response.headers
        targets = " ".join(["'self'", *g.get("form_action", ())])
        headers.setdefault("Content-Security-Policy", f"{_POLICY} form-action {targets}")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cache-Control", "no-store")
        headers.extend(fixed)
        return response


def require_own_origin(settings: IdpSettings) -> None:
    """A form of ours was sent from a page of ours (RFC 6454 section 7.3): defeats cross-site request forgery.

    Beside it stands `SameSite=Lax`: a cross-site post carries no cookie at all.
    """
    if request.headers.get("Origin") != settings.issuer:
        raise RequestInvalid("a form was sent from a page that is not ours")


def require_agent_origin(settings: IdpSettings) -> None:
    """The card's answer was sent from the agent's page, not from another site."""
    if request.headers.get("Origin") != settings.agent.origin:
        raise RequestInvalid("a card answer was sent from a page that is not the card agent's")
