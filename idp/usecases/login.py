"""A login's frame: begun by a site's request, resumed only in the browser that began it, finished once."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.errors import (
    CardOnHold,
    CardRevoked,
    CardUnchecked,
    CookiesOff,
    IdpError,
    OtherBrowser,
    RequestAlreadyUsed,
    RequestRejected,
)
from idp.domain.events import LoginRefused, ReleaseDenied
from idp.domain.login import BrowserHandle, LoginId, LoginRequest, MessageId, PendingLogin, Refusal
from idp.usecases.ports import AuditLog, OneTimeStore, UnitOfWork

AFTER_THE_SIGNATURE = (CardRevoked, CardOnHold, CardUnchecked)
"""Refusals that only a card which signed our challenge can meet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Pending logins; `lifetime` is how long a citizen has from the site's request to the answer."""

    work: UnitOfWork
    pending: OneTimeStore[PendingLogin]
    refusals: OneTimeStore[Refusal]
    audit: AuditLog
    lifetime: timedelta

    def begin(self, request: LoginRequest, browser: BrowserHandle, *, now: datetime) -> PendingLogin:
        """Keep `request`, bound to `browser`. Raises as `use_message`."""
        self.use_message(request.message, now=now)
        login = PendingLogin(
            id=LoginId(secrets.token_urlsafe(32)),
            request=request,
            browser_hash=browser_hash(browser),
            began_at=now,
            expires_at=now + self.lifetime,
        )
        self.pending.put(login.id, login, now=now, expires_at=login.expires_at)
        return login

    def use_message(self, message: MessageId | None, *, now: datetime) -> None:
        """The site's message has had its effect. Raises `RequestAlreadyUsed` the second time."""
        if message is not None:
            with self.work.writing() as stores:
                stores.messages.use_up(message, now=now)

    def resume(self, login: LoginId, browser: BrowserHandle | None, *, now: datetime) -> PendingLogin:
        """The login, if this is its browser. Raises `OtherBrowser`, `CookiesOff`, and as `OneTimeStore.read`."""
        return _in_its_browser(self.pending.read(login, now=now), browser)

    def finish(self, login: LoginId, browser: BrowserHandle | None, *, now: datetime) -> PendingLogin:
        """The login, used up; nothing can be answered to its site a second time. Raises as `resume`."""
        return self.use_up(self.resume(login, browser, now=now), now=now)

    def use_up(self, login: PendingLogin, *, now: datetime) -> PendingLogin:
        """The same for a login that was resumed already. Raises as `OneTimeStore.take`."""
        return self.pending.take(login.id, now=now)

    def request_under_way(self, login: LoginId, *, now: datetime) -> LoginRequest | None:
        """What the site asked, while it can still be answered; no browser is known by this, so nothing is released."""
        try:
            return self.pending.read(login, now=now).request
        except RequestRejected:
            return None

    def refuse(self, login_id: LoginId, error: IdpError, *, request_id: str, now: datetime) -> str:
        """Audit that the login met `error`, after every roll-back; the handle under which the citizen reads it.

        What a genuine card met is audited each time; what anybody can claim without one, once for each login, so that
        repeating it does not fill the trail. Raises as `OneTimeStore.read` if the login itself is over.
        """
        login = self.pending.read(login_id, now=now)
        refusal = Refusal(
            login=login.id,
            code=error.code,
            request_id=request_id,
            at=now,
            minutes=error.minutes,
            date=error.date,
        )
        if isinstance(error, AFTER_THE_SIGNATURE) or self._is_first(refusal, login, now):
            self.note_refusal(login, error, now=now)
        handle = secrets.token_urlsafe(32)
        self.refusals.put(handle, refusal, now=now, expires_at=login.expires_at)
        return handle

    def note_refusal(self, login: PendingLogin, error: IdpError, *, now: datetime) -> None:
        """Audit that the login met `error`."""
        self.audit.record(
            LoginRefused(login=login.id, service_provider=login.request.service_provider, code=error.code, at=now)
        )

    def note_denial(self, request: LoginRequest, error: IdpError, *, now: datetime) -> None:
        """Audit that a citizen with an open session was not told of to the site, for the site's own wishes."""
        self.audit.record(ReleaseDenied(service_provider=request.service_provider, code=error.code, at=now))

    def _is_first(self, refusal: Refusal, login: PendingLogin, now: datetime) -> bool:
        try:
            self.refusals.put(f"first of {login.id}", refusal, now=now, expires_at=login.expires_at)
        except RequestAlreadyUsed:
            return False
        return True

    def refusal(self, handle: str, *, now: datetime) -> Refusal:
        """What `refuse` kept. Raises as `OneTimeStore.read`."""
        return self.refusals.read(handle, now=now)


def browser_hash(browser: BrowserHandle) -> bytes:
    """SHA-256 of the browser's cookie: the database never holds what would let its reader take a login over."""
    return hashlib.sha256(browser.encode()).digest()


def _in_its_browser(login: PendingLogin, browser: BrowserHandle | None) -> PendingLogin:
    if browser is None:
        raise CookiesOff
    if not hmac.compare_digest(login.browser_hash, browser_hash(browser)):
        raise OtherBrowser
    return login
