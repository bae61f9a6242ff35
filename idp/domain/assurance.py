"""How, and how strongly, a citizen was authenticated. Levels are ordered: compare them, never match strings."""

from enum import IntEnum, StrEnum


class AssuranceLevel(IntEnum):
    """The three levels of Regulation (EU) No 910/2014 article 8: our common scale for DS-511 and NIST AAL."""

    LOW = 1
    SUBSTANTIAL = 2
    HIGH = 3


class AuthenticationContext(StrEnum):
    """The ways to authenticate that this platform offers."""

    CARD_PIN = "card-pin"

    @property
    def level(self) -> AssuranceLevel:
        """The assurance that this way gives: a key in tamper-resistant hardware with a PIN, bound to our origin."""
        return _LEVELS[self]


_LEVELS = {AuthenticationContext.CARD_PIN: AssuranceLevel.HIGH}
