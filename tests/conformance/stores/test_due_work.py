"""The workers' agenda: each piece of work in one hand at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from idp.adapters.db.due_work import Claim, ClaimLost, SqlDueWork
from tests.support.builders import NOW
from tests.support.racing import race

LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


@pytest.fixture
def agenda(engine: Engine) -> SqlDueWork:
    return SqlDueWork(engine)


def _claim(agenda: SqlDueWork) -> Claim:
    claim = agenda.claim(now=NOW, lease=LEASE)
    assert claim is not None
    return claim


def test_work_is_claimed_when_it_is_due(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    assert agenda.claim(now=NOW - SECOND, lease=LEASE) is None
    claim = _claim(agenda)
    assert (claim.name, claim.until) == ("sweep", NOW + LEASE)


def test_work_in_hand_is_not_claimed_again(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    _claim(agenda)
    assert agenda.claim(now=NOW + LEASE - SECOND, lease=LEASE) is None


def test_work_of_a_dead_worker_is_claimed_when_its_lease_is_over(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    _claim(agenda)
    again = agenda.claim(now=NOW + LEASE, lease=LEASE)
    assert again is not None
    assert again.name == "sweep"


def test_slow_worker_learns_that_its_claim_is_lost(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    slow = _claim(agenda)
    quick = agenda.claim(now=NOW + LEASE, lease=LEASE)
    assert quick is not None
    with pytest.raises(ClaimLost):
        agenda.done(slow, next_due=NOW)
    agenda.done(quick, next_due=NOW + 2 * LEASE)


def test_done_work_is_due_again_at_its_next_time(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    agenda.done(_claim(agenda), next_due=NOW + SECOND)
    assert agenda.claim(now=NOW, lease=LEASE) is None
    assert agenda.claim(now=NOW + SECOND, lease=LEASE) is not None


def test_work_cannot_be_done_twice_under_one_claim(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW)
    claim = _claim(agenda)
    agenda.done(claim, next_due=NOW + SECOND)
    with pytest.raises(ClaimLost):
        agenda.done(claim, next_due=NOW)


def test_planning_again_changes_nothing(agenda: SqlDueWork) -> None:
    agenda.plan("sweep", due_at=NOW + SECOND)
    agenda.plan("sweep", due_at=NOW)
    assert agenda.claim(now=NOW, lease=LEASE) is None


def test_work_due_longest_comes_first(agenda: SqlDueWork) -> None:
    agenda.plan("a", due_at=NOW)
    agenda.plan("z", due_at=NOW - SECOND)
    assert [_claim(agenda).name, _claim(agenda).name] == ["z", "a"]


def test_of_many_workers_one_gets_each_piece(agenda: SqlDueWork) -> None:
    for name in "abc":
        agenda.plan(name, due_at=NOW)

    def work_until_nothing_is_due() -> list[str]:
        names: list[str] = []
        while (claim := agenda.claim(now=NOW, lease=LEASE)) is not None:
            names.append(claim.name)
        return names

    outcomes = race(*[work_until_nothing_is_due] * 6)
    assert sorted(name for names in outcomes if isinstance(names, list) for name in names) == ["a", "b", "c"]
    assert all(isinstance(names, list) for names in outcomes)
