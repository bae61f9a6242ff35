"""Questions that wait for the citizen: in memory only, few, and short-lived.

A question is found by an unguessable handle and belongs to the browser that brought it, known by a cookie. Without the
cookie, a program on this computer could bring a question of its own, lead the citizen to it, and fetch the signature.
The cookie alone does not stop it: cookies know no ports, so any program here can serve a page that hands its own cookie
to the citizen's browser. Therefore a signature is shown only to the very page on which the PIN was typed, which alone
has the ticket that stood in its form.
"""

import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from card_agent.answers import CardAnswer, Outcome, Signed, Unsigned
from card_agent.questions import Question


class RequestUnknown(Exception):
    """No question has this handle: never given out, or forgotten since."""


class OtherBrowser(Exception):
    """The question was brought by another browser."""


class OtherPage(Exception):
    """The PIN was typed on another page than the one that asks for the answer."""


class FormStale(Exception):
    """This PIN form was sent before, or an answer stands already; the card is left alone."""


class PendingRequest:
    """One question on its way to an answer."""

    def __init__(self, question: Question, *, forget_at: datetime) -> None:
        self.handle = secrets.token_urlsafe(32)
        self.browser = secrets.token_urlsafe(32)
        self.question = question
        self.forget_at = forget_at
        self.attempt = 0
        self._answer: CardAnswer | None = None
        self._ticket = ""
        self._lock = threading.Lock()

    def answer(self, now: datetime) -> CardAnswer | None:
        """What the site is told, once that is settled: an old challenge settles it as well."""
        if self._answer is None and self.question.is_late(now):
            return Unsigned(outcome=Outcome.EXPIRED)
        return self._answer

    def settle(self, answer: CardAnswer, *, ticket: str = "") -> None:
        """The first answer stands; a later one is dropped. `ticket` is that of the PIN form, for a signature."""
        if self._answer is None:
            self._ticket = ticket
            self._answer = answer

    def require_own_page(self, ticket: str) -> None:
        """Raises `OtherPage` if there is a signature, and `ticket` did not stand in the form that had it made."""
        is_own = hmac.compare_digest(self._ticket.encode(), ticket.encode())
        if isinstance(self._answer, Signed) and not (ticket and is_own):
            raise OtherPage

    @contextmanager
    def one_attempt(self, attempt: int, *, now: datetime) -> Iterator[None]:
        """Use up the PIN form number `attempt`; a button pressed twice must not cost two tries.

        Raises `FormStale` for a form that was used before and once an answer stands.
        """
        with self._lock:
            if attempt != self.attempt or self.answer(now) is not None:
                raise FormStale
            self.attempt += 1
            yield


class PendingRequests:
    """All questions of one run of the agent."""

    def __init__(self, *, lifetime: timedelta, most: int) -> None:
        self._lifetime = lifetime
        self._most = most
        self._by_handle: dict[str, PendingRequest] = {}
        self._lock = threading.Lock()

    def add(self, question: Question, *, now: datetime) -> PendingRequest:
        """Remember `question`; where there are too many, the oldest is forgotten."""
        request = PendingRequest(question, forget_at=now + self._lifetime)
        with self._lock:
            self._forget_old(now)
            while len(self._by_handle) >= self._most:
                del self._by_handle[next(iter(self._by_handle))]
            self._by_handle[request.handle] = request
        return request

    def find(self, handle: str, *, browser: str, now: datetime) -> PendingRequest:
        """Raises `RequestUnknown`, `OtherBrowser`."""
        with self._lock:
            self._forget_old(now)
            request = self._by_handle.get(handle)
        if request is None:
            raise RequestUnknown
        if not hmac.compare_digest(request.browser.encode(), browser.encode()):
            raise OtherBrowser
        return request

    def _forget_old(self, now: datetime) -> None:
        self._by_handle = {handle: kept for handle, kept in self._by_handle.items() if now < kept.forget_at}
