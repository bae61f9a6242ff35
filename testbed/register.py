"""The register of issued certificates: one SQLite file, safe for several processes at once.

Times are whole seconds since 1970 UTC. Revocation is a pair (time, reason); a hold is a revocation that can be lifted.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.x509 import ReasonFlags

from testbed.authorities import random_serial
from testbed.people import Person, Sex
from testbed.profiles import Authority, Generation

_BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE card (
    card_id TEXT PRIMARY KEY,
    municipality TEXT NOT NULL,
    person TEXT NOT NULL,
    prepared INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE certificate (
    authority TEXT NOT NULL,
    serial INTEGER NOT NULL,
    generation TEXT NOT NULL,
    municipality TEXT NOT NULL,
    card_id TEXT NOT NULL,
    on_card INTEGER NOT NULL,
    revoked_at INTEGER,
    reason TEXT,
    PRIMARY KEY (authority, serial),
    CHECK ((revoked_at IS NULL) = (reason IS NULL))
) STRICT;
CREATE INDEX certificate_by_card ON certificate (card_id);
"""
_COLUMNS = "authority, serial, generation, municipality, card_id, revoked_at, reason"


class UnknownCardError(LookupError):
    """The register has no card of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Since when a certificate is not valid, and why."""

    at: datetime
    reason: ReasonFlags

    @property
    def is_hold(self) -> bool:
        """Whether it can be lifted again."""
        return self.reason is ReasonFlags.certificate_hold


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """What the register knows about one certificate; `municipality` is a code."""

    authority: Authority
    serial: int
    generation: Generation
    municipality: str
    card_id: str
    revocation: Revocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCard:
    """Who holds a card, and which municipality (a code) issued it."""

    card_id: str
    municipality: str
    person: Person


class Register:
    """Reads; every change happens inside `changing`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def create(self) -> None:
        """Make the empty tables in a new file."""
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)

    def find(self, authority: Authority, generation: Generation, serial: int) -> IssuedCertificate | None:
        """The certificate with this serial number if this generation issued it."""
        rows = self._certificates("authority = ? AND generation = ? AND serial = ?", authority, generation, serial)
        return rows[0] if rows else None

    def revoked(self, authority: Authority, generation: Generation, municipality: str) -> list[IssuedCertificate]:
        """All revoked and held certificates of one part of the revocation list, by serial number."""
        return self._certificates(
            "authority = ? AND generation = ? AND municipality = ? AND revoked_at IS NOT NULL",
            *(authority, generation, municipality),
        )

    def on_card(self, card_id: str) -> list[IssuedCertificate]:
        """The certificates now on the card, by authority: user authentication first."""
        return self._certificates("card_id = ? AND on_card = 1", card_id)

    def issued_for(self, card_id: str) -> list[IssuedCertificate]:
        """All certificates the card ever had."""
        return self._certificates("card_id = ?", card_id)

    def card(self, card_id: str) -> RegisteredCard:
        """Raises `UnknownCardError`."""
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT municipality, person FROM card WHERE card_id = ?", (card_id,)).fetchone()
        if row is None:
            raise UnknownCardError(f"no card is called {card_id}")
        return RegisteredCard(card_id=card_id, municipality=row[0], person=_person(row[1]))

    def prepared_cards(self) -> set[str]:
        """The cards of the scenario that are as the scenario wants them."""
        with closing(self._connect()) as connection:
            return {row[0] for row in connection.execute("SELECT card_id FROM card WHERE prepared = 1")}

    @contextmanager
    def changing(self) -> Iterator["Changes"]:
        """One transaction that holds the write lock from its start; undone when the block raises."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield Changes(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _certificates(self, condition: str, *values: str | int) -> list[IssuedCertificate]:
        with closing(self._connect()) as connection:
            return _select(connection, condition, *values)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)


