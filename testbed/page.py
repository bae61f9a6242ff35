"""The testbed's page: the sample cards, and what may happen to them. It belongs to no product."""

from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, make_response, redirect, render_template, request

from foundation.clock import Clock
from foundation.texts import choose_language
from testbed.acts import Act, ActError, Desk
from testbed.page_words import ACTS, CONDITIONS, PAGE


def testbed_app(state: Path, reader: Path, clock: Clock, *, origin: str) -> Flask:
    """The page at `origin`."""
    app = Flask("testbed.page", static_folder=str(Path(__file__).parent / "static"))
    desk = Desk(state=state, reader=reader, clock=clock)

    @app.before_request
    def is_for_us() -> None:
        if request.host != urlsplit(origin).netloc:
            abort(HTTPStatus.MISDIRECTED_REQUEST)

    @app.get("/")
    def cards() -> Response:
        return _page(desk, failure=None)

    @app.post("/act")
    def act() -> Response:
        """Only from this page: a site under test must not move the cards."""
        if request.headers.get("Origin") != origin:
            abort(HTTPStatus.FORBIDDEN)
        try:
            desk.do(Act(request.form["act"]), request.form["card"])
        except ValueError:
            abort(HTTPStatus.BAD_REQUEST)
        except ActError as error:
            return _page(desk, failure=str(error), status=HTTPStatus.CONFLICT)
        return make_response(redirect(f"/?lang={_language()}", code=HTTPStatus.SEE_OTHER))

    @app.after_request
    def close_the_page(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _language() -> str:
    return choose_language(request.headers.get("Accept-Language", ""), request.args.get("lang"))


def _page(desk: Desk, *, failure: str | None, status: int = HTTPStatus.OK) -> Response:
    language = _language()
    page = render_template(
        "cards.html",
        language=language,
        words=PAGE[language],
        acts=ACTS[language],
        conditions=CONDITIONS[language],
        cards=desk.cards(),
        failure=failure,
    )
    return make_response(page, status)
