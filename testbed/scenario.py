"""The scenario that the testbed starts with: the sample cards, each in its condition, and the trust files."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from foundation.clock import Clock
from testbed.card_memory import load_card, save_card
from testbed.defects import Defect
from testbed.issuing import CardExistsError, break_card, expire, issue_card
from testbed.lifecycle import Cause, hold, revoke
from testbed.people import TOKYO_CHIYODA
from testbed.profiles import Authority, Generation
from testbed.sample_cards import NEWCOMER, SAMPLE_CARDS, Condition, SampleCard
from testbed.state import DEFAULT_OCSP_URL, Pki, locked, make_pki, open_pki


def prepare(state: Path, clock: Clock, *, ocsp_url: str = DEFAULT_OCSP_URL) -> Pki:
    """Make the PKI and the sample cards where they are missing; what is there stays as it is.

    A card that an earlier start left unfinished is issued anew. Raises `StateError`.
    """
    pki = make_pki(state, now=clock(), ocsp_url=ocsp_url)
    fill(pki, clock, state=state)
    return pki


def fill(pki: Pki, clock: Clock, *, state: Path) -> None:
    """Issue the sample cards that `pki` lacks."""
    with locked(state):
        prepared = pki.register.prepared_cards()
        for sample in SAMPLE_CARDS:
            if sample.card_id not in prepared:
                _make(pki, sample, clock)


def issue_by_hand(pki: Pki, card_id: str, condition: Condition, *, pin: str, clock: Clock, state: Path) -> None:
    """Issue one more card, in `condition`. Raises `CardExistsError`."""
    sample = SampleCard(card_id=card_id, person=NEWCOMER, municipality=TOKYO_CHIYODA, condition=condition, pin=pin)
    with locked(state):
        if card_id in pki.register.prepared_cards():
            raise CardExistsError(f"a card called {card_id} exists already")
        _make(pki, sample, clock)


def export_trust(state: Path, folder: Path) -> None:
    """Write both generations of each authority: `folder/authentication/*.pem` and `folder/signature/*.pem`."""
    for (authority, generation), made in open_pki(state).authorities.items():
        home = folder / authority
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{generation}.pem").write_bytes(made.certificate.public_bytes(serialization.Encoding.PEM))


def _make(pki: Pki, sample: SampleCard, clock: Clock) -> None:
    with pki.register.changing() as changes:
        changes.forget_card(sample.card_id)
    issue_card(
        pki,
        card_id=sample.card_id,
        person=sample.person,
        municipality=sample.municipality,
        pin=sample.pin,
        password=sample.password,
        now=clock(),
        generation=Generation.OLDER if sample.condition is Condition.OLDER_AUTHORITY else Generation.CURRENT,
        with_signature=sample.condition is not Condition.CHILD,
    )
    if sample.condition in _STEPS:
        _STEPS[sample.condition](pki, sample.card_id, clock)
    with pki.register.changing() as changes:
        changes.mark_prepared(sample.card_id)


def _lose(pki: Pki, card_id: str, clock: Clock) -> None:
    revoke(pki, card_id, Cause.LOSS, now=clock())


def _suspend(pki: Pki, card_id: str, clock: Clock) -> None:
    hold(pki, card_id, now=clock())


def _let_expire(pki: Pki, card_id: str, clock: Clock) -> None:
    expire(pki, card_id, now=clock())


def _with_wrong_policy(pki: Pki, card_id: str, clock: Clock) -> None:
    break_card(pki, card_id, Defect.WRONG_POLICY, now=clock())


def _unregistered(pki: Pki, card_id: str, clock: Clock) -> None:
    for authority in Authority:
        break_card(pki, card_id, Defect.NOT_REGISTERED, now=clock(), authority=authority)


def _by_a_stranger(pki: Pki, card_id: str, clock: Clock) -> None:
    for authority in Authority:
        break_card(pki, card_id, Defect.UNTRUSTED_AUTHORITY, now=clock(), authority=authority)


def _lock(pki: Pki, card_id: str, clock: Clock) -> None:
    del clock
    save_card(pki.cards, replace(load_card(pki.cards, card_id), pin_tries_left=0))


_STEPS: Mapping[Condition, Callable[[Pki, str, Clock], None]] = {
    Condition.REVOKED: _lose,
    Condition.ON_HOLD: _suspend,
    Condition.EXPIRED: _let_expire,
    Condition.WRONG_POLICY: _with_wrong_policy,
    Condition.UNKNOWN: _unregistered,
    Condition.UNTRUSTED: _by_a_stranger,
    Condition.LOCKED: _lock,
}
