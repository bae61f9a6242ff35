"""From a verified card to a citizen: known by the card's binding, or registered now with consent (利用者登録)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.assurance import AuthenticationContext
from idp.domain.citizen import CardBinding, Citizen, CitizenId, VerifiedCard
from idp.domain.events import CitizenLeft, CitizenRegistered
from idp.domain.login import AuthenticationResult, BrowserHandle, HeldCard, PendingLogin
from idp.domain.service_provider import ServiceProvider
from idp.domain.session import SessionHandle
from idp.usecases.login import Logins
from idp.usecases.ports import OneTimeStore, Stores, UnitOfWork
from idp.usecases.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The card was known: a session is open."""

    session: SessionHandle


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitsConsent:
    """The card is new: it waits under `handle` for the citizen's consent to registration."""

    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Opens the session that a verified card deserves. A waiting registration holds no more than the card's HMAC.

    It waits no longer than `check_max_age` after the card was read: consent must not outlive what we know of the card.
    """

    work: UnitOfWork
    logins: Logins
    sessions: Sessions
    waiting: OneTimeStore[HeldCard]
    check_max_age: timedelta

    def enter(
        self,
        login: PendingLogin,
        card: VerifiedCard,
        site: ServiceProvider,
        *,
        replaces: SessionHandle | None,
        now: datetime,
    ) -> Entered | AwaitsConsent:
        """Open a session if the card is bound to a citizen, else keep it for the consent page."""
        with self.work.writing() as stores:
            binding = stores.citizens.binding(card.fingerprint)
            # The note tells again whether the card is bound: another request may have ended the registration meanwhile.
            if binding is not None and stores.citizens.note_check(card.fingerprint, card.check):
                result = _result(binding.citizen, card)
                return Entered(session=self.sessions.open(stores, result, site, replaces=replaces, now=now))
        handle = secrets.token_urlsafe(32)
        ends = min(login.expires_at, card.verified_at + self.check_max_age, card.certificate_ends)
        self.waiting.put(handle, HeldCard(login=login.id, card=card), now=now, expires_at=ends)
        return AwaitsConsent(handle=handle)

    def resume(self, handle: str, browser: BrowserHandle | None, *, now: datetime) -> PendingLogin:
        """The login whose card waits under `handle`. Raises as `OneTimeStore.read` and `Logins.resume`."""
        held = self.waiting.read(handle, now=now)
        return self.logins.resume(held.login, browser, now=now)

    def register(
        self,
        handle: str,
        site: ServiceProvider,
        *,
        replaces: SessionHandle | None,
        now: datetime,
    ) -> SessionHandle:
        """Register the citizen of the waiting card, who has just agreed in the login's browser; open their session."""
        card = self.waiting.take(handle, now=now).card
        with self.work.writing() as stores:
            citizen = _known(stores, card) or _new(stores, card, now)
            return self.sessions.open(stores, _result(citizen, card), site, replaces=replaces, now=now)

    def leave(self, handle: SessionHandle | None, *, now: datetime) -> bool:
        """End the registration of this session's citizen; False if there is no session.

        The card's binding goes, every session ends. Registering again later makes a new citizen, whom no site can
        recognise. Sites keep what they were told.
        """
        with self.work.writing() as stores:
            session = stores.sessions.find(handle, now=now) if handle else None
            if session is None:
                return False
            stores.citizens.forget_cards(session.citizen)
            stores.sessions.end_all(session.citizen, now=now)
            stores.audit.record(CitizenLeft(citizen=session.citizen, at=now))
            return True

    def decline(self, handle: str, *, now: datetime) -> None:
        """Forget the waiting card."""
        self.waiting.take(handle, now=now)


def _known(stores: Stores, card: VerifiedCard) -> CitizenId | None:
    """The same card may have been registered meanwhile in another tab: it is the same person, not a second one."""
    binding = stores.citizens.binding(card.fingerprint)
    return binding.citizen if binding else None


def _new(stores: Stores, card: VerifiedCard, now: datetime) -> CitizenId:
    citizen = Citizen(id=CitizenId(secrets.token_hex(16)), registered_at=now)
    binding = CardBinding(citizen=citizen.id, fingerprint=card.fingerprint, bound_at=now, last_check=card.check)
    stores.citizens.add(citizen, binding)
    stores.audit.record(CitizenRegistered(citizen=citizen.id, at=now))
    return citizen.id


def _result(citizen: CitizenId, card: VerifiedCard) -> AuthenticationResult:
    return AuthenticationResult(
        citizen=citizen,
        context=AuthenticationContext.CARD_PIN,
        authenticated_at=card.verified_at,
        check=card.check,
    )
