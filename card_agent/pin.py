"""The four digits, from the moment they are typed until they are wiped."""

from types import TracebackType
from typing import Self

PIN_DIGITS = 4
_MOST_TYPED = 32
_FULL_WIDTH = {0xFF10 + digit: 0x30 + digit for digit in range(10)}


class PinMalformed(Exception):
    """What was typed is not four digits. It never reaches the card, so no try is lost."""


class Pin:
    """A well-formed PIN of the user-authentication certificate; used in a `with` block, wiped when it ends.

    Python may have made copies before (the form) and makes one for the reader; this class keeps none of its own.
    """

    __slots__ = ("_digits",)

    def __init__(self, typed: str) -> None:
        """Full-width digits and spaces of any width are accepted. Raises `PinMalformed`."""
        if len(typed) > _MOST_TYPED:
            raise PinMalformed
        digits = "".join(typed.split()).translate(_FULL_WIDTH)
        if len(digits) != PIN_DIGITS or not (digits.isascii() and digits.isdigit()):
            raise PinMalformed
        self._digits = bytearray(digits, "ascii")

    @property
    def digits(self) -> bytearray:
        """The ASCII digits; the same buffer that `wipe` clears."""
        return self._digits

    def wipe(self) -> None:
        self._digits[:] = bytes(len(self._digits))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "Pin(****)"

    def __reduce__(self) -> str:
        raise TypeError("a PIN is not written anywhere")
