"""The agent's web application: a question comes in, the citizen confirms on a page of ours, an answer leaves.

Every page is reached by GET after a 303, never by 307 or 308, which would send the PIN on to another address.
"""

import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from card_agent import origins, pages
from card_agent.answers import Outcome, Unsigned
from card_agent.card import CardError, CardRefused, CertificateProtected, LastTryUnconfirmed, PinUnanswered, WrongPin
from card_agent.headers import protect
from card_agent.messages import REFUSALS, Refusal, http_message
from card_agent.pending import FormStale, PendingRequest, PendingRequests
from card_agent.pin import Pin, PinMalformed
from card_agent.places import Notice, Place
from card_agent.questions import LONGEST_FORM, QuestionDamaged, read_question
from card_agent.readers import Readers
from card_agent.settings import AgentSettings
from card_agent.transport import CardPulled, CardTransport, CardUnreadable, NoCard, ReaderBusy, ReaderError
from foundation.clock import Clock
from foundation.texts import choose_language
from jpki.challenge import authentication_statement

HERE = Path(__file__).resolve().parent
FORM_TYPE = "application/x-www-form-urlencoded"
LEAVING = {outcome.value: outcome for outcome in (Outcome.CANCELLED, Outcome.LOCKED, Outcome.UNUSABLE)}

# What the next page adds to the card's state; other errors are told by the state alone.
NOTICES: dict[type[Exception], Notice] = {
    WrongPin: Notice.WRONG,
    LastTryUnconfirmed: Notice.UNCONFIRMED,
    PinUnanswered: Notice.UNANSWERED,
    CardPulled: Notice.PULLED,
    NoCard: Notice.PULLED,
    ReaderBusy: Notice.BUSY,
    CardUnreadable: Notice.UNREADABLE,
    CardRefused: Notice.UNREADABLE,
    CertificateProtected: Notice.UNREADABLE,
}

log = logging.getLogger(__name__)


def agent_app(settings: AgentSettings, transport: CardTransport, clock: Clock) -> Flask:
    """The application. It remembers in its own memory, so one process serves one computer."""
    app = Flask(__name__, static_folder=str(HERE / "static"), template_folder=str(HERE / "templates"))
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_FORM
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    _Agent(settings, transport, clock).serve_on(app)
    return app


