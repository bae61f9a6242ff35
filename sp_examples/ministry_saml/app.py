"""A ministry's site with a card login: start page, login, a page for who is logged in, logout.

The login service's answer arrives by a cross-site POST, to which browsers attach no `SameSite=Lax` cookie. So it is
verified and kept for a moment under a random handle, the browser is sent on by 303, and there, with its cookie, must
prove to be the one that asked. Everything is kept in this process: run it with one worker and several threads.
"""

import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from sp_examples.ministry_saml.federation import (
    AnswerUnproven,
    Federation,
    Login,
    LoginServiceUnreachable,
    Refusal,
)
from sp_examples.ministry_saml.memory import Memory
from sp_examples.ministry_saml.settings import Settings, load_settings
from sp_examples.ministry_saml.texts import LANGUAGES, MESSAGES, OPERATOR, Message, choose_language, facts, refusal

SESSION_LIFETIME = timedelta(hours=1)
LARGEST_BODY = 256 * 1024
_TIME_TO_LOG_IN = timedelta(minutes=40)
_TIME_TO_ARRIVE = timedelta(minutes=2)
_CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An answer that was verified, for the browser that asked."""

    browser: str
    outcome: Login | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the site has at hand: requests under way (by id, for a browser), answers that came in, open sessions."""

    settings: Settings
    federation: Federation
    requests: Memory[str] = field(default_factory=lambda: Memory(lifetime=_TIME_TO_LOG_IN))
    arrivals: Memory[Arrival] = field(default_factory=lambda: Memory(lifetime=_TIME_TO_ARRIVE))
    sessions: Memory[Login] = field(default_factory=lambda: Memory(lifetime=SESSION_LIFETIME))

    def cookie(self, name: str) -> str:
        """`__Host-` binds a cookie to this very host; browsers allow it over TLS only."""
        return f"__Host-{name}" if self.settings.is_secure else f"ministry_{name}"

    def give_cookie(self, response: AnyResponse, name: str, value: str) -> None:
        """Until the browser is closed."""
        response.set_cookie(
            self.cookie(name), value, httponly=True, secure=self.settings.is_secure, samesite="Lax", path="/"
        )

    def session(self) -> Login | None:
        """Who is logged in here, by the session cookie."""
        return self.sessions.look(request.cookies.get(self.cookie("session")))


def create_app(settings_file: str) -> Flask:
    """The WSGI application, for gunicorn: `sp_examples.ministry_saml.app:create_app("settings.toml")`."""
    return make_app(load_settings(Path(settings_file)))


