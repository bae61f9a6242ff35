"""Put cards into the virtual reader and take them out, from another process: one line of JSON each way."""

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

CONTROL_SOCKET = "control.sock"
LONGEST_LINE = 65536
_PATIENCE = 10.0
"""Seconds for one wish. Putting a card in takes the daemon up to two of its polls of 0.4 s."""


class ReaderControlError(Exception):
    """The wish was refused, or the reader does not answer; the message says why, for a person."""


class Wish(StrEnum):
    """What may be asked of the reader."""

    INSERT = "insert"
    PULL = "pull"
    SWAP = "swap"
    STATE = "state"
    UNLOCK = "unlock"
    PULL_DURING_NEXT_SIGNATURE = "pull_during_next_signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderState:
    """`card` is the id of the card in the reader, `cards` are all that could be put in."""

    card: str | None
    contactless: bool
    cards: Sequence[str]

    @classmethod
    def from_json(cls, line: bytes) -> Self:
        """Raises `ReaderControlError` for a refusal and for anything that is no answer."""
        try:
            answer = json.loads(line)
            if "error" in answer:
                raise ReaderControlError(str(answer["error"]))
            return cls(card=answer["card"], contactless=answer["contactless"], cards=tuple(answer["cards"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ReaderControlError("the virtual reader gave no answer") from error

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class ReaderControl:
    """The reader that runs in `run_folder`. Every method returns the state after it and raises `ReaderControlError`."""

    def __init__(self, run_folder: Path, *, patience: float = _PATIENCE) -> None:
        self._socket = run_folder / CONTROL_SOCKET
        self._patience = patience

    def state(self) -> ReaderState:
        return self._ask(Wish.STATE)

    def insert(self, card_id: str, *, contactless: bool = False) -> ReaderState:
        """Returns when the smart-card service has taken the card."""
        return self._ask(Wish.INSERT, card=card_id, contactless=contactless)

    def pull(self) -> ReaderState:
        """Returns when the smart-card service has noticed, within half a second."""
        return self._ask(Wish.PULL)

    def swap(self, card_id: str, *, contactless: bool = False) -> ReaderState:
        """Pull out whatever is in and insert `card_id`, which may be the same card."""
        return self._ask(Wish.SWAP, card=card_id, contactless=contactless)

    def unlock(self, card_id: str) -> ReaderState:
        """Reset both try counters, as the municipality's counter does; the card may be in the reader or not."""
        return self._ask(Wish.UNLOCK, card=card_id)

    def pull_during_next_signature(self) -> ReaderState:
        """Arm the reader: the card in it leaves when the next signature is asked, and that command stays unanswered."""
        return self._ask(Wish.PULL_DURING_NEXT_SIGNATURE)

    def _ask(self, wish: Wish, *, card: str | None = None, contactless: bool = False) -> ReaderState:
        question = json.dumps({"wish": wish, "card": card, "contactless": contactless}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._patience)
                connection.connect(str(self._socket))
                connection.sendall(question)
                with connection.makefile("rb") as stream:
                    line = stream.readline(LONGEST_LINE)
        except OSError as error:
            raise ReaderControlError("the virtual card reader is not running, or does not answer") from error
        return ReaderState.from_json(line)
