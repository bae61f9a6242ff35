from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from foundation.keys import HmacKey
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.citizen import CardBinding, CheckSource, VerifiedCard
from idp.domain.errors import (
    CardExpired,
    CardMismatch,
    CardOnHold,
    CardRevoked,
    CardUnchecked,
    ChallengeExpired,
    OtherBrowser,
    RequestAlreadyUsed,
)
from idp.domain.login import CardAnswer, Challenge, HeldCard, PendingLogin, Refusal
from idp.usecases.card import CardLogin, CardRules
from idp.usecases.login import Logins
from jpki.challenge import Purpose, authentication_statement
from jpki.revocation import RevocationReason
from testbed.defects import Defect
from tests.support.builders import a_citizen
from tests.support.certificates import TEST_PROFILE, anchors_of
from tests.support.house import FakeRevocation
from tests.support.pki import LeafCertificate, SamplePki, a_pki
from tests.support.values import BROWSER, OTHER_BROWSER, MemoryAudit, MemoryOneTimeStore, a_request

ORIGIN = "https://idp.test"
CHALLENGE = timedelta(minutes=5)
MAX_AGE = timedelta(minutes=15)


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    return a_pki(tmp_path_factory.mktemp("pki") / "state")


@pytest.fixture
def revocation() -> FakeRevocation:
    return FakeRevocation()


@pytest.fixture
def logins(sqlite_engine: Engine) -> Logins:
    return Logins(
        work=SqlUnitOfWork(sqlite_engine),
        pending=MemoryOneTimeStore[PendingLogin](),
        refusals=MemoryOneTimeStore[Refusal](),
        audit=MemoryAudit(),
        lifetime=timedelta(minutes=30),
    )


@pytest.fixture
def card_login(pki: SamplePki, revocation: FakeRevocation, logins: Logins, sqlite_engine: Engine) -> CardLogin:
    return CardLogin(
        rules=CardRules(
            origin=ORIGIN,
            anchors=anchors_of(pki),
            profile=TEST_PROFILE,
            challenge_lifetime=CHALLENGE,
            check_max_age=MAX_AGE,
        ),
        fingerprint_key=HmacKey(key_id="key-1", secret=b"k" * 32),
        logins=logins,
        challenges=MemoryOneTimeStore[Challenge](),
        held=MemoryOneTimeStore[HeldCard](),
        revocation=revocation,
        work=SqlUnitOfWork(sqlite_engine),
    )


@pytest.fixture
def challenge(card_login: CardLogin, logins: Logins, pki: SamplePki) -> Challenge:
    return card_login.ask(logins.begin(a_request(), BROWSER, now=pki.now), now=pki.now)


def answer(leaf: LeafCertificate, challenge: Challenge) -> CardAnswer:
    statement = authentication_statement(origin=ORIGIN, purpose=challenge.purpose, nonce=challenge.nonce)
    return CardAnswer(nonce=challenge.nonce, unverified_certificate=leaf.der, unverified_signature=leaf.sign(statement))


@pytest.fixture
def verify(card_login: CardLogin, challenge: Challenge, pki: SamplePki) -> Callable[..., VerifiedCard]:
    """Verify the right answer of a card, later by `after`."""

    def verify(leaf: LeafCertificate, *, after: timedelta = timedelta(0)) -> VerifiedCard:
        fresh = replace(challenge, expires_at=pki.now + after + CHALLENGE)
        return card_login.verify_answer(fresh, answer(leaf, fresh), now=pki.now + after)

    return verify


def bind(card_login: CardLogin, card: VerifiedCard) -> None:
    citizen = a_citizen()
    binding = CardBinding(
        citizen=citizen.id, fingerprint=card.fingerprint, bound_at=card.verified_at, last_check=card.check
    )
    with card_login.work.writing() as stores:
        stores.citizens.add(citizen, binding)


def test_challenge_is_fresh_and_for_its_login(card_login: CardLogin, logins: Logins, pki: SamplePki) -> None:
    login = logins.begin(a_request(), BROWSER, now=pki.now)
    asked = [card_login.ask(login, now=pki.now) for _ in range(10)]
    assert len({challenge.nonce for challenge in asked}) == 10
    assert {(len(c.nonce), c.purpose, c.login, c.expires_at) for c in asked} == {
        (32, Purpose.LOGIN, login.id, pki.now + CHALLENGE)
    }


def test_challenge_is_taken_once(card_login: CardLogin, challenge: Challenge, pki: SamplePki) -> None:
    assert card_login.take_challenge(challenge.nonce, now=pki.now) == challenge
    with pytest.raises(RequestAlreadyUsed):
        card_login.take_challenge(challenge.nonce, now=pki.now)


def test_good_answer_is_a_verified_card(pki: SamplePki, verify: Callable[..., VerifiedCard]) -> None:
    card = verify(pki.a_certificate())
    assert card.verified_at == pki.now
    assert card.check.source is CheckSource.OCSP
    assert card.fingerprint.key_id == "key-1"


