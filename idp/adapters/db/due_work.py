"""The workers' agenda in the database: any number of workers, each piece of work in one hand at a time.

A claim is a lease. A worker that dies lets it run out; one that is slower than its lease loses it, and learns so when
it reports: work must bear being done twice.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, or_, select, update

from idp.adapters.db.conflicts import insert_unless_there, wrote
from idp.adapters.db.engine import unsynced_writer
from idp.adapters.db.tables import DueWorkRow


class ClaimLost(Exception):
    """The lease ran out and another worker has the work, or has done it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Work in hand until `until`; `holder` is random, new for each claim."""

    name: str
    holder: str
    until: datetime


_PLAN = insert_unless_there(DueWorkRow, ("name",))
_IS_DUE = DueWorkRow.due_at <= bindparam("now")
_IS_FREE = or_(DueWorkRow.claimed_until.is_(None), DueWorkRow.claimed_until <= bindparam("now"))
_CLAIM = (
    update(DueWorkRow)
    .where(
        DueWorkRow.name
        == select(DueWorkRow.name)
        .where(_IS_DUE, _IS_FREE)
        .order_by(DueWorkRow.due_at, DueWorkRow.name)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    .values(claimed_by=bindparam("holder"), claimed_until=bindparam("until"))
    .returning(DueWorkRow.name)
)
_DONE = (
    update(DueWorkRow)
    .where(DueWorkRow.name == bindparam("of_name"), DueWorkRow.claimed_by == bindparam("holder"))
    .values(due_at=bindparam("next_due"), claimed_by=None, claimed_until=None)
    .returning(DueWorkRow.name)
)


class SqlDueWork:
    """The agenda."""

    def __init__(self, engine: Engine) -> None:
        self._writer = unsynced_writer(engine)

    def plan(self, name: str, *, due_at: datetime) -> None:
        """Put `name` on the agenda; if it is there already, it stays as it is."""
        values = {"name": name, "due_at": due_at, "claimed_until": None, "claimed_by": None}
        with self._writer.begin() as connection:
            wrote(connection, _PLAN, values)

    def claim(self, *, now: datetime, lease: timedelta) -> Claim | None:
        """Take the work that has been due longest and is in nobody's hand; None if there is none."""
        holder, until = secrets.token_hex(16), now + lease
        with self._writer.begin() as connection:
            name = connection.execute(_CLAIM, {"now": now, "holder": holder, "until": until}).scalar_one_or_none()
        return None if name is None else Claim(name=name, holder=holder, until=until)

    def done(self, claim: Claim, *, next_due: datetime) -> None:
        """Give the work back, due again at `next_due` (after a failure: soon). Raises `ClaimLost`."""
        values = {"of_name": claim.name, "holder": claim.holder, "next_due": next_due}
        with self._writer.begin() as connection:
            if connection.execute(_DONE, values).scalar_one_or_none() is None:
                raise ClaimLost(claim.name)
