"""What a person may do to the sample cards, for the command line and the page alike."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foundation.clock import Clock
from testbed.card_memory import CardMemory, list_cards, load_card, reset_tries
from testbed.defects import Defect
from testbed.issuing import CardExistsError, break_card, expire, renew
from testbed.lifecycle import Cause, NotPossibleError, hold, release_hold, revoke
from testbed.reader_control import ReaderControl, ReaderControlError
from testbed.register import UnknownCardError
from testbed.sample_cards import SAMPLE_CARDS, Condition
from testbed.scenario import issue_by_hand
from testbed.state import Pki, open_pki

_CARD_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_PIN = re.compile(r"[0-9]{4}", re.ASCII)


class ActError(Exception):
    """It cannot be done; the message says why, for a person."""


class Act(StrEnum):
    """Everything that can happen to a card."""

    INSERT = "insert"
    PULL = "pull"
    UNLOCK = "unlock"
    LOSE = "lose"
    RENEW = "renew"
    HOLD = "hold"
    RELEASE = "release"
    EXPIRE = "expire"
    MOVE = "move"
    DEATH = "death"


WORDS = {
    Act.INSERT: "put the card into the reader",
    Act.PULL: "take the card out of the reader",
    Act.UNLOCK: "reset the PIN counters, as the municipality's counter does",
    Act.LOSE: "report the card lost: both certificates are revoked",
    Act.RENEW: "renew: new keys and certificates on the same card",
    Act.HOLD: "suspend the user-authentication certificate",
    Act.RELEASE: "end the suspension",
    Act.EXPIRE: "replace the certificates by ones that ended yesterday",
    Act.MOVE: "the holder moves: the signature certificate is revoked",
    Act.DEATH: "the holder dies: both certificates are revoked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """One card as lists show it; one that was issued by hand has no known condition."""

    card: CardMemory
    condition: Condition | None
    is_inserted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The counter at which all this happens."""

    state: Path
    reader: Path
    clock: Clock

    def cards(self) -> tuple[ShownCard, ...]:
        """Every card, the prepared ones first. While the reader does not run, none is shown as inserted."""
        pki = open_pki(self.state)
        inserted = self._inserted()
        conditions = {sample.card_id: sample.condition for sample in SAMPLE_CARDS}
        by_hand = [card_id for card_id in list_cards(pki.cards) if card_id not in conditions]
        return tuple(
            ShownCard(
                card=load_card(pki.cards, card_id),
                condition=conditions.get(card_id),
                is_inserted=card_id == inserted,
            )
            for card_id in (*conditions, *by_hand)
        )

    def issue(self, card_id: str, condition: Condition, *, pin: str) -> None:
        """Issue one more card to a sample person. Raises `ActError`."""
        if not _CARD_ID.fullmatch(card_id):
            raise ActError("a card's id has 1 to 32 small letters, digits and hyphens")
        if not _PIN.fullmatch(pin):
            raise ActError("a PIN has four digits")
        try:
            issue_by_hand(open_pki(self.state), card_id, condition, pin=pin, clock=self.clock, state=self.state)
        except CardExistsError as error:
            raise ActError(str(error)) from error

    def spoil(self, card_id: str, defect: Defect) -> None:
        """Put a user-authentication certificate with `defect` on the card. Raises `ActError`."""
        try:
            break_card(open_pki(self.state), card_id, defect, now=self.clock())
            self._read_again(card_id)
        except ReaderControlError as error:
            raise ActError(str(error)) from error
        except (UnknownCardError, FileNotFoundError) as error:
            raise ActError(f"there is no sample card {card_id!r}") from error

    def do(self, act: Act, card_id: str) -> None:
        """Let `act` happen to `card_id` (for `PULL` to whatever is inside). Raises `ActError`."""
        try:
            self._do(act, card_id)
        except (ReaderControlError, NotPossibleError) as error:
            raise ActError(str(error)) from error
        except (UnknownCardError, FileNotFoundError, KeyError) as error:
            raise ActError(f"there is no sample card {card_id!r}") from error

    def _do(self, act: Act, card_id: str) -> None:
        if act is Act.INSERT:
            ReaderControl(self.reader).swap(card_id)
        elif act is Act.PULL:
            ReaderControl(self.reader).pull()
        else:
            pki = open_pki(self.state)
            load_card(pki.cards, card_id)
            _ACTS[act](pki, card_id, self.clock)
            self._read_again(card_id)

    def _read_again(self, card_id: str) -> None:
        """A changed card that is in the reader is put in anew, so that the reader sees what the counter did."""
        if self._inserted() == card_id:
            ReaderControl(self.reader).swap(card_id)

    def _inserted(self) -> str | None:
        try:
            return ReaderControl(self.reader).state().card
        except ReaderControlError:
            return None


_ACTS: dict[Act, Callable[[Pki, str, Clock], object]] = {
    Act.UNLOCK: lambda pki, card, _: reset_tries(pki.cards, card),
    Act.LOSE: lambda pki, card, clock: revoke(pki, card, Cause.LOSS, now=clock()),
    Act.RENEW: lambda pki, card, clock: renew(pki, card, now=clock()),
    Act.HOLD: lambda pki, card, clock: hold(pki, card, now=clock()),
    Act.RELEASE: lambda pki, card, _: release_hold(pki, card),
    Act.EXPIRE: lambda pki, card, clock: expire(pki, card, now=clock()),
    Act.MOVE: lambda pki, card, clock: revoke(pki, card, Cause.MOVE, now=clock()),
    Act.DEATH: lambda pki, card, clock: revoke(pki, card, Cause.DEATH, now=clock()),
}
