"""Every refusal becomes a page that says what happened and what to do, with a number for enquiries and no trace."""

import logging
import secrets
import traceback
from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from foundation.texts import Message, Texts
from idp.domain.errors import (
    CardRejected,
    EnrolmentRefused,
    IdpError,
    InteractionRequired,
    PageNotFound,
    ReleaseRefused,
    RequestAlreadyUsed,
    RequestExpired,
    RequestInvalid,
    RequestRejected,
    ServiceFault,
    Unavailable,
    leaves,
)
from idp.web.formatting import format_date, grouped
from idp.web.pages import page, return_origin, texts
from idp.web.services import Services

logger = logging.getLogger("idp.web")

MACHINE_PATHS = ("/oidc/token", "/oidc/userinfo", "/saml/artifact", "/health")
"""Read by programs: a status and no page."""

STATUS: dict[type[IdpError], HTTPStatus] = {
    RequestRejected: HTTPStatus.BAD_REQUEST,
    CardRejected: HTTPStatus.FORBIDDEN,
    EnrolmentRefused: HTTPStatus.FORBIDDEN,
    InteractionRequired: HTTPStatus.FORBIDDEN,
    ReleaseRefused: HTTPStatus.FORBIDDEN,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    PageNotFound: HTTPStatus.NOT_FOUND,
    RequestAlreadyUsed: HTTPStatus.CONFLICT,
    RequestExpired: HTTPStatus.GONE,
    ServiceFault: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""By family, with rows for the leaves that differ."""


def status_of(error: type[IdpError]) -> HTTPStatus:
    """The HTTP status of a leaf: its own row, else its family's."""
    return next(STATUS[kind] for kind in error.__mro__ if kind in STATUS)


def message_of(t: Texts, code: str, *, request_id: str, minutes: int | None, date: datetime | None) -> Message:
    """The text of a refusal in the reader's language."""
    return t.message(
        code,
        id=grouped(request_id),
        minutes=minutes or 0,
        n=minutes or 0,
        date=format_date(date, t.language) if date else "",
    )


def explain_errors(app: Flask, services: Services) -> None:
    """Install the error pages on `app`."""

    @app.before_request
    def number_the_request() -> None:
        """Twelve digits that can be read over the phone."""
        g.request_id = f"{secrets.randbelow(10**12):012d}"

    @app.errorhandler(IdpError)
    def refused(error: IdpError) -> Response:
        """A refusal with a reason."""
        note_refusal(services, error)
        return _error_page(services, error)

    @app.errorhandler(HTTPException)
    def unroutable(error: HTTPException) -> Response:
        """What the framework refuses: no such page, no such method, too large, not for this host."""
        status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
        services.refusal_log.note(f"http.{status}", "", request_id=g.request_id, now=services.clock())
        fact = PageNotFound() if status == HTTPStatus.NOT_FOUND else RequestInvalid("refused by the framework")
        response = _error_page(services, fact, status=status)
        if isinstance(error, RequestEntityTooLarge):
            response.headers["Connection"] = "close"
        return response

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        """A defect of ours. Only the places in our code are logged: messages of exceptions may quote data."""
        frames = traceback.extract_tb(error.__traceback__)
        trace = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        logger.error("defect %s request=%s %s", type(error).__name__, g.request_id, trace)
        return _error_page(services, ServiceFault())

    @app.get("/refused/<handle>")
    def refused_login(handle: str) -> Response:
        """What a login met; it can be reloaded and read in the other language. While the login lasts, it can go on."""
        now = services.clock()
        refusal = services.logins.refusal(handle, now=now)
        t = texts(services)
        asked = services.logins.request_under_way(refusal.login, now=now)
        if asked is not None:
            g.form_action = [return_origin(services, asked)]
        return page(
            services,
            "error.html",
            status=status_of(leaves()[refusal.code]),
            message=message_of(
                t, refusal.code, request_id=refusal.request_id, minutes=refusal.minutes, date=refusal.date
            ),
            action={"label": t("ui.try_again"), "url": f"/login/{refusal.login}"} if asked else None,
            leave_url=f"/login/{refusal.login}/stop" if asked else None,
            request_id=refusal.request_id,
            now=refusal.at,
        )


def note_refusal(services: Services, error: IdpError) -> None:
    """Into the bounded log, under this request's number."""
    services.refusal_log.note(error.code, error.why, request_id=g.request_id, now=services.clock())


def _error_page(services: Services, error: IdpError, status: int | None = None) -> Response:
    code = status or status_of(type(error))
    if request.path.startswith(MACHINE_PATHS):
        return Response(status=code)
    return page(
        services,
        "error.html",
        status=code,
        message=message_of(
            texts(services), error.code, request_id=g.request_id, minutes=error.minutes, date=error.date
        ),
        action=None,
        leave_url=None,
        request_id=g.request_id,
        now=services.clock(),
    )
