"""A private company's site with a card login: start page, login, members' page, logout."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, Response, g, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from sp_examples.private_oidc.bridge import LoginService, LoginStopped, LoginUnproven, ServiceUnreachable
from sp_examples.private_oidc.keys import load_key, load_session_secret
from sp_examples.private_oidc.settings import Settings, load_settings
from sp_examples.private_oidc.texts import LANGUAGES, MESSAGES, OPERATOR, choose_language, facts

SESSION_LIFETIME = timedelta(hours=1)
LARGEST_BODY = 16 * 1024

_CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(settings_file: str) -> Flask:
    """The WSGI application, for gunicorn: `sp_examples.private_oidc.app:create_app("settings.toml")`."""
    return make_app(load_settings(Path(settings_file)))


def make_app(settings: Settings) -> Flask:
    """The WSGI application. Raises `SettingsError` if a key file is missing."""
    app = Flask(__name__)
    app.secret_key = load_session_secret(settings)
    app.config.update(
        # The prefix binds the cookie to this very host (RFC 6265bis 4.1.3.2); browsers allow it over TLS only.
        SESSION_COOKIE_NAME="__Host-session" if settings.is_secure else "shop_session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_secure,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFETIME,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
    )
    service = LoginService(app, settings, load_key(settings))
    app.before_request(_set_language)
    app.after_request(_harden)
    _add_pages(app, service)
    return app


def _add_pages(app: Flask, service: LoginService) -> None:
    @app.get("/")
    def start() -> AnyResponse:
        """The start page, or the members' page for one who is logged in."""
        if "subject" in session:
            return redirect(url_for("home"))
        return _page("start.html", login_url=url_for("login"), operator=OPERATOR[g.language])

    @app.get("/login")
    def login() -> AnyResponse:
        """Off to the login service."""
        return service.begin()

    @app.get("/callback")
    def callback() -> AnyResponse:
        """Back from the login service. The session begins anew, whatever the browser had."""
        found = service.finish()
        language = session.get("language")
        session.clear()
        session.permanent = True
        session.update(
            subject=found.subject, logged_in_at=int(found.logged_in_at.timestamp()), acr=found.acr, language=language
        )
        return redirect(url_for("home"), code=303)

    @app.get("/home")
    def home() -> AnyResponse:
        """The members' page."""
        if "subject" not in session:
            return redirect(url_for("start"))
        logged_in_at = datetime.fromtimestamp(session["logged_in_at"], UTC)
        return _page(
            "home.html",
            subject=session["subject"],
            facts=facts(g.language, logged_in_at=logged_in_at, acr=session["acr"]),
            logout_url=url_for("logout"),
        )

    @app.post("/logout")
    def logout() -> AnyResponse:
        """End this site's session, and say that the others go on."""
        _end_session()
        return redirect(url_for("logged_out"), code=303)

    @app.get("/logged-out")
    def logged_out() -> AnyResponse:
        """What logging out has ended, and what not."""
        return _message("logged_out", status=200)

    @app.get("/health")
    def health() -> Response:
        """For the one who starts this site."""
        return Response("ok\n", mimetype="text/plain")

    app.register_error_handler(LoginStopped, lambda _: _message("stopped", status=200))
    app.register_error_handler(LoginUnproven, lambda _: _message("failed", status=400))
    app.register_error_handler(ServiceUnreachable, lambda _: _message("unreachable", status=503))


def _end_session() -> None:
    """Another site's form comes without the cookie: it must not be answered by one that takes the session's place."""
    if "subject" in session:
        language = session.get("language")
        session.clear()
        session["language"] = language


def _page(template: str, **values: object) -> Response:
    other = next(language for language in LANGUAGES if language != g.language)
    return make_response(
        render_template(template, language=g.language, language_url=url_for("start") + f"?lang={other}", **values)
    )


def _message(name: str, *, status: int) -> Response:
    message = MESSAGES[name][g.language]
    page = render_template(
        "message.html", language=g.language, heading=message.heading, body=message.body, retry_url=url_for("login")
    )
    return make_response(page, status)


def _set_language() -> None:
    asked = request.args.get("lang")
    if asked in LANGUAGES and request.method == "GET":
        session["language"] = asked
    g.language = choose_language(request.accept_languages.best_match(LANGUAGES), session.get("language"))


def _harden(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
