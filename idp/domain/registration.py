"""What a site's own description says, in words that no protocol owns: for the operator who admits the site."""

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFacts:
    """An acceptable description.

    `protocol_id` is the entityID or client_id, empty where the description leaves it to the operator, `ends_at` when
    the description is over, `marks` those that follow from it. Names and address are what the site says of itself, None
    where it does not in both languages or at all.
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


class RegistrationRefused(Exception):
    """A description cannot be accepted; `faults` are all of them, in words for the operator."""

    def __init__(self, faults: tuple[Remark, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults
