"""Emptying the short-lived tables, a few rows at a time, so that logins get their turn in between."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Delete, Engine, Update, bindparam, delete, select, tuple_, update

from idp.adapters.db.engine import unsynced_writer
from idp.adapters.db.tables import OneTimeRow, SessionRow

ROWS_AT_ONCE = 500
TOLD_APART = timedelta(hours=1)
"""How long after its end a one-time row still tells "expired" and "used" from "unknown"."""

_ONE_TIME_KEY = (OneTimeRow.kind, OneTimeRow.key_digest)
_ONE_TIME = delete(OneTimeRow).where(
    tuple_(*_ONE_TIME_KEY).in_(
        select(*_ONE_TIME_KEY).where(OneTimeRow.expires_at <= bindparam("until")).limit(ROWS_AT_ONCE)
    )
)
_USED = (
    update(OneTimeRow)
    .where(
        tuple_(*_ONE_TIME_KEY).in_(
            select(*_ONE_TIME_KEY)
            .where(OneTimeRow.used_at <= bindparam("until"), OneTimeRow.payload != "")
            .limit(ROWS_AT_ONCE)
        )
    )
    .values(payload="")
)
"""That a value was used must be known for a while; what it said need not."""
_SESSIONS = delete(SessionRow).where(
    SessionRow.id.in_(select(SessionRow.id).where(SessionRow.expires_at <= bindparam("until")).limit(ROWS_AT_ONCE))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How many rows went, and how many used values were forgotten."""

    one_time: int
    used: int
    sessions: int


def sweep(engine: Engine, *, now: datetime, told_apart: timedelta = TOLD_APART) -> Swept:
    """Delete one-time rows that ended `told_apart` ago, and expired sessions with their participations.

    Values that were used are forgotten at once; their rows stay to refuse a second use.
    """
    return Swept(
        one_time=_few_at_a_time(engine, _ONE_TIME, now - told_apart),
        used=_few_at_a_time(engine, _USED, now),
        sessions=_few_at_a_time(engine, _SESSIONS, now),
    )


def _few_at_a_time(engine: Engine, statement: Delete | Update, until: datetime) -> int:
    total, last = 0, ROWS_AT_ONCE
    while last == ROWS_AT_ONCE:
        with unsynced_writer(engine).begin() as connection:
            last = connection.execute(statement, {"until": until}).rowcount
        total += last
    return total
