"""The card's answer: taken without a cookie, because it comes cross-site, and bound to the browser by the next GET."""

import binascii
from base64 import b64decode, urlsafe_b64decode
from datetime import datetime

from flask import Blueprint, Response, g, request

from idp.domain.errors import CardLocked, CardRejected, CardUnchecked, CardUnusable, ChallengeExpired, RequestInvalid
from idp.domain.login import CardAnswer, Challenge
from idp.usecases.enrolment import Entered
from idp.web.cookies import Cookies
from idp.web.pages import see_other
from idp.web.security import require_agent_origin
from idp.web.services import Services
from jpki.challenge import FORMAT, NONCE_BYTES


def card_pages(services: Services, cookies: Cookies) -> Blueprint:
    """Routes below `/card/` (docs/contracts/card-channel.md)."""
    pages = Blueprint("card", __name__)

    @pages.post("/card/answer")
    def answer() -> Response:
        """Use the challenge up, then judge; the citizen reads the outcome on a page of its own."""
        require_agent_origin(services.settings)
        now = services.clock()
        if _field("format") != FORMAT:
            raise RequestInvalid("a card answer of another format")
        challenge = services.card.take_challenge(_nonce(), now=now)
        try:
            return see_other(_next_place(services, challenge, now=now))
        except ChallengeExpired:
            return see_other(f"/login/{challenge.login}?late")
        except (CardRejected, CardUnchecked) as error:
            # The number that the citizen reads on the page must be found in the log.
            services.refusal_log.note(error.code, "", request_id=g.request_id, now=now)
            handle = services.logins.refuse(challenge.login, error, request_id=g.request_id, now=now)
            return see_other(f"/refused/{handle}")

    @pages.get("/card/arrival/<handle>")
    def arrival(handle: str) -> Response:
        """In the browser that began the login: open the session, or ask for consent to registration."""
        now = services.clock()
        login, card = services.card.claim(handle, cookies.browser(request), now=now)
        site = services.site(login.request)
        entry = services.enrolment.enter(login, card, site, replaces=cookies.session(request), now=now)
        if not isinstance(entry, Entered):
            return see_other(f"/enrolment/{entry.handle}")
        response = see_other(f"/login/{login.id}/release")
        cookies.keep_session(response, entry.session)
        return response

    return pages


def _next_place(services: Services, challenge: Challenge, *, now: datetime) -> str:
    """Where the citizen goes after this answer. Raises what the answer deserves."""
    match _field("outcome"):
        case "signed":
            card = services.card.verify_answer(challenge, _signed_answer(challenge), now=now)
            return f"/card/arrival/{services.card.hold(challenge, card, now=now)}"
        case "cancelled":
            return f"/login/{challenge.login}/stopped"
        case "expired":
            raise ChallengeExpired
        case "locked":
            raise CardLocked
        case "unusable":
            raise CardUnusable
        case _:
            raise RequestInvalid("a card answer with an unknown outcome")


def _signed_answer(challenge: Challenge) -> CardAnswer:
    if _field("algorithm") != "RS256":
        raise RequestInvalid("a card answer with an unknown algorithm")
    return CardAnswer(
        nonce=challenge.nonce,
        unverified_certificate=_base64("unverified_certificate"),
        unverified_signature=_base64("signature"),
    )


def _field(name: str) -> str:
    values = request.form.getlist(name)
    if len(values) != 1:
        raise RequestInvalid(f"a card answer must have {name} once")
    return values[0]


def _base64(name: str) -> bytes:
    try:
        return b64decode(_field(name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(f"{name} is not base64") from error


def _nonce() -> bytes:
    text = _field("nonce")
    try:
        nonce = urlsafe_b64decode(text + "=")
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid("the nonce is not base64url") from error
    if len(nonce) != NONCE_BYTES:
        raise RequestInvalid("the nonce has another length")
    return nonce
