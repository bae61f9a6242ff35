"""Frozen dataclasses to JSON text and back, by their declared types.

Used for values that wait in the database for a moment (a login, a code). Reading is strict: a row that does not fit its
type raises `RecordUnreadable`, it is never guessed at.
"""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class RecordUnreadable(Exception):
    """The stored text is not of the wanted type."""


class Codec(Generic[T]):
    """Encoder and decoder of one type, built once."""

    def __init__(self, kind: type[T]) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._encoder = msgspec.json.Encoder()

    def encode(self, value: T) -> str:
        """`value` as JSON text."""
        return self._encoder.encode(value).decode()

    def decode(self, text: str) -> T:
        """The value written as `text`. Raises `RecordUnreadable`."""
        try:
            return self._decoder.decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise RecordUnreadable(str(error)) from error
