"""Which reader holds the citizen's card, and the one conversation with it that asks for a signature.

Only one conversation runs at a time: two tabs of the same browser must not meet in the reader.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from card_agent.answers import Signed
from card_agent.card import AUTHENTICATION_CERTIFICATE, CardError, JpkiCard, NoCertificate, OtherCard
from card_agent.pin import Pin
from card_agent.transport import CardPulled, CardTransport, NoCard, NoReader, NoReaderService, ReaderBusy, ReaderError

_LONGEST_WAIT_SECONDS = 20.0


class CardState(StrEnum):
    """What stands between the citizen and the PIN; each value but `READY` ends the attempt for now."""

    NO_SERVICE = "no_service"
    NO_READER = "no_reader"
    EMPTY = "empty"
    BUSY = "busy"
    OTHER_CARD = "other_card"
    UNREADABLE = "unreadable"
    NO_CERTIFICATE = "no_certificate"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look into one reader; `tries_left` counts only where the state is `READY`."""

    reader: str
    state: CardState
    tries_left: int = 0


_IS_MY_NUMBER_CARD = (CardState.READY, CardState.NO_CERTIFICATE)
_STATES: dict[type[Exception], CardState] = {
    NoReaderService: CardState.NO_SERVICE,
    NoReader: CardState.NO_READER,
    NoCard: CardState.EMPTY,
    CardPulled: CardState.EMPTY,
    ReaderBusy: CardState.BUSY,
    OtherCard: CardState.OTHER_CARD,
    NoCertificate: CardState.NO_CERTIFICATE,
}
_MOST_TELLING = (CardState.OTHER_CARD, CardState.UNREADABLE, CardState.BUSY, CardState.EMPTY)


class Readers:
    """All readers of this computer, one conversation at a time."""

    def __init__(self, transport: CardTransport) -> None:
        self._transport = transport
        self._lock = threading.Lock()

    def look(self) -> list[Sighting]:
        """One sighting for each reader. Raises `NoReaderService`."""
        return [self._look_into(reader) for reader in self._transport.readers()]

    def sign(self, reader: str, statement: bytes, pin: Pin, *, last_try_confirmed: bool) -> Signed:
        """Have the card in `reader` sign; the PIN is sent once at most. Raises `ReaderError`, `CardError`."""
        with self.card(reader) as card:
            card.verify_pin(pin, last_try_confirmed=last_try_confirmed)
            certificate = card.certificate(AUTHENTICATION_CERTIFICATE)
            return Signed(certificate=certificate, signature=card.sign(statement))

    @contextmanager
    def card(self, reader: str) -> Iterator[JpkiCard]:
        """The card in `reader`, for as long as the block runs. Raises `ReaderError`, `OtherCard`."""
        if not self._lock.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise ReaderBusy("another page of the agent is using the reader")
        try:
            with self._transport.connect(reader) as connection:
                yield JpkiCard(connection)
        finally:
            self._lock.release()

    def _look_into(self, reader: str) -> Sighting:
        try:
            with self.card(reader) as card:
                if not card.has_authentication_certificate():
                    raise NoCertificate
                return Sighting(reader=reader, state=CardState.READY, tries_left=card.tries_left())
        except (ReaderError, CardError) as error:
            return Sighting(reader=reader, state=state_of(error))


def state_of(error: ReaderError | CardError) -> CardState:
    """The state that the page names for `error`."""
    return _STATES.get(type(error), CardState.UNREADABLE)


def pick(sightings: Sequence[Sighting], *, wanted: str = "") -> Sighting | None:
    """The reader to go on with, or `None` where the citizen must choose.

    The wanted reader if there is one of that name; else the only one that holds a My Number Card; else, where none
    does, the reader whose state says most. Raises `NoReader` if there is no reader at all.
    """
    if not sightings:
        raise NoReader
    by_name = {sighting.reader: sighting for sighting in sightings}
    if wanted in by_name:
        return by_name[wanted]
    cards = [sighting for sighting in sightings if sighting.state in _IS_MY_NUMBER_CARD]
    if cards:
        return cards[0] if len(cards) == 1 else None
    for state in _MOST_TELLING:
        for sighting in sightings:
            if sighting.state is state:
                return sighting
    return sightings[0]
