"""What a person may do to the sample cards, for the command line and the page alike."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foundation.clock import Clock
from testbed.card_memory import CardMemory, load_card, reset_tries
from testbed.issuing import expire, renew
from testbed.lifecycle import Cause, NotPossibleError, hold, release_hold, revoke
from testbed.reader_control import ReaderControl, ReaderControlError
from testbed.register import UnknownCardError
from testbed.sample_cards import SAMPLE_CARDS, Condition
from testbed.state import Pki, open_pki


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
    """One card as lists show it."""

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
        """Every sample card; which is in the reader is unknown, so shown as none, while the reader does not run."""
        pki = open_pki(self.state)
        inserted = self._inserted()
        return tuple(
            ShownCard(
                card=load_card(pki.cards, sample.card_id),
                condition=sample.condition,
                is_inserted=sample.card_id == inserted,
            )
            for sample in SAMPLE_CARDS
        )

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
