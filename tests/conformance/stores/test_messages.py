"""`MessageStore`: a message counts once, and its use stands or falls with what it brought about."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from idp.adapters.db.expiry import sweep
from idp.domain.errors import RequestAlreadyUsed
from idp.domain.login import MessageId
from idp.usecases.ports import UnitOfWork
from tests.support.builders import NOW, a_sector
from tests.support.racing import race

LIFETIME = timedelta(minutes=5)
MESSAGE = MessageId(key="https://ministry.example/metadata\n_1", expires_at=NOW + LIFETIME)


def _use(work: UnitOfWork, message: MessageId = MESSAGE, *, after: timedelta = timedelta(0)) -> None:
    with work.writing() as stores:
        stores.messages.use_up(message, now=NOW + after)


def test_message_is_refused_after_first_use(work: UnitOfWork) -> None:
    _use(work)
    with pytest.raises(RequestAlreadyUsed):
        _use(work, after=LIFETIME - timedelta(microseconds=1))


def test_other_message_is_not_concerned(work: UnitOfWork) -> None:
    _use(work)
    _use(work, MessageId(key=MESSAGE.key + "2", expires_at=MESSAGE.expires_at))


def test_use_falls_with_its_transaction(work: UnitOfWork) -> None:
    def fail() -> None:
        with work.writing() as stores:
            stores.messages.use_up(MESSAGE, now=NOW)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    _use(work)


def test_second_use_takes_all_of_its_transaction_along(work: UnitOfWork) -> None:
    _use(work)

    def save_and_use() -> None:
        with work.writing() as stores:
            stores.service_providers.save_sector(a_sector())
            stores.messages.use_up(MESSAGE, now=NOW)

    with pytest.raises(RequestAlreadyUsed):
        save_and_use()
    with work.reading() as stores:
        assert stores.service_providers.sectors() == ()


def test_of_many_at_once_one_may_use_it(work: UnitOfWork) -> None:
    outcomes = race(*[partial(_use, work) for _ in range(6)])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType"] + ["RequestAlreadyUsed"] * 5


def test_used_message_is_swept_at_its_end_and_its_key_is_never_written(work: UnitOfWork, engine: Engine) -> None:
    _use(work)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT * FROM one_time")).all()
    assert len(rows) == 1
    assert "ministry" not in repr(rows)
    sweep(engine, now=NOW + timedelta(days=2))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM one_time")).scalar_one() == 0
