"""`UnitOfWork`: all of a step or nothing of it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from idp.usecases.ports import Stores, UnitOfWork
from tests.support.builders import a_binding, a_citizen, a_fingerprint, a_sector, a_service_provider
from tests.support.racing import RACE_SECONDS, race
from tests.support.statements import count_statements


class PowerCut(BaseException):
    """Not an `Exception`: as a worker that is told to stop."""


def _register(stores: Stores, name: str = "hanako") -> None:
    citizen = a_citizen(name)
    stores.citizens.add(citizen, a_binding(citizen, a_fingerprint(name)))


@pytest.mark.parametrize("error", [ValueError, PowerCut])
def test_error_in_the_block_undoes_all_of_it(work: UnitOfWork, error: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with work.writing() as stores:
            stores.service_providers.save_sector(a_sector())
            stores.service_providers.save(a_service_provider())
            _register(stores)
            raise error

    with pytest.raises(error):
        write_and_fail()
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint("hanako")) is None
        assert stores.service_providers.sectors() == ()
        assert stores.service_providers.version() == 0


def test_error_of_the_database_undoes_what_went_before(work: UnitOfWork) -> None:
    def write_and_break_a_rule() -> None:
        with work.writing() as stores:
            _register(stores)
            stores.service_providers.save(a_service_provider(sector="unknown"))

    with pytest.raises(DBAPIError):
        write_and_break_a_rule()
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint("hanako")) is None


def test_block_that_ends_well_commits_once(work: UnitOfWork, engine: Engine) -> None:
    with count_statements(engine) as counted, work.writing() as stores:
        _register(stores)
    assert (len(counted.statements), counted.commits, counted.rollbacks) == (2, 1, 0)


def test_reading_block_cannot_write(work: UnitOfWork) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), work.reading() as stores:
        _register(stores)


def test_writing_works_after_reading_on_the_same_connection(work: UnitOfWork) -> None:
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint("hanako")) is None
    with work.writing() as stores:
        _register(stores)
    with work.reading() as stores:
        assert stores.citizens.binding(a_fingerprint("hanako")) is not None


def test_reader_does_not_see_or_wait_for_an_open_writer(work: UnitOfWork) -> None:
    written, seen = threading.Event(), threading.Event()

    def write() -> bool:
        with work.writing() as stores:
            _register(stores)
            written.set()
            return seen.wait(RACE_SECONDS)

    def read() -> bool:
        assert written.wait(RACE_SECONDS)
        with work.reading() as stores:
            found = stores.citizens.binding(a_fingerprint("hanako"))
        seen.set()
        return found is None

    assert race(write, read) == [True, True]


def test_writers_wait_for_each_other_and_all_get_through(work: UnitOfWork) -> None:
    def write(name: str) -> Callable[[], None]:
        def run() -> None:
            with work.writing() as stores:
                assert stores.citizens.binding(a_fingerprint(name)) is None
                _register(stores, name)

        return run

    assert race(*[write(str(number)) for number in range(8)]) == [None] * 8
