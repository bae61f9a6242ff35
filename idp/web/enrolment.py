"""S7, consent to registration at the first login (利用者登録), and leaving again."""

from flask import Blueprint, Response, g, request

from idp.web.cookies import Cookies
from idp.web.pages import page, return_origin, see_other, site_of
from idp.web.security import require_own_origin
from idp.web.services import Services


def enrolment_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/enrolment/` and `/registration`."""
    pages = Blueprint("enrolment", __name__)

    @pages.get("/enrolment/<handle>")
    def ask(handle: str) -> Response:
        """What is kept, what is not, why, and for how long."""
        login = services.enrolment.resume(handle, cookies.browser(request), now=services.clock())
        site = services.site(login.request)
        g.form_action = [return_origin(services, login.request)]
        return page(
            services,
            "enrolment.html",
            site=site_of(site),
            action=f"/enrolment/{handle}",
            decline_action=f"/enrolment/{handle}/decline",
            error="unticked" in request.args,
        )

    @pages.post("/enrolment/<handle>")
    def agree(handle: str) -> Response:
        """Register, open the session, and go on to the site."""
        require_own_origin(services.settings)
        now = services.clock()
        login = services.enrolment.resume(handle, cookies.browser(request), now=now)
        if request.form.get("agree") != "yes":
            return see_other(f"/enrolment/{handle}?unticked")
        site = services.site(login.request)
        session = services.enrolment.register(handle, site, replaces=cookies.session(request), now=now)
        response = see_other(f"/login/{login.id}/release")
        cookies.keep_session(response, session)
        return response

    @pages.post("/enrolment/<handle>/decline")
    def decline(handle: str) -> Response:
        """Nothing is kept; the site is told that no login came about."""
        require_own_origin(services.settings)
        now = services.clock()
        login = services.enrolment.resume(handle, cookies.browser(request), now=now)
        services.enrolment.decline(handle, now=now)
        return see_other(f"/login/{login.id}/declined")

    @pages.get("/registration")
    def leaving() -> Response:
        """Before the registration is ended: what that means, for a citizen with an open session."""
        if services.sessions.find(cookies.session(request), now=services.clock()) is None:
            return see_other("/")
        return page(services, "leave.html")

    @pages.post("/registration/end")
    def leave() -> Response:
        """End the registration."""
        require_own_origin(services.settings)
        if not services.enrolment.leave(cookies.session(request), now=services.clock()):
            return see_other("/")
        response = see_other("/registration/ended")
        cookies.forget_session(response)
        return response

    @pages.get("/registration/ended")
    def left() -> Response:
        """Say what is gone and what is not."""
        return page(services, "left.html")

    return pages
