"""S2, the page before the card is read, and the login's end: handing over to the site, or stopping."""

from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.domain.errors import EnrolmentDeclined, LoginStopped
from idp.domain.login import LoginId, PendingLogin
from idp.domain.session import StepUpReason
from idp.usecases.card import nonce_text
from idp.web.cookies import Cookies
from idp.web.flow import conclude, reason_to_ask
from idp.web.pages import page, return_origin, see_other, send_refusal, site_of, texts
from idp.web.security import require_own_origin
from idp.web.services import Services
from jpki.challenge import FORMAT


def login_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/login/`."""
    pages = Blueprint("login", __name__)

    def resume(login_id: str, *, now: datetime) -> PendingLogin:
        return services.logins.resume(LoginId(login_id), cookies.browser(request), now=now)

    @pages.get("/login/<login_id>")
    def ask(login_id: str) -> Response:
        """Say where one goes and what to have ready; each showing carries a fresh challenge, so Back always works."""
        now = services.clock()
        login = resume(login_id, now=now)
        reason = reason_to_ask(services, login, cookies.session(request), now=now)
        if reason is None:
            return see_other(f"/login/{login.id}/release")
        return _login_page(services, login, _why(services, cookies, login, reason, now=now), now=now)

    @pages.get("/login/<login_id>/release")
    def release(login_id: str) -> Response:
        """Answer the site from the session that the card has just opened."""
        now = services.clock()
        login = resume(login_id, now=now)
        if reason_to_ask(services, login, cookies.session(request), now=now) is not None:
            return see_other(f"/login/{login.id}")
        return conclude(services, cookies, login, now=now)

    @pages.post("/login/<login_id>/stop")
    def stop(login_id: str) -> Response:
        """The citizen goes back to the site without logging in."""
        require_own_origin(services.settings)
        return see_other(f"/login/{resume(login_id, now=services.clock()).id}/stopped")

    @pages.get("/login/<login_id>/stopped")
    def stopped(login_id: str) -> Response:
        """After the citizen stopped, here or on the agent's page; no other site can know this address."""
        login = services.logins.finish(LoginId(login_id), cookies.browser(request), now=services.clock())
        return send_refusal(services, login, LoginStopped())

    @pages.get("/login/<login_id>/declined")
    def declined(login_id: str) -> Response:
        """After the citizen declined to be registered."""
        login = services.logins.finish(LoginId(login_id), cookies.browser(request), now=services.clock())
        return send_refusal(services, login, EnrolmentDeclined())

    return pages


def _login_page(services: Services, login: PendingLogin, why: str | None, *, now: datetime) -> Response:
    challenge = services.card.ask(login, now=now)
    site = services.site(login.request)
    # Besides the agent, the site itself: the form that stops the login ends there.
    g.form_action = [services.settings.agent.origin, return_origin(services, login.request)]
    response = page(
        services,
        "login.html",
        site=site_of(site),
        agent_url=f"{services.settings.agent.origin}/login",
        challenge={
            "format": FORMAT,
            "purpose": challenge.purpose.value,
            "nonce": nonce_text(challenge.nonce),
            "expires": int(challenge.expires_at.timestamp()),
        },
        minutes=int(services.settings.lifetimes.challenge.total_seconds() // 60),
        banner=texts(services).message("login.late") if "late" in request.args else None,
        cancel_url=f"/login/{login.id}/stop",
        why=why,
    )
    # The agent believes only the `Origin` header, which stricter policies would blank on the way from https to http.
    response.headers["Referrer-Policy"] = "origin"
    return response


def _why(
    services: Services, cookies: Cookies, login: PendingLogin, reason: StepUpReason | str, *, now: datetime
) -> str | None:
    if not isinstance(reason, StepUpReason):
        return None
    session = services.sessions.find(cookies.session(request), now=now)
    age = int((now - session.authenticated_at).total_seconds() // 60) if session else 0
    site = services.site(login.request)
    return texts(services)(reason.value, site=site_of(site).name, minutes=age, n=age)
