"""`SubjectStore`: one identifier per citizen and sector, never re-assigned."""

from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from idp.domain.citizen import Citizen
from idp.domain.service_provider import SectorCode
from idp.domain.subject import SubjectIdentifier, SubjectValue
from idp.usecases.ports import UnitOfWork
from tests.support.builders import a_binding, a_citizen, a_fingerprint, a_sector, a_subject
from tests.support.racing import race

HANAKO = a_citizen("hanako")
TAROU = a_citizen("tarou")


@pytest.fixture(autouse=True)
def _two_citizens_and_two_sectors(work: UnitOfWork) -> None:
    with work.writing() as stores:
        for citizen in (HANAKO, TAROU):
            stores.citizens.add(citizen, a_binding(citizen, a_fingerprint(citizen.id)))
        stores.service_providers.save_sector(a_sector("tax"))
        stores.service_providers.save_sector(a_sector("health"))


def _add(work: UnitOfWork, citizen: Citizen, sector: str, digit: str) -> SubjectIdentifier:
    with work.writing() as stores:
        return stores.subjects.add(a_subject(citizen, sector=sector, digit=digit))


def test_identifier_comes_back_as_it_was_added(work: UnitOfWork) -> None:
    assert _add(work, HANAKO, "tax", "a") == a_subject(HANAKO)


def test_second_identifier_of_a_sector_gives_the_first(work: UnitOfWork) -> None:
    first = _add(work, HANAKO, "tax", "a")
    assert _add(work, HANAKO, "tax", "b") == first


def test_sectors_have_identifiers_of_their_own(work: UnitOfWork) -> None:
    assert _add(work, HANAKO, "tax", "a").value != _add(work, HANAKO, "health", "b").value


def test_of_many_at_once_all_get_the_same_identifier(work: UnitOfWork) -> None:
    outcomes = race(*[partial(_add, work, HANAKO, "tax", digit) for digit in "abcdef"])
    kept = _add(work, HANAKO, "tax", "0")
    assert outcomes == [kept] * 6


def test_identifier_of_one_citizen_is_never_given_to_another(work: UnitOfWork) -> None:
    _add(work, HANAKO, "tax", "a")
    with pytest.raises(IntegrityError):
        _add(work, TAROU, "tax", "a")


def test_identifier_that_is_too_short_is_refused(work: UnitOfWork) -> None:
    short = SubjectIdentifier(citizen=HANAKO.id, sector=SectorCode("tax"), value=SubjectValue("a" * 39))
    with pytest.raises(IntegrityError, match="subject_identifiers_value"), work.writing() as stores:
        stores.subjects.add(short)
