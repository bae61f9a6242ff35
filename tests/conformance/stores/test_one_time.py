"""`OneTimeStore`: a value is used once, whoever asks, however often, wherever."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from foundation.records import Codec
from idp.adapters.db.expiry import sweep
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.domain.errors import RequestAlreadyUsed, RequestExpired, RequestInvalid
from idp.usecases.ports import OneTimeStore
from tests.support.builders import NOW
from tests.support.racing import race, take_in_processes
from tests.support.statements import count_statements

LIFETIME = timedelta(minutes=5)
END = NOW + LIFETIME
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    words: str
    secret: bytes
    at: datetime


NOTE = Note(words="問い \x00 ' \" \\", secret=b"\x00\xff", at=NOW)


@pytest.fixture
def notes(engine: Engine) -> OneTimeStore[Note]:
    return SqlOneTimeStore(engine, "note", Codec(Note))


def test_value_comes_back_as_it_was_put(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    assert notes.take("key", now=NOW) == NOTE


def test_value_is_refused_after_first_use(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    notes.take("key", now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        notes.take("key", now=NOW)


def test_reading_leaves_the_value_in_place(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    assert [notes.read("key", now=NOW), notes.read("key", now=NOW), notes.take("key", now=NOW)] == [NOTE] * 3


def test_used_value_cannot_be_read(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    notes.take("key", now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        notes.read("key", now=NOW)


def test_value_can_be_taken_until_the_last_microsecond(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    assert notes.take("key", now=END - TICK) == NOTE


def test_value_is_over_at_its_end_and_says_how_long_it_had(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    with pytest.raises(RequestExpired) as taking:
        notes.take("key", now=END)
    with pytest.raises(RequestExpired) as reading:
        notes.read("key", now=END)
    assert (taking.value.minutes, reading.value.minutes) == (5, 5)


def test_second_use_after_the_end_is_still_told_as_second_use(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    notes.take("key", now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        notes.take("key", now=END + TICK)


def test_unknown_key_is_invalid(notes: OneTimeStore[Note]) -> None:
    with pytest.raises(RequestInvalid):
        notes.take("never put", now=NOW)
    with pytest.raises(RequestInvalid):
        notes.read("never put", now=NOW)


def test_key_that_is_there_cannot_be_put_again(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    with pytest.raises(RequestAlreadyUsed):
        notes.put("key", NOTE, now=END - TICK, expires_at=END + LIFETIME)


def test_used_key_cannot_be_put_again_before_its_end(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    notes.take("key", now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        notes.put("key", NOTE, now=END - TICK, expires_at=END + LIFETIME)


def test_used_key_can_be_put_again_after_its_end(notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    notes.take("key", now=NOW)
    later = Note(words="later", secret=b"", at=END)
    notes.put("key", later, now=END, expires_at=END + LIFETIME)
    assert notes.take("key", now=END) == later


def test_kinds_do_not_see_each_other(engine: Engine, notes: OneTimeStore[Note]) -> None:
    others = SqlOneTimeStore(engine, "other", Codec(Note))
    notes.put("key", NOTE, now=NOW, expires_at=END)
    with pytest.raises(RequestInvalid):
        others.take("key", now=NOW)
    others.put("key", NOTE, now=NOW, expires_at=END)
    assert notes.take("key", now=NOW) == NOTE


def test_key_of_any_length_is_kept_as_digest_only(engine: Engine, notes: OneTimeStore[Note]) -> None:
    key = "鍵" * 5000
    notes.put(key, NOTE, now=NOW, expires_at=END)
    with engine.begin() as connection:
        digests = connection.execute(text("SELECT key_digest FROM one_time")).scalars().all()
    assert [len(bytes(digest)) for digest in digests] == [32]
    assert notes.take(key, now=NOW) == NOTE


def test_taking_is_one_statement_committed_alone(engine: Engine, notes: OneTimeStore[Note]) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    with count_statements(engine) as counted:
        notes.take("key", now=NOW)
    assert [statement.split()[0] for statement in counted.statements] == ["UPDATE"]
    assert (counted.commits, counted.rollbacks) == (1, 0)


def test_of_many_threads_one_takes_the_value(notes: OneTimeStore[Note]) -> None:
    for key in map(str, range(20)):
        notes.put(key, NOTE, now=NOW, expires_at=END)
        outcomes = race(*[partial(notes.take, key, now=NOW)] * 6)
        assert outcomes.count(NOTE) == 1
        assert [type(outcome) for outcome in outcomes if outcome != NOTE] == [RequestAlreadyUsed] * 5


def test_of_two_processes_one_takes_each_value(engine: Engine, database_url: str) -> None:
    store = SqlOneTimeStore(engine, "word", Codec(str))
    keys = [str(number) for number in range(200)]
    for key in keys:
        store.put(key, key, now=NOW, expires_at=END)
    first, second = take_in_processes(database_url, "word", keys, NOW, 2)
    assert sorted(first + second) == sorted(keys)


def test_of_many_threads_one_puts_a_message_id(notes: OneTimeStore[Note]) -> None:
    for key in map(str, range(20)):
        outcomes = race(*[partial(notes.put, key, NOTE, now=NOW, expires_at=END)] * 6)
        assert outcomes.count(None) == 1
        assert [type(outcome) for outcome in outcomes if outcome is not None] == [RequestAlreadyUsed] * 5


def test_value_whose_put_may_be_lost_works_alike(engine: Engine) -> None:
    codes = SqlOneTimeStore(engine, "code", Codec(Note), put_may_be_lost=True)
    codes.put("key", NOTE, now=NOW, expires_at=END)
    assert codes.take("key", now=NOW) == NOTE


def test_sweeping_takes_away_what_is_long_over_and_nothing_else(engine: Engine, notes: OneTimeStore[Note]) -> None:
    notes.put("over", NOTE, now=NOW, expires_at=END)
    notes.put("good", NOTE, now=NOW, expires_at=END + TICK)
    assert sweep(engine, now=END, told_apart=timedelta(0)).one_time == 1
    with pytest.raises(RequestInvalid):
        notes.take("over", now=NOW)
    assert notes.take("good", now=END) == NOTE


def test_sweeping_leaves_a_row_to_tell_expired_from_unknown_for_an_hour(
    engine: Engine, notes: OneTimeStore[Note]
) -> None:
    notes.put("key", NOTE, now=NOW, expires_at=END)
    assert sweep(engine, now=END + timedelta(minutes=59)).one_time == 0
    with pytest.raises(RequestExpired):
        notes.take("key", now=END)
    assert sweep(engine, now=END + timedelta(minutes=60)).one_time == 1


def test_sweeping_forgets_what_was_used_and_keeps_that_it_was(engine: Engine, notes: OneTimeStore[Note]) -> None:
    notes.put("used", NOTE, now=NOW, expires_at=END)
    notes.put("waiting", NOTE, now=NOW, expires_at=END)
    notes.take("used", now=NOW)
    assert sweep(engine, now=NOW).used == 1
    assert sweep(engine, now=NOW).used == 0
    with engine.begin() as connection:
        payloads = connection.execute(text("SELECT payload FROM one_time ORDER BY payload")).scalars().all()
    assert [len(payload) > 0 for payload in payloads] == [False, True]
    with pytest.raises(RequestAlreadyUsed):
        notes.take("used", now=NOW)
    assert notes.take("waiting", now=NOW) == NOTE


def test_sweeping_goes_on_past_one_batch(engine: Engine) -> None:
    with engine.begin() as connection:
        statement = text(
            "INSERT INTO one_time (kind, key_digest, payload, put_at, expires_at) VALUES ('note', :d, '{}', :at, :at)"
        )
        at = "2026-01-01 00:00:00.000000" if engine.dialect.name == "sqlite" else NOW - timedelta(days=300)
        rows = [{"d": number.to_bytes(32), "at": at} for number in range(1201)]
        connection.execute(statement, rows)
    assert sweep(engine, now=NOW).one_time == 1201
