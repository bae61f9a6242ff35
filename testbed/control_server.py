"""The reader's side of `testbed.reader_control`."""

import asyncio
import json
from dataclasses import dataclass

from testbed.card_slot import CardSlot, Insertion, SlotError
from testbed.reader_control import LONGEST_LINE, ReaderState, Wish

_UNTIL_TAKEN = 8.0
_UNTIL_NOTICED = 8.0
"""Seconds for the daemon to power a card that was put in, and to notice that one was pulled out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    wish: Wish
    card: str
    contactless: bool


class ControlServer:
    """Obeys one wish per connection. With `waits_for_service`, a wish ends when the smart-card service knows."""

    def __init__(self, slot: CardSlot, *, waits_for_service: bool) -> None:
        self._slot = slot
        self._waits_for_service = waits_for_service

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The callback of `asyncio.start_unix_server`."""
        try:
            writer.write(await self._answer(await reader.readline()))
            await writer.drain()
        except (OSError, ValueError):
            return  # The other side left, or its line is longer than the stream's limit: nobody waits for an answer.
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> bytes:
        try:
            await self._obey(_parse(line))
        except TimeoutError:
            return _refusal("the smart-card service has not noticed that the card is out")
        except SlotError as error:
            return _refusal(str(error))
        state = self._slot.state
        return ReaderState(card=state.card, contactless=state.contactless, cards=self._slot.cards()).to_json()

    async def _obey(self, question: _Question) -> None:
        match question.wish:
            case Wish.STATE:
                return
            case Wish.PULL:
                await self._pull()
            case Wish.UNLOCK:
                self._slot.unlock(question.card)
            case Wish.PULL_DURING_NEXT_SIGNATURE:
                self._slot.pull_during_next_signature()
            case Wish.INSERT:
                await self._insert(question)
            case Wish.SWAP:
                if question.card in self._slot.cards():
                    await self._pull()
                await self._insert(question)

    async def _pull(self) -> None:
        insertion = self._slot.insertion
        self._slot.pull()
        if insertion is not None and self._waits_for_service:
            await asyncio.wait_for(insertion.left.wait(), _UNTIL_NOTICED)

    async def _insert(self, question: _Question) -> None:
        insertion = self._slot.insert(question.card, is_contactless=question.contactless)
        if self._waits_for_service:
            await until_taken(insertion)


async def until_taken(insertion: Insertion) -> None:
    """Wait until the smart-card service has powered the card. Raises `SlotError` if it does not."""
    waiting = [asyncio.create_task(event.wait()) for event in (insertion.powered, insertion.gone)]
    try:
        await asyncio.wait(waiting, timeout=_UNTIL_TAKEN, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    if not insertion.powered.is_set():
        raise SlotError("the smart-card service has not taken the card")


def _refusal(words: str) -> bytes:
    return json.dumps({"error": words}).encode() + b"\n"


def _parse(line: bytes) -> _Question:
    try:
        if len(line) > LONGEST_LINE:
            raise SlotError("the question is too long")
        raw = json.loads(line)
        return _Question(wish=Wish(raw["wish"]), card=str(raw.get("card")), contactless=raw.get("contactless") is True)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SlotError("the question is not understood") from error
