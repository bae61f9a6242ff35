"""Slot 1 of the virtual reader: which card lies in it, and what reaches that card.

A restart of the reader finds the same card: what lies in the slot is kept in `reader.json` of the run folder.
"""

import asyncio
import json
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from testbed.card_memory import CardMemory, list_cards, load_card, reset_tries, save_card
from testbed.virtual_card import CONTACT_ATR, CONTACTLESS_ATR, VirtualCard, is_signature_command


class Control(bytes, Enum):
    """The one-byte messages of a reader's driver."""

    POWER_OFF = b"\x00"
    POWER_ON = b"\x01"
    RESET = b"\x02"
    TELL_ATR = b"\x04"


_ASKS_OF_A_NEW_CARD = 2


class SlotError(Exception):
    """The wish cannot be granted; the message says why, for a person."""


class CardGone(Exception):
    """The card left the slot before it answered."""


class Insertion:
    """One card from the moment it goes in until it comes out; swapping a card makes a new one.

    Events: the smart-card service has `powered` the card; it is `gone` from the slot; the service knows that it `left`.
    """

    def __init__(self, card: VirtualCard, *, is_contactless: bool) -> None:
        self.card = card
        self.is_contactless = is_contactless
        self.powered = asyncio.Event()
        self.gone = asyncio.Event()
        self.left = asyncio.Event()
        self.link_up()

    @property
    def atr(self) -> bytes:
        return CONTACTLESS_ATR if self.is_contactless else CONTACT_ATR

    def link_up(self) -> None:
        """A driver begins to talk to the card, which has no power yet."""
        self._is_powered = False
        self._is_known = False
        self._asks_before_power = 0

    def power(self, *, on: bool) -> None:
        self.card.reset()
        self._is_powered = on
        self._is_known |= on

    def tell_atr(self) -> bytes:
        """The daemon asks to see if a card is there, and again after power on: then it has taken the card.

        A new card is asked twice and powered at once. If no power comes, the daemon missed that the last card left and
        takes this one for it. Raises `CardGone` then: falling silent is the only way to tell it.
        """
        if self._is_powered:
            self.powered.set()
        self._asks_before_power += not self._is_known
        if self._asks_before_power > _ASKS_OF_A_NEW_CARD:
            raise CardGone
        return self.atr

    def answer(self, apdu: bytes) -> bytes:
        """Raises `CardGone` without power, when a card is mute."""
        if not self._is_powered:
            raise CardGone
        return self.card.answer(apdu)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotState:
    """What `reader.json` keeps."""

    card: str | None = None
    contactless: bool = False


class CardSlot:
    """`cards` is the folder of `testbed.card_memory`; `file` is where the state is kept."""

    def __init__(self, *, cards: Path, file: Path) -> None:
        self._cards = cards
        self._file = file
        self._insertion: Insertion | None = None
        self._arrived = asyncio.Event()
        self._pull_at_next_signature = False

    @property
    def insertion(self) -> Insertion | None:
        return self._insertion

    @property
    def state(self) -> SlotState:
        if self._insertion is None:
            return SlotState()
        return SlotState(card=self._insertion.card.memory.card_id, contactless=self._insertion.is_contactless)

    def cards(self) -> list[str]:
        return list_cards(self._cards)

    async def arrival(self) -> Insertion:
        """The card in the slot; waits for one if there is none."""
        while self._insertion is None:
            await self._arrived.wait()
        return self._insertion

    def restore(self) -> None:
        """Put back the card that the last run left in the slot; a card that no longer exists leaves it empty."""
        try:
            state = SlotState(**json.loads(self._file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return
        if state.card in self.cards():
            self.insert(state.card, is_contactless=state.contactless)

    def insert(self, card_id: str, *, is_contactless: bool = False) -> Insertion:
        """Raises `SlotError` for an unknown card and when another card lies in the slot."""
        if card_id not in self.cards():
            raise SlotError(f"there is no card {card_id!r}; there are: {', '.join(self.cards()) or 'none'}")
        if self._insertion is not None:
            raise SlotError(f"card {self.state.card!r} is in the reader: pull it out first")
        card = VirtualCard(load_card(self._cards, card_id), save=self._save_tries)
        self._insertion = Insertion(card, is_contactless=is_contactless)
        self._arrived.set()
        self._keep_state()
        return self._insertion

    def pull(self) -> None:
        """Take the card out; an empty slot stays empty."""
        self._pull_at_next_signature = False
        if self._insertion is not None:
            self._insertion.gone.set()
            self._insertion = None
            self._arrived.clear()
            self._keep_state()

    def pull_during_next_signature(self) -> None:
        """The next signature command finds the card gone before it has answered. Raises `SlotError` without a card."""
        if self._insertion is None:
            raise SlotError("no card is in the reader")
        self._pull_at_next_signature = True

    def unlock(self, card_id: str) -> None:
        """Reset both counters, as the municipality does. Raises `SlotError` for an unknown card."""
        if card_id not in self.cards():
            raise SlotError(f"there is no card {card_id!r}")
        reset_tries(self._cards, card_id)
        if self._insertion is not None and self.state.card == card_id:
            self._reload(self._insertion)

    def handle(self, insertion: Insertion, message: bytes) -> bytes | None:
        """One message of the reader's driver: a control byte or an APDU. `None` means no answer. Raises `CardGone`."""
        if insertion.gone.is_set():
            raise CardGone
        match message:
            case Control.POWER_ON | Control.RESET:
                self._reload(insertion)
                insertion.power(on=True)
                return None
            case Control.POWER_OFF:
                insertion.power(on=False)
                return None
            case Control.TELL_ATR:
                return insertion.tell_atr()
            case _ if len(message) == 1:
                return None
            case _:
                return self._answer(insertion, message)

    def _answer(self, insertion: Insertion, apdu: bytes) -> bytes:
        if self._pull_at_next_signature and is_signature_command(apdu):
            self.pull()
            raise CardGone
        return insertion.answer(apdu)

    def _reload(self, insertion: Insertion) -> None:
        """Issuing may have renewed or unlocked the card while it lay here: a card wakes up with what is on it now."""
        try:
            memory = load_card(self._cards, insertion.card.memory.card_id)
        except FileNotFoundError:
            return
        if memory != insertion.card.memory:
            insertion.card = VirtualCard(memory, save=self._save_tries)

    def _save_tries(self, card: CardMemory) -> None:
        """Write the counters only: certificates and keys may have been renewed since the card was read."""
        kept = load_card(self._cards, card.card_id)
        tries = replace(kept, pin_tries_left=card.pin_tries_left, password_tries_left=card.password_tries_left)
        save_card(self._cards, tries)

    def _keep_state(self) -> None:
        state = self.state
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps({"card": state.card, "contactless": state.contactless}), encoding="utf-8")
        draft.replace(self._file)
