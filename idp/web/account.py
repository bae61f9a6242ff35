"""The provider's own first page, the end of a session here, and the pages that explain."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from idp.domain.service_provider import Standing
from idp.web.cookies import Cookies
from idp.web.pages import page, see_other, site_of
from idp.web.security import require_own_origin
from idp.web.services import Services

EXPLANATIONS = ("help", "accessibility", "privacy")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """What the first page says about the reader's session."""

    until: datetime


def _explanation(services: Services, name: str) -> Response:
    return page(services, f"{name}.html", loss_hotline=services.settings.loss_hotline)


def account_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes of the first page."""
    pages = Blueprint("account", __name__)

    @pages.get("/")
    def start() -> Response:
        """What this is, where to begin, and whether one is logged in."""
        session = services.sessions.find(cookies.session(request), now=services.clock())
        return page(
            services,
            "start.html",
            sites=[site_of(site) for site in services.register.all() if site.standing is Standing.ACTIVE],
            session=OpenSession(until=session.expires_at) if session else None,
        )

    @pages.post("/logout")
    def logout() -> Response:
        """End the session here; the sites are not told."""
        require_own_origin(services.settings)
        opened = services.sessions.end(cookies.session(request), now=services.clock())
        response = see_other("/logged-out?" + urlencode([("site", site) for site in opened]))
        cookies.forget_session(response)
        return response

    @pages.get("/logged-out")
    def logged_out() -> Response:
        """Say what has ended and what has not. Sites are named as the register has them, whatever the address says."""
        opened = set(request.args.getlist("site"))
        names = [site_of(site).name for site in services.register.all() if site.id in opened]
        return page(services, "logged_out.html", sites=names)

    for name in EXPLANATIONS:
        pages.add_url_rule(f"/{name}", name, lambda name=name: _explanation(services, name))
    return pages