class Changes:
    """The writes of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def new_serial(self, authority: Authority) -> int:
        """A serial number that no generation of the authority has given out."""
        taken = "SELECT 1 FROM certificate WHERE authority = ? AND serial = ?"
        serial = random_serial()
        while self._connection.execute(taken, (authority, serial)).fetchone():
            serial = random_serial()
        return serial

    def add(self, issued: IssuedCertificate) -> None:
        """Enter a new certificate, not revoked, as the one on its card."""
        self._connection.execute(
            "INSERT INTO certificate (authority, serial, generation, municipality, card_id, on_card)"
            " VALUES (?, ?, ?, ?, ?, 1)",
            (issued.authority, issued.serial, issued.generation, issued.municipality, issued.card_id),
        )

    def on_card(self, card_id: str) -> list[IssuedCertificate]:
        """As `Register.on_card`, seen inside the transaction."""
        return _select(self._connection, "card_id = ? AND on_card = 1", card_id)

    def take_off_card(self, issued: IssuedCertificate) -> None:
        """The card no longer carries this certificate."""
        self._connection.execute(
            "UPDATE certificate SET on_card = 0 WHERE authority = ? AND serial = ?", (issued.authority, issued.serial)
        )

    def set_revocation(self, issued: IssuedCertificate, revocation: Revocation | None) -> None:
        """Write or lift a revocation; which changes are allowed is for the caller."""
        at = None if revocation is None else int(revocation.at.timestamp())
        reason = None if revocation is None else revocation.reason.value
        self._connection.execute(
            "UPDATE certificate SET revoked_at = ?, reason = ? WHERE authority = ? AND serial = ?",
            (at, reason, issued.authority, issued.serial),
        )

    def put_card(self, card: RegisteredCard) -> None:
        """Enter a card, or what changed about its holder."""
        self._connection.execute(
            "INSERT INTO card (card_id, municipality, person) VALUES (?, ?, ?)"
            " ON CONFLICT (card_id) DO UPDATE SET municipality = excluded.municipality, person = excluded.person",
            (card.card_id, card.municipality, _person_text(card.person)),
        )

    def has_card(self, card_id: str) -> bool:
        """Whether a card of this name was ever issued."""
        return self._connection.execute("SELECT 1 FROM card WHERE card_id = ?", (card_id,)).fetchone() is not None

    def mark_prepared(self, card_id: str) -> None:
        """The scenario has finished with this card."""
        self._connection.execute("UPDATE card SET prepared = 1 WHERE card_id = ?", (card_id,))

    def forget_card(self, card_id: str) -> None:
        """Remove a card and all its certificates, as if never issued."""
        self._connection.execute("DELETE FROM certificate WHERE card_id = ?", (card_id,))
        self._connection.execute("DELETE FROM card WHERE card_id = ?", (card_id,))


def _select(connection: sqlite3.Connection, condition: str, *values: str | int) -> list[IssuedCertificate]:
    # The condition is one of the constants above; every value is bound.
    query = f"SELECT {_COLUMNS} FROM certificate WHERE {condition} ORDER BY authority, serial"  # noqa: S608
    return [_issued(row) for row in connection.execute(query, values)]


def _issued(row: tuple[str, int, str, str, str, int | None, str | None]) -> IssuedCertificate:
    authority, serial, generation, municipality, card_id, revoked_at, reason = row
    revocation = None
    if revoked_at is not None:
        revocation = Revocation(at=datetime.fromtimestamp(revoked_at, UTC), reason=ReasonFlags(reason))
    return IssuedCertificate(
        authority=Authority(authority),
        serial=serial,
        generation=Generation(generation),
        municipality=municipality,
        card_id=card_id,
        revocation=revocation,
    )


def _person_text(person: Person) -> str:
    facts = {
        "name": person.name,
        "sex": person.sex.value,
        "born": person.born.isoformat(),
        "address": person.address,
        "substituted_in_name": person.substituted_in_name,
        "substituted_in_address": person.substituted_in_address,
    }
    return json.dumps(facts, ensure_ascii=False)


def _person(text: str) -> Person:
    facts = json.loads(text)
    return Person(
        name=facts["name"],
        sex=Sex(facts["sex"]),
        born=date.fromisoformat(facts["born"]),
        address=facts["address"],
        substituted_in_name=tuple(facts["substituted_in_name"]),
        substituted_in_address=tuple(facts["substituted_in_address"]),
    )
