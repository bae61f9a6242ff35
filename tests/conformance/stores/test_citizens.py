"""`CitizenStore`: one card is one person."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from idp.domain.citizen import CardFingerprint, CheckSource
from idp.domain.errors import RequestAlreadyUsed
from idp.usecases.ports import UnitOfWork
from tests.support.builders import NOW, a_binding, a_check, a_citizen, a_fingerprint
from tests.support.racing import race


def _register(work: UnitOfWork, name: str, fingerprint: CardFingerprint) -> None:
    citizen = a_citizen(name)
    with work.writing() as stores:
        stores.citizens.add(citizen, a_binding(citizen, fingerprint))


def _count(engine: Engine, table: str) -> int:
    with engine.begin() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 (our own names)


def test_binding_comes_back_as_it_was_added(work: UnitOfWork) -> None:
    citizen = a_citizen()
    binding = a_binding(citizen)
    with work.writing() as stores:
        stores.citizens.add(citizen, binding)
    with work.reading() as stores:
        assert stores.citizens.binding(binding.fingerprint) == binding


def test_card_that_nobody_registered_has_no_binding(work: UnitOfWork) -> None:
    _register(work, "hanako", a_fingerprint("known"))
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint("unknown")) is None


def test_fingerprint_under_another_key_is_another_card(work: UnitOfWork) -> None:
    _register(work, "hanako", a_fingerprint(key_id="key-1"))
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint(key_id="key-2")) is None


def test_card_is_not_bound_a_second_time(work: UnitOfWork, engine: Engine) -> None:
    _register(work, "hanako", a_fingerprint())
    with pytest.raises(RequestAlreadyUsed):
        _register(work, "tarou", a_fingerprint())
    assert (_count(engine, "citizens"), _count(engine, "card_bindings")) == (1, 1)


def test_of_many_registrations_of_one_card_one_citizen_comes(work: UnitOfWork, engine: Engine) -> None:
    names = ("a", "b", "c", "d")
    outcomes = race(*[partial(_register, work, name, a_fingerprint()) for name in names])
    assert outcomes.count(None) == 1
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [RequestAlreadyUsed] * 3
    assert (_count(engine, "citizens"), _count(engine, "card_bindings")) == (1, 1)


def test_last_check_is_noted_for_this_card_only(work: UnitOfWork) -> None:
    ours, theirs = a_fingerprint("ours"), a_fingerprint("theirs")
    _register(work, "hanako", ours)
    _register(work, "tarou", theirs)
    check = a_check(source=CheckSource.CRL, checked_at=NOW + timedelta(days=1))
    with work.writing() as stores:
        stores.citizens.note_check(ours, check)
    with work.reading() as stores:
        found = [stores.citizens.binding(fingerprint) for fingerprint in (ours, theirs)]
    assert [binding and binding.last_check for binding in found] == [check, a_check()]


def test_binding_needs_its_citizen(work: UnitOfWork) -> None:
    stranger = a_binding(a_citizen("stranger"))
    with pytest.raises(IntegrityError), work.writing() as stores:
        stores.citizens.add(a_citizen("hanako"), stranger)


def test_fingerprint_that_is_no_digest_is_refused(work: UnitOfWork) -> None:
    with pytest.raises(IntegrityError, match="fingerprint"):
        _register(work, "hanako", CardFingerprint(key_id="key-1", value=b"1234567890"))
