"""Sample holders and their municipalities, and how a certificate writes the four attributes of a holder."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FULL_WIDTH_SPACE = "\N{IDEOGRAPHIC SPACE}"

# First day of each era, latest first, with the digit that stands before the Western year.
_ERAS = (
    (date(2019, 5, 1), "5"),
    (date(1989, 1, 8), "4"),
    (date(1926, 12, 25), "3"),
    (date(1912, 7, 30), "2"),
    (date(1868, 1, 25), "1"),
)
_UNKNOWN_ERA = "0"


class Sex(StrEnum):
    """As the certificate writes it."""

    MALE = "1"
    FEMALE = "2"
    UNKNOWN = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """The town that issues a card; `code` is the five-digit local authority code."""

    code: str
    prefecture: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A sample person. Positions of characters that stand in for one outside the character set count from 0."""

    name: str
    sex: Sex
    born: date
    address: str
    substituted_in_name: tuple[int, ...] = ()
    substituted_in_address: tuple[int, ...] = ()

    @property
    def name_map(self) -> str:
        """One digit for each character of the name, 1 where it was substituted."""
        return _substitution_map(self.name, self.substituted_in_name)

    @property
    def address_map(self) -> str:
        """One digit for each character of the address, 1 where it was substituted."""
        return _substitution_map(self.address, self.substituted_in_address)

    @property
    def birth_date(self) -> str:
        """`EYYYYMMDD`: the digit of the era, then the Western year."""
        era = next((digit for first_day, digit in _ERAS if self.born >= first_day), _UNKNOWN_ERA)
        return era + self.born.strftime("%Y%m%d")

    def fifth_birthday_after(self, day: date) -> date:
        """The last day of a certificate issued on `day`. One born on 29 February has the 28th in other years."""
        first = day.year if _birthday(self.born, day.year) > day else day.year + 1
        return _birthday(self.born, first + 4)


def full_name(surname: str, given_name: str) -> str:
    """Both, as the certificate writes them: with a full-width space between."""
    return f"{surname}{FULL_WIDTH_SPACE}{given_name}"


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _substitution_map(text: str, substituted: tuple[int, ...]) -> str:
    return "".join("1" if position in substituted else "0" for position in range(len(text)))


TOKYO_CHIYODA = Municipality(code="13101", prefecture="Tokyo", name="Chiyoda-ku")
IBARAKI_TSUKUBA = Municipality(code="08220", prefecture="Ibaraki-ken", name="Tsukuba-shi")
HOKKAIDO_SAPPORO = Municipality(code="01100", prefecture="Hokkaido", name="Sapporo-shi")

MUNICIPALITIES = {place.code: place for place in (TOKYO_CHIYODA, IBARAKI_TSUKUBA, HOKKAIDO_SAPPORO)}
