"""What a site's own description says, in words that no protocol owns: for the operator who admits the site."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.domain.service_provider import LocalText, Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about one place of a description, in plain words. `place` is where: a line and an element, a field."""

    place: str
    words: str

    def __str__(self) -> str:
        """As one line."""
        return f"{self.place}: {self.words}" if self.place else self.words


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that the site will receive: its name in the site's protocol, and what it means."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredKey:
    """A public key of the site. `use` is `signing` or `encryption`, `kind` for example `RSA 3072`.

    `fingerprint` is the SHA-256 of what the description holds, the certificate or the key, in hexadecimal; `ends_at` is
    the certificate's end, None for a bare key.
    """

    use: str
    kind: str
    fingerprint: str
    ends_at: datetime | None


class Protection(StrEnum):
    """What guards our answers on their way to the site because its description provides for it."""

    ENCRYPTED = "encrypted"
    """Nobody else can read them."""
    ENCRYPTED_AGAINST_CHANGE = "encrypted_against_change"
    """By a cipher that also shows that nobody changed them."""
    SIGNED_AS_A_WHOLE = "signed_as_a_whole"
    """What stands around the statement about the citizen is signed, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts:
    """An acceptable description.

    `protocol_id` is the entityID or client_id, empty where the description leaves it to the operator, `ends_at` when
    the description is over, `marks` those that follow from it. Names and address are what the site says of itself, None
    where it does not; a name's half is empty where it does not in that language.
    """

    protocol_id: str
    ends_at: datetime | None
    marks: frozenset[Mark]
    name: LocalText | None
    operator: LocalText | None
    home_url: str | None
    warnings: tuple[Remark, ...]
    receives: tuple[Told, ...]
    keys: tuple[RegisteredKey, ...] = ()
    protections: frozenset[Protection] = frozenset()


class RegistrationRefused(Exception):
    """A description cannot be accepted; `faults` are all of them, in words for the operator."""

    def __init__(self, faults: tuple[Remark, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults
