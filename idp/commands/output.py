"""How commands speak: lines for people, JSON for programs. Texts from outside are made harmless for a terminal."""

import argparse
import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from idp.domain.registration import Remark
from idp.domain.service_provider import Mark
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Entry

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]

OPTIONS: Mapping[str, str] = {
    Entry.DESCRIPTION: "METADATA",
    Entry.ENTITY: "METADATA",
    Entry.ID: "--id",
    Entry.CLIENT_ID: "--client-id",
    Entry.SECTOR: "--sector",
    Entry.TIER: "--tier",
    Entry.CIRCLE: "--circle",
    Entry.NAME_JA: "--name-ja",
    Entry.NAME_EN: "--name-en",
    Entry.OPERATOR_JA: "--operator-ja",
    Entry.OPERATOR_EN: "--operator-en",
    Entry.HOME_URL: "--home-url",
    Entry.OWNER: "--owner",
    Entry.PURPOSE: "--purpose",
    Entry.LEGAL_BASIS: "--legal-basis",
    Mark.UNSAFE_CBC: "--unsafe-cbc",
    Mark.STARTS_HERE: "--starts-here",
}
"""The word of the command line by which the operator says what a fault's place names."""

HINTS: Mapping[str, str] = {
    Entry.ENTITY: "`idp sp update` changes it",
    Entry.SECTOR: "`idp sector add` makes one",
}


class CommandRefused(Exception):
    """The command cannot be done; the message says why, and what to do."""


def say(given: argparse.Namespace, value: Json, lines: Iterable[str]) -> None:
    """`value` for a program, if it asked by `--json`; else `lines` for a person.

    JSON is written in ASCII: it can be read whatever the terminal's character set.
    """
    if given.json:
        print(json.dumps(value, indent=2))
        return
    for line in lines:
        print(printable(line))


def refuse(error: Exception, *, as_json: bool) -> None:
    """Say what is wrong: to a program on standard output, to a person on standard error."""
    faults = error.faults if isinstance(error, SiteRefused) else ()
    if len(faults) == 1 and not faults[0].place:
        faults = ()
    words = "Nothing was changed. This is wrong:" if faults else printable(str(error))
    if as_json:
        told: list[Json] = [{**remark_json(fault), "option": OPTIONS.get(fault.place)} for fault in faults]
        print(json.dumps({"error": {"words": words, "faults": told}}, indent=2))
        return
    lines = [words, *(line for fault in faults for line in remark_lines(_with_hint(fault)))]
    sys.stderr.writelines(f"{printable(line)}\n" for line in lines)


def _with_hint(fault: Remark) -> Remark:
    hint = HINTS.get(fault.place)
    return fault if hint is None else Remark(place=fault.place, words=f"{fault.words}; {hint}")


def remark_lines(remark: Remark) -> tuple[str, ...]:
    """Its place, and below that what there is to say."""
    where = OPTIONS.get(remark.place, remark.place)
    return (f"  {where}", f"      {remark.words}") if where else (f"  {remark.words}",)


def remark_json(remark: Remark) -> dict[str, Json]:
    """For programs."""
    return {"place": remark.place, "words": remark.words}


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows in columns, the first row being the headings; Japanese letters are as wide as two."""
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def printable(text: str) -> str:
    """`text` with everything escaped that could move the cursor, turn the writing, or hide."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def instant(moment: datetime | None) -> str | None:
    """UTC to the second, as ISO 8601 writes it."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in printable(text))
