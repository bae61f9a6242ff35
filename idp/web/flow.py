"""The steps of a login that both protocols share: receive a request, and answer it from a session."""

from datetime import datetime

from flask import Response, request

from idp.domain.errors import IdpError, LoginNeeded, ReleaseRefused
from idp.domain.login import LoginRequest, PendingLogin
from idp.domain.session import SessionHandle, StepUpReason, step_up_reason
from idp.protocols.contract import ProtocolAdapter, Refusable
from idp.web.cookies import Cookies, new_browser_handle
from idp.web.errors import note_refusal
from idp.web.pages import see_other, send_refusal, send_reply
from idp.web.services import Services

NO_SESSION = "no session"


def receive(services: Services, cookies: Cookies, asked: LoginRequest) -> Response:
    """Answer from the open session if it may serve, else begin a login.

    A passive request that would need a page is refused to the site (SAML `NoPassive`, OIDC `login_required`).
    """
    now = services.clock()
    site = services.site(asked)
    adapter = services.adapter(site.protocol)
    handle = cookies.session(request)
    if handle is not None:
        try:
            release = services.releases.release(handle, asked, site, asked_at=now, now=now, message=asked.message)
        except LoginNeeded:
            pass
        except ReleaseRefused as error:
            services.logins.note_denial(asked, error, now=now)
            return _refuse(services, asked, error, now=now)
        else:
            return send_reply(services, adapter.answer(release, asked.reply), site)
    if asked.passive:
        return _refuse(services, asked, LoginNeeded(), now=now)
    browser = cookies.browser(request) or new_browser_handle()
    login = services.logins.begin(asked, browser, now=now)
    response = see_other(f"/login/{login.id}")
    cookies.keep_browser(response, browser)
    return response


def _refuse(services: Services, asked: LoginRequest, error: IdpError, *, now: datetime) -> Response:
    site = services.register.get(asked.service_provider)
    services.logins.use_message(asked.message, now=now)
    note_refusal(services, error)
    return send_reply(services, services.adapter(site.protocol).refuse(error, asked.reply), site, refused=error)


def refuse_at_once(services: Services, adapter: ProtocolAdapter, refusable: Refusable) -> Response:
    """Tell the site, whose return address is proven, why its request will not be served; our log knows it better."""
    services.logins.use_message(refusable.message, now=services.clock())
    site = services.register.get(refusable.service_provider)
    error = refusable.error
    note_refusal(services, error)
    return send_reply(services, adapter.refuse(error, refusable.reply), site, refused=error)


def reason_to_ask(
    services: Services, login: PendingLogin, handle: SessionHandle | None, *, now: datetime
) -> StepUpReason | str | None:
    """None if the browser's session may serve `login`; `NO_SESSION` if there is none; else why it may not."""
    session = services.sessions.find(handle, now=now)
    if session is None:
        return NO_SESSION
    site = services.register.get(login.request.service_provider)
    return step_up_reason(session, site, login.request, asked_at=login.began_at, now=now)


def conclude(services: Services, cookies: Cookies, login: PendingLogin, *, now: datetime) -> Response:
    """Use the login up and tell its site who the citizen is. Raises `LoginNeeded` if the session is gone meanwhile."""
    asked = login.request
    site = services.site(asked)
    handle = cookies.session(request)
    if handle is None:
        raise LoginNeeded
    services.logins.use_up(login, now=now)
    try:
        release = services.releases.release(handle, asked, site, asked_at=login.began_at, now=now)
    except ReleaseRefused as error:
        services.logins.note_refusal(login, error, now=now)
        return send_refusal(services, login, error)
    return send_reply(services, services.adapter(site.protocol).answer(release, asked.reply), site)
