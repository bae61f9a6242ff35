"""What a site asks: the fields of `POST /login`, read strictly (docs/contracts/card-channel.md, section 1)."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from card_agent.settings import Site
from foundation.texts import LANGUAGES
from jpki.challenge import FORMAT, NONCE_BYTES, Purpose

LONGEST_FORM = 4096
_FARTHEST_END = timedelta(hours=24)
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class QuestionDamaged(Exception):
    """A field is missing, doubled or malformed; the message names it. Nothing of the request is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A site's wish that the card confirms something. `nonce_text` goes back as received."""

    site: Site
    purpose: Purpose
    nonce: bytes
    nonce_text: str
    expires_at: datetime
    language: str

    def is_late(self, now: datetime) -> bool:
        return now >= self.expires_at


def read_question(fields: Mapping[str, Sequence[str]], *, site: Site, now: datetime) -> Question:
    """The question in the form's `fields`. Raises `QuestionDamaged`. Fields of other names are not looked at."""
    if _single(fields, "format") != FORMAT:
        raise QuestionDamaged("format")
    nonce_text = _single(fields, "nonce")
    language = _single(fields, "lang")
    if language not in LANGUAGES:
        raise QuestionDamaged("lang")
    return Question(
        site=site,
        purpose=_purpose(_single(fields, "purpose")),
        nonce=_nonce(nonce_text),
        nonce_text=nonce_text,
        expires_at=_expiry(_single(fields, "expires"), now),
        language=language,
    )


def _single(fields: Mapping[str, Sequence[str]], name: str) -> str:
    values = fields.get(name, ())
    if len(values) != 1:
        raise QuestionDamaged(name)
    return values[0]


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError as error:
        raise QuestionDamaged("purpose") from error


def _nonce(text: str) -> bytes:
    """Only the one canonical spelling of 32 bytes is a nonce."""
    if not _NONCE.fullmatch(text):
        raise QuestionDamaged("nonce")
    nonce = base64.urlsafe_b64decode(text + "=")
    if len(nonce) != NONCE_BYTES or base64.urlsafe_b64encode(nonce).decode("ascii").rstrip("=") != text:
        raise QuestionDamaged("nonce")
    return nonce


def _expiry(text: str, now: datetime) -> datetime:
    if not _SECONDS.fullmatch(text):
        raise QuestionDamaged("expires")
    try:
        expires_at = datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise QuestionDamaged("expires") from error
    if expires_at > now + _FARTHEST_END:
        raise QuestionDamaged("expires")
    return expires_at
