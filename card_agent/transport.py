"""How the agent reaches a card: readers, an exclusive connection, and every way in which that can fail.

`card_agent.pcsc` fulfils this over PC/SC. Anything else that fulfils it can stand in its place.
"""

from types import TracebackType
from typing import Protocol, Self


class CardConnection(Protocol):
    """An exclusive connection to one card; closing it makes the card forget a verified PIN."""

    def transmit(self, apdu: bytes) -> bytes:
        """Send a command APDU; the answer is its data followed by the two status bytes. Raises `ReaderError`."""
        ...

    def close(self) -> None:
        """Reset the card and give the reader back. Never raises; a second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...


class CardTransport(Protocol):
    """The readers of this computer."""

    @property
    def name(self) -> str:
        """What carries the commands, for the person who starts the agent: `PC/SC`."""
        ...

    def readers(self) -> list[str]:
        """The names of all readers, with or without a card. Raises `NoReaderService`; no reader is an empty list."""
        ...

    def connect(self, reader: str) -> CardConnection:
        """Connect exclusively to the card in `reader`. Raises `ReaderError`."""
        ...


class ReaderError(Exception):
    """The card could not be reached. This family is closed: each leaf has its own words on the page."""


class NoReaderService(ReaderError):
    """The operating system's smart-card service does not run, or cannot be reached."""


class NoReader(ReaderError):
    """No reader is connected, or the chosen one is gone."""


class NoCard(ReaderError):
    """The reader is there and empty."""


class ReaderBusy(ReaderError):
    """Another program holds the card."""


class CardPulled(ReaderError):
    """The card left the reader while we talked to it."""


class CardUnreadable(ReaderError):
    """Something lies in the reader that does not answer as a card: upside down, dirty, broken, or a coin."""


READER_ERRORS: tuple[type[ReaderError], ...] = (
    NoReaderService,
    NoReader,
    NoCard,
    ReaderBusy,
    CardPulled,
    CardUnreadable,
)
