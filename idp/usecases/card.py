"""Ask the card a question, and judge the answer: challenge → certificate → path → signature → only then revocation."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from foundation.keys import HmacKey
from idp.domain.citizen import CardFingerprint, CertificateCheck, CheckSource, VerifiedCard
from idp.domain.errors import CardOnHold, CardRevoked, CardUnchecked, ChallengeExpired
from idp.domain.login import BrowserHandle, CardAnswer, Challenge, HeldCard, PendingLogin
from idp.usecases.card_errors import as_card_rejection
from idp.usecases.login import Logins
from idp.usecases.ports import OneTimeStore, RevocationSource, UnitOfWork
from jpki.anchors import TrustAnchor
from jpki.certificates import AuthenticationCertificate
from jpki.challenge import NONCE_BYTES, Purpose, authentication_statement
from jpki.errors import JpkiError
from jpki.identity import card_key
from jpki.profile import CertificateProfile
from jpki.revocation import Good, Revoked, Unknown
from jpki.verification import verify_card_answer

RETRY_MINUTES = 5
"""What a citizen is told to wait when revocation cannot be checked: responders recover or lists arrive within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRules:
    """What a good answer is; all of it comes from the settings, nothing from a message."""

    origin: str
    anchors: tuple[TrustAnchor, ...]
    profile: CertificateProfile
    challenge_lifetime: timedelta
    check_max_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLogin:
    """The card's part of a login."""

    rules: CardRules
    fingerprint_key: HmacKey
    logins: Logins
    challenges: OneTimeStore[Challenge]
    held: OneTimeStore[HeldCard]
    revocation: RevocationSource
    work: UnitOfWork

    def ask(self, login: PendingLogin, *, now: datetime) -> Challenge:
        """A fresh challenge for `login`; its row outlives it as long as the login, so that a late answer finds home."""
        challenge = Challenge(
            nonce=secrets.token_bytes(NONCE_BYTES),
            purpose=Purpose.LOGIN,
            login=login.id,
            expires_at=min(now + self.rules.challenge_lifetime, login.expires_at),
        )
        self.challenges.put(nonce_text(challenge.nonce), challenge, now=now, expires_at=login.expires_at)
        return challenge

    def take_challenge(self, nonce: bytes, *, now: datetime) -> Challenge:
        """The challenge that this answer is for, used up whatever follows. Raises as `OneTimeStore.take`."""
        return self.challenges.take(nonce_text(nonce), now=now)

    def verify_answer(self, challenge: Challenge, answer: CardAnswer, *, now: datetime) -> VerifiedCard:
        """The card that signed `challenge`. Raises a leaf of `CardRejected`, or `CardUnchecked`."""
        if now >= challenge.expires_at:
            raise ChallengeExpired
        statement = authentication_statement(origin=self.rules.origin, purpose=challenge.purpose, nonce=challenge.nonce)
        try:
            certificate = verify_card_answer(
                unverified_certificate=answer.unverified_certificate,
                signature=answer.unverified_signature,
                statement=statement,
                anchors=self.rules.anchors,
                profile=self.rules.profile,
                now=now,
            )
        except JpkiError as error:
            raise as_card_rejection(error) from error
        fingerprint = self._fingerprint(certificate)
        return VerifiedCard(
            fingerprint=fingerprint,
            check=self._check(certificate, self._recent_check(fingerprint, now), now),
            verified_at=now,
            certificate_ends=certificate.not_after,
        )

    def hold(self, challenge: Challenge, card: VerifiedCard, *, now: datetime) -> str:
        """Keep `card` for the browser of its login; the handle leads there once, within the challenge's lifetime."""
        handle = secrets.token_urlsafe(32)
        held = HeldCard(login=challenge.login, card=card)
        self.held.put(handle, held, now=now, expires_at=now + self.rules.challenge_lifetime)
        return handle

    def claim(self, handle: str, browser: BrowserHandle | None, *, now: datetime) -> tuple[PendingLogin, VerifiedCard]:
        """The login and its card, if this is the browser that began it. Raises as `Logins.resume`."""
        held = self.held.take(handle, now=now)
        return self.logins.resume(held.login, browser, now=now), held.card

    def _fingerprint(self, certificate: AuthenticationCertificate) -> CardFingerprint:
        value = card_key(
            self.fingerprint_key.secret,
            issuer_key_digest=certificate.issuer.key_digest,
            serial=certificate.serial,
        )
        return CardFingerprint(key_id=self.fingerprint_key.key_id, value=value)

    def _recent_check(self, fingerprint: CardFingerprint, now: datetime) -> CertificateCheck | None:
        """A responder's answer, checked with its nonce, that is young enough to serve again."""
        with self.work.reading() as stores:
            binding = stores.citizens.binding(fingerprint)
        if binding is None:
            return None
        check = binding.last_check
        is_reusable = (
            check.source is CheckSource.OCSP
            and now - check.checked_at < self.rules.check_max_age
            and now < check.next_update
        )
        return check if is_reusable else None

    def _check(
        self, certificate: AuthenticationCertificate, recent: CertificateCheck | None, now: datetime
    ) -> CertificateCheck:
        """The local list always has its say; a recent answer of the responder saves only the network."""
        if recent is not None:
            listed = self.revocation.listed(certificate, now=now)
            if not isinstance(listed, Revoked):
                return recent
            raise _revoked(listed)
        status = self.revocation.check(certificate, now=now)
        match status:
            case Good():
                # An answer that did not repeat our nonce may be an old one, replayed: it serves this login alone.
                return CertificateCheck(
                    source=CheckSource(status.source.value),
                    checked_at=now,
                    issued_at=status.this_update,
                    next_update=status.next_update if status.may_be_reused else now,
                )
            case Revoked():
                raise _revoked(status)
            case Unknown():
                raise CardUnchecked(minutes=RETRY_MINUTES)
        assert_never(status)


def nonce_text(nonce: bytes) -> str:
    """base64url without padding, as it stands in the form (docs/contracts/card-channel.md)."""
    return urlsafe_b64encode(nonce).rstrip(b"=").decode()


def _revoked(status: Revoked) -> CardRevoked | CardOnHold:
    return CardOnHold() if status.is_on_hold else CardRevoked()