class _Agent:
    def __init__(self, settings: AgentSettings, transport: CardTransport, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.readers = Readers(transport)
        self.pending = PendingRequests(lifetime=settings.request_lifetime, most=settings.most_requests)
        self.pages = pages.Pages(settings, HERE / "translations")

    def serve_on(self, app: Flask) -> None:
        app.before_request(self.guard)
        app.after_request(self.protect)
        app.add_url_rule("/", "running", self.running)
        app.add_url_rule("/login", "login", self.take_question, methods=["POST"])
        app.add_url_rule("/confirm/<handle>", "confirm", self.show_confirm)
        app.add_url_rule("/confirm/<handle>", "send", self.take_form, methods=["POST"])
        app.add_url_rule("/done/<handle>", "done", self.show_done)
        for error, refusal in REFUSALS.items():
            app.register_error_handler(error, self.refuser(refusal))
        app.register_error_handler(HTTPException, self.refuse_http)
        app.register_error_handler(Exception, self.fail)

    # ---- around every request ----

    def guard(self) -> Response | None:
        """The first check of all, static files included; a plain text, since nothing about this request is trusted."""
        try:
            origins.require_own_host(request.headers.get("Host"), self.settings.host)
        except origins.WrongHost:
            return Response(f"Open http://{self.settings.host}/ instead.\n", status=421, mimetype="text/plain")
        if request.endpoint != "static":
            origins.require_navigation(request.headers)
        return None

    @staticmethod
    def protect(response: Response) -> Response:
        return protect(response, hand_over_to=g.get("hand_over_to"))

    # ---- pages ----

    def running(self) -> str:
        return self.pages.running(self.language())

    def take_question(self) -> Response:
        site = origins.asking_site(request.headers, self.settings.sites)
        if request.mimetype != FORM_TYPE:
            raise QuestionDamaged("content type")
        now = self.clock()
        question = read_question(request.form.to_dict(flat=False), site=site, now=now)
        waiting = self.pending.add(question, now=now)
        response = _see(Place(handle=waiting.handle, language=question.language).confirm)
        # Lax, not Strict: a Strict cookie is held back on the redirect that ends a navigation begun by another site.
        response.set_cookie(
            _cookie_name(waiting.handle),
            waiting.browser,
            max_age=self.settings.request_lifetime,
            httponly=True,
            samesite="Lax",
        )
        return response

    def show_confirm(self, handle: str) -> Response | str:
        waiting = self.find(handle)
        place = Place.read(handle, request.args, language=waiting.question.language)
        if waiting.answer(self.clock()) is not None:
            return _see(place.done)
        return self.pages.confirm(waiting, place, self.readers)

    def take_form(self, handle: str) -> Response:
        origins.require_own_form(request.headers, self.settings.own_origin)
        waiting = self.find(handle)
        place = Place.read(handle, request.form, language=waiting.question.language)
        leaving = LEAVING.get(request.form.get("leave", ""))
        if leaving is not None:
            waiting.settle(Unsigned(outcome=leaving))
            return _see(place.done)
        try:
            notice = self.confirm(waiting, place)
        except FormStale:
            notice = None
        if waiting.answer(self.clock()) is not None:
            return _see(place.done)
        return _see(place.after(notice))

    def show_done(self, handle: str) -> Response | str:
        waiting = self.find(handle)
        place = Place.read(handle, request.args, language=waiting.question.language)
        answer = waiting.answer(self.clock())
        if answer is None:
            return _see(place.confirm)
        waiting.require_own_page(place.ticket)
        g.hand_over_to = waiting.question.site
        return self.pages.done(waiting, place, answer)

    # ---- steps ----

    def find(self, handle: str) -> PendingRequest:
        return self.pending.find(handle, browser=request.cookies.get(_cookie_name(handle), ""), now=self.clock())

    def confirm(self, waiting: PendingRequest, place: Place) -> Notice | None:
        """Take the PIN to the card once; what happened is told by the notice, or by the request's answer."""
        attempt = request.form.get("attempt", type=int, default=-1)
        with waiting.one_attempt(attempt, now=self.clock()):
            try:
                pin = Pin(request.form.get("pin", ""))
            except PinMalformed:
                return Notice.MALFORMED
            question = waiting.question
            statement = authentication_statement(
                origin=question.site.origin, purpose=question.purpose, nonce=question.nonce
            )
            last_try_confirmed = request.form.get("last_try") == "confirmed"
            try:
                with pin:
                    answer = self.readers.sign(place.reader, statement, pin, last_try_confirmed=last_try_confirmed)
            except (ReaderError, CardError) as error:
                log.info("The card did not sign: %s", type(error).__name__)
                return NOTICES.get(type(error))
            waiting.settle(answer, ticket=place.ticket)
            return None

    # ---- refusals ----

    def refuser(self, refusal: Refusal) -> Callable[[Exception], tuple[str, int]]:
        def refuse(error: Exception) -> tuple[str, int]:
            number = _number()
            log.info("Refused (%s): %s", number, type(error).__name__)
            host = error.host if isinstance(error, origins.OriginUnknown) else ""
            page = self.pages.refused(refusal.message_id, self.language(), number=number, host=host)
            return page, refusal.status

        return refuse

    def refuse_http(self, error: HTTPException) -> tuple[str, int]:
        status = error.code or 500
        number = _number()
        log.info("Refused (%s): %s", number, status)
        return self.pages.refused(http_message(status), self.language(), number=number), status

    def fail(self, error: Exception) -> tuple[str, int]:
        number = _number()
        log.error("Failed (%s): %s", number, type(error).__name__, exc_info=error)
        return self.pages.failed(self.language(), number), 500

    def language(self) -> str:
        return choose_language(request.headers.get("Accept-Language", ""), request.args.get("lang"))


def _see(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _cookie_name(handle: str) -> str:
    """One cookie for each question, so that two tabs do not take each other's away."""
    return f"card_agent_{handle[:8]}"


def _number() -> str:
    """Twelve digits for enquiries; the same stand in the agent's own log."""
    return f"{secrets.randbelow(10**12):012d}"