def test_fingerprint_tells_certificates_apart_and_depends_on_the_key(
    pki: SamplePki, card_login: CardLogin, challenge: Challenge, verify: Callable[..., VerifiedCard]
) -> None:
    leaf = pki.a_certificate()
    first, again, other = verify(leaf), verify(leaf), verify(pki.a_certificate())
    rekeyed = replace(card_login, fingerprint_key=HmacKey(key_id="key-2", secret=b"o" * 32))
    under_another_key = rekeyed.verify_answer(challenge, answer(leaf, challenge), now=pki.now)
    assert first.fingerprint == again.fingerprint
    assert len({card.fingerprint.value for card in (first, other, under_another_key)}) == 3


def test_late_answer_is_not_even_looked_at(
    card_login: CardLogin, challenge: Challenge, revocation: FakeRevocation
) -> None:
    with pytest.raises(ChallengeExpired):
        card_login.verify_answer(
            challenge,
            CardAnswer(nonce=challenge.nonce, unverified_certificate=b"", unverified_signature=b""),
            now=challenge.expires_at,
        )
    assert revocation.asked == []


def test_answer_to_another_challenge_is_a_mismatch(
    pki: SamplePki, card_login: CardLogin, challenge: Challenge, revocation: FakeRevocation
) -> None:
    other = replace(challenge, nonce=bytes(32))
    with pytest.raises(CardMismatch):
        card_login.verify_answer(challenge, answer(pki.a_certificate(), other), now=pki.now)
    assert revocation.asked == []


def test_revocation_is_asked_last(
    pki: SamplePki, verify: Callable[..., VerifiedCard], revocation: FakeRevocation
) -> None:
    with pytest.raises(CardExpired):
        verify(pki.a_certificate(defect=Defect.EXPIRED))
    assert revocation.asked == []


@pytest.mark.parametrize(
    ("reason", "error"),
    [(RevocationReason.KEY_COMPROMISE, CardRevoked), (RevocationReason.CERTIFICATE_HOLD, CardOnHold)],
)
def test_revoked_card_is_refused(
    pki: SamplePki,
    verify: Callable[..., VerifiedCard],
    revocation: FakeRevocation,
    reason: RevocationReason,
    error: type[Exception],
) -> None:
    leaf = pki.a_certificate()
    revocation.revoked[leaf.serial] = reason
    with pytest.raises(error):
        verify(leaf)


def test_unknown_is_not_good(pki: SamplePki, verify: Callable[..., VerifiedCard], revocation: FakeRevocation) -> None:
    revocation.responder_is_down = True
    with pytest.raises(CardUnchecked) as refusal:
        verify(pki.a_certificate())
    assert refusal.value.minutes == 5


@pytest.mark.parametrize(
    ("minutes", "next_update", "asks"), [(14, 60, 1), (15, 60, 2), (4, 5, 1), (5, 5, 2), (6, 5, 2)]
)
def test_checked_answer_serves_again_while_young_and_not_past_its_end(  # noqa: PLR0917 (fixtures)
    pki: SamplePki,
    card_login: CardLogin,
    verify: Callable[..., VerifiedCard],
    revocation: FakeRevocation,
    minutes: int,
    next_update: int,
    asks: int,
) -> None:
    revocation.fresh_for = timedelta(minutes=next_update)
    leaf = pki.a_certificate()
    bind(card_login, verify(leaf))
    card = verify(leaf, after=timedelta(minutes=minutes))
    assert len(revocation.asked) == asks
    assert card.check.checked_at == pki.now + (timedelta(0) if asks == 1 else timedelta(minutes=minutes))


def test_answer_that_did_not_repeat_our_nonce_does_not_serve_again(
    pki: SamplePki, card_login: CardLogin, verify: Callable[..., VerifiedCard], revocation: FakeRevocation
) -> None:
    revocation.repeats_nonce = False
    leaf = pki.a_certificate()
    bind(card_login, verify(leaf))
    verify(leaf, after=timedelta(seconds=1))
    assert len(revocation.asked) == 2


def test_list_has_its_say_although_an_answer_may_serve_again(
    pki: SamplePki, card_login: CardLogin, verify: Callable[..., VerifiedCard], revocation: FakeRevocation
) -> None:
    leaf = pki.a_certificate()
    bind(card_login, verify(leaf))
    revocation.on_list[leaf.serial] = RevocationReason.KEY_COMPROMISE
    with pytest.raises(CardRevoked):
        verify(leaf, after=timedelta(minutes=1))


def test_held_card_is_claimed_once_and_by_its_browser(
    pki: SamplePki, card_login: CardLogin, challenge: Challenge, verify: Callable[..., VerifiedCard]
) -> None:
    card = verify(pki.a_certificate())
    handle = card_login.hold(challenge, card, now=pki.now)
    login, claimed = card_login.claim(handle, BROWSER, now=pki.now)
    assert (login.id, claimed) == (challenge.login, card)
    with pytest.raises(RequestAlreadyUsed):
        card_login.claim(handle, BROWSER, now=pki.now)
    stolen = card_login.hold(challenge, card, now=pki.now)
    with pytest.raises(OtherBrowser):
        card_login.claim(stolen, OTHER_BROWSER, now=pki.now)
    with pytest.raises(RequestAlreadyUsed):
        card_login.claim(stolen, BROWSER, now=pki.now)