def make_app(settings: Settings) -> Flask:
    """The WSGI application."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, MAX_FORM_MEMORY_SIZE=LARGEST_BODY)
    desk = Desk(settings=settings, federation=Federation(settings, clock=_clock))
    app.before_request(lambda: _set_language(desk))
    app.after_request(lambda response: _finish(desk, response))
    _add_login(app, desk)
    _add_pages(app, desk)
    app.register_error_handler(AnswerUnproven, lambda error: _unproven(app, error))
    app.register_error_handler(LoginServiceUnreachable, lambda error: _unreachable(app, error))
    app.register_error_handler(HTTPException, _http_error)
    return app


def _add_login(app: Flask, desk: Desk) -> None:
    @app.get("/login")
    def login() -> AnyResponse:
        """Off to the login service."""
        browser = request.cookies.get(desk.cookie("browser")) or secrets.token_urlsafe(32)
        request_id, address = desk.federation.begin()
        desk.requests.keep(browser, key=request_id)
        response = redirect(address, code=303)
        desk.give_cookie(response, "browser", browser)
        return response

    @app.post("/acs")
    def acs() -> AnyResponse:
        """An answer, brought by a browser without its cookies."""
        request_id, outcome = desk.federation.read(
            request.form.get("SAMLResponse", ""), is_outstanding=lambda known: desk.requests.look(known) is not None
        )
        browser = desk.requests.take(request_id)
        if browser is None:
            raise AnswerUnproven("another answer was quicker")
        handle = desk.arrivals.keep(Arrival(browser=browser, outcome=outcome))
        return redirect(url_for("arrive", handle=handle), code=303)

    @app.get("/arrive/<handle>")
    def arrive(handle: str) -> AnyResponse:
        """The browser again, with its cookies. A session gets a new id, whatever the browser had."""
        arrival = desk.arrivals.take(handle)
        browser = request.cookies.get(desk.cookie("browser"), "")
        if arrival is None or not hmac.compare_digest(arrival.browser.encode(), browser.encode()):
            return _message(MESSAGES["other_browser"][g.language], status=400)
        if isinstance(arrival.outcome, Refusal):
            return _message(refusal(arrival.outcome.status, g.language), status=200)
        desk.sessions.take(request.cookies.get(desk.cookie("session")))
        response = redirect(url_for("home"), code=303)
        left = arrival.outcome.ends_at - _clock()
        desk.give_cookie(response, "session", desk.sessions.keep(arrival.outcome, lifetime=left))
        return response


def _add_pages(app: Flask, desk: Desk) -> None:
    @app.get("/")
    def start() -> AnyResponse:
        """The start page, or on to the page of who is logged in."""
        if desk.session() is not None:
            return redirect(url_for("home"))
        return _page("start.html", login_url=url_for("login"), operator=OPERATOR[g.language])

    @app.get("/home")
    def home() -> AnyResponse:
        """For who is logged in."""
        login = desk.session()
        if login is None:
            return redirect(url_for("start"))
        return _page("home.html", subject=login.subject, facts=facts(g.language, login), logout_url=url_for("logout"))

    @app.post("/logout")
    def logout() -> AnyResponse:
        """End this site's session, and say that the others go on."""
        ended = desk.sessions.take(request.cookies.get(desk.cookie("session")))
        response = redirect(url_for("logged_out"), code=303)
        if ended is not None:
            # A post from another site brings no cookie; deleting one in the answer would log the visitor out after all.
            response.delete_cookie(
                desk.cookie("session"), secure=desk.settings.is_secure, httponly=True, samesite="Lax"
            )
        return response

    @app.get("/logged-out")
    def logged_out() -> AnyResponse:
        """What logging out has ended, and what not."""
        return _message(MESSAGES["logged_out"][g.language], status=200)

    @app.get("/metadata")
    def metadata() -> AnyResponse:
        """For the login service's operator."""
        return Response(desk.federation.own_metadata(), mimetype="application/samlmetadata+xml")

    @app.get("/health")
    def health() -> AnyResponse:
        """For the one who starts this site."""
        return Response("ok\n", mimetype="text/plain")


def _page(template: str, **values: object) -> Response:
    other = next(language for language in LANGUAGES if language != g.language)
    return make_response(
        render_template(template, language=g.language, language_url=url_for("start") + f"?lang={other}", **values)
    )


def _message(message: Message, *, status: int) -> Response:
    page = _page("message.html", heading=message.heading, body=message.body, retry_url=url_for("login"))
    page.status_code = status
    return page


def _unproven(app: Flask, error: AnswerUnproven) -> Response:
    app.logger.warning("answer refused: %s", error)
    return _message(MESSAGES["unproven"][g.language], status=400)


def _unreachable(app: Flask, error: LoginServiceUnreachable) -> Response:
    app.logger.warning("login service: %s", error)
    return _message(MESSAGES["unreachable"][g.language], status=503)


def _http_error(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    return _message(MESSAGES["not_found" if status == 404 else "unproven"][g.language], status=status)  # noqa: PLR2004 (HTTP's own number)


def _set_language(desk: Desk) -> None:
    asked = request.args.get("lang")
    chosen = asked if asked in LANGUAGES else request.cookies.get(desk.cookie("language"))
    g.language = choose_language(request.accept_languages.best_match(LANGUAGES), chosen)


def _finish(desk: Desk, response: Response) -> Response:
    if request.args.get("lang") in LANGUAGES:
        desk.give_cookie(response, "language", g.language)
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response


def _clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
