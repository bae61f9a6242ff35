"""Instants as SAML writes them: xs:dateTime in UTC with a `Z` (SAML core 1.3.3)."""

import re
from datetime import UTC, datetime

import msgspec

from idp.domain.errors import RequestInvalid

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_SECONDS = len('"2026-01-01T00:00:00')
_encode = msgspec.json.Encoder().encode
"""Six times as fast as `strftime`, and a response holds ten instants."""


def read_instant(text: str) -> datetime:
    """Raises `RequestInvalid`."""
    if not _INSTANT.fullmatch(text):
        raise RequestInvalid("not a time in UTC")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestInvalid("not a time in UTC") from error


def write_instant(instant: datetime) -> str:
    """To whole seconds, rounded down: not every site reads fractions."""
    return _encode(instant.astimezone(UTC))[1:_SECONDS].decode() + "Z"
