"""The basic four attributes (基本4情報) that a signature certificate carries as otherNames of its subjectAltName.

Each value is a UTF8String. OtherNames that are not known here are ignored: kana and former surname may be added.
"""

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from jpki import der
from jpki.errors import AttributesMalformed
from jpki.extensions import find_extension

_ARC = "1.2.392.200149.8.5.5"
NAME = x509.ObjectIdentifier(f"{_ARC}.1")
SEX = x509.ObjectIdentifier(f"{_ARC}.3")
DATE_OF_BIRTH = x509.ObjectIdentifier(f"{_ARC}.4")
ADDRESS = x509.ObjectIdentifier(f"{_ARC}.5")

_BIRTH_DIGITS = 9
_MONTHS = 12
_DAYS = 31


class Sex(StrEnum):
    """As the resident record has it; the value is the digit of the certificate."""

    MALE = "1"
    FEMALE = "2"
    UNKNOWN = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateOfBirth:
    """Western year (0 if unknown); month and day may be unknown too."""

    year: int
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicFourAttributes:
    """Name, address, date of birth, sex. Characters that the card cannot write are already replaced by the issuer."""

    name: str
    address: str
    date_of_birth: DateOfBirth
    sex: Sex


def basic_four_attributes(extensions: x509.Extensions) -> BasicFourAttributes:
    """Read all four. Raises `AttributesMalformed` if one is missing, double or not in its form."""
    texts = _texts(extensions)
    try:
        return BasicFourAttributes(
            name=texts[NAME],
            address=texts[ADDRESS],
            date_of_birth=_date_of_birth(texts[DATE_OF_BIRTH]),
            sex=Sex(texts[SEX]),
        )
    except (KeyError, ValueError) as error:
        raise AttributesMalformed("an attribute is missing or not in its form") from error


def _texts(extensions: x509.Extensions) -> dict[x509.ObjectIdentifier, str]:
    texts: dict[x509.ObjectIdentifier, str] = {}
    names = find_extension(extensions, x509.SubjectAlternativeName)
    for name in names.value.get_values_for_type(x509.OtherName) if names else ():
        if name.type_id not in (NAME, SEX, DATE_OF_BIRTH, ADDRESS):
            continue
        if name.type_id in texts:
            raise AttributesMalformed("an attribute is given twice")
        texts[name.type_id] = _utf8_string(name.value)
    return texts


def _utf8_string(value: bytes) -> str:
    try:
        start, end = der.element(value, 0, len(value), der.UTF8_STRING)
        text = value[start:end].decode()
    except (der.NotDer, UnicodeDecodeError) as error:
        raise AttributesMalformed("an attribute is not a UTF8String") from error
    if end != len(value) or not text.strip():
        raise AttributesMalformed("an attribute is empty or has more than one value")
    return text


def _date_of_birth(text: str) -> DateOfBirth:
    """`EYYYYMMDD`: E is the era, but YYYY is already the Western year. Raises `ValueError`."""
    if len(text) != _BIRTH_DIGITS or not (text.isascii() and text.isdigit()):
        raise ValueError("not nine digits")
    year, month, day = int(text[1:5]), int(text[5:7]), int(text[7:9])
    if month > _MONTHS or day > _DAYS:
        raise ValueError("no such day")
    return DateOfBirth(year=year, month=month or None, day=day or None)
