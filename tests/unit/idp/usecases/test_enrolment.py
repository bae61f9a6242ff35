from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from idp.adapters.db.tables import CitizenRow
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.errors import OtherBrowser, RequestAlreadyUsed, RequestExpired
from idp.domain.login import HeldCard, PendingLogin, Refusal
from idp.usecases.enrolment import AwaitsConsent, Enrolment, Entered
from idp.usecases.login import Logins
from idp.usecases.sessions import Sessions
from tests.support.builders import NOW, a_fingerprint, a_service_provider
from tests.support.values import (
    BROWSER,
    OTHER_BROWSER,
    MemoryAudit,
    MemoryOneTimeStore,
    a_request,
    a_verified_card,
)

SITE = a_service_provider()


@pytest.fixture
def enrolment(sqlite_engine: Engine) -> Enrolment:
    work = SqlUnitOfWork(sqlite_engine)
    logins = Logins(
        work=work,
        pending=MemoryOneTimeStore[PendingLogin](),
        refusals=MemoryOneTimeStore[Refusal](),
        audit=MemoryAudit(),
        lifetime=timedelta(minutes=30),
    )
    return Enrolment(
        work=work,
        logins=logins,
        sessions=Sessions(work=work, lifetime=timedelta(hours=1)),
        waiting=MemoryOneTimeStore[HeldCard](),
        check_max_age=timedelta(minutes=15),
    )


@pytest.fixture
def login(enrolment: Enrolment) -> PendingLogin:
    return enrolment.logins.begin(a_request(), BROWSER, now=NOW)


def await_consent(enrolment: Enrolment, login: PendingLogin) -> str:
    entry = enrolment.enter(login, a_verified_card(), SITE, replaces=None, now=NOW)
    assert isinstance(entry, AwaitsConsent)
    return entry.handle


def citizens(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(CitizenRow)).scalar_one()


def test_unknown_card_waits_for_consent(enrolment: Enrolment, login: PendingLogin, sqlite_engine: Engine) -> None:
    handle = await_consent(enrolment, login)
    assert enrolment.resume(handle, BROWSER, now=NOW) == login
    assert citizens(sqlite_engine) == 0


def test_consent_registers_and_opens_a_session(
    enrolment: Enrolment, login: PendingLogin, sqlite_engine: Engine
) -> None:
    session = enrolment.register(await_consent(enrolment, login), SITE, replaces=None, now=NOW)
    assert enrolment.sessions.find(session, now=NOW) is not None
    assert citizens(sqlite_engine) == 1


def test_registered_card_enters_at_once_and_its_check_is_noted(enrolment: Enrolment, login: PendingLogin) -> None:
    enrolment.register(await_consent(enrolment, login), SITE, replaces=None, now=NOW)
    later = NOW + timedelta(hours=2)
    entry = enrolment.enter(login, a_verified_card(at=later), SITE, replaces=None, now=later)
    assert isinstance(entry, Entered)
    with enrolment.work.reading() as stores:
        binding = stores.citizens.binding(a_fingerprint())
    assert binding is not None
    assert binding.last_check.checked_at == later


def test_consent_counts_once(enrolment: Enrolment, login: PendingLogin) -> None:
    handle = await_consent(enrolment, login)
    enrolment.register(handle, SITE, replaces=None, now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        enrolment.register(handle, SITE, replaces=None, now=NOW)


def test_declined_card_is_forgotten(enrolment: Enrolment, login: PendingLogin, sqlite_engine: Engine) -> None:
    handle = await_consent(enrolment, login)
    enrolment.decline(handle, now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        enrolment.register(handle, SITE, replaces=None, now=NOW)
    assert citizens(sqlite_engine) == 0


def test_waiting_card_belongs_to_its_browser_and_ends_with_its_login(enrolment: Enrolment, login: PendingLogin) -> None:
    handle = await_consent(enrolment, login)
    with pytest.raises(OtherBrowser):
        enrolment.resume(handle, OTHER_BROWSER, now=NOW)
    with pytest.raises(RequestExpired):
        enrolment.resume(handle, BROWSER, now=login.expires_at)


def test_card_registered_meanwhile_is_not_registered_twice(
    enrolment: Enrolment, login: PendingLogin, sqlite_engine: Engine
) -> None:
    handles = [await_consent(enrolment, login) for _ in range(2)]
    sessions = [enrolment.register(handle, SITE, replaces=None, now=NOW) for handle in handles]
    people = {found.citizen for session in sessions if (found := enrolment.sessions.find(session, now=NOW))}
    assert len(people) == citizens(sqlite_engine) == 1


def test_citizen_who_leaves_is_forgotten_by_card_and_out_everywhere(enrolment: Enrolment, login: PendingLogin) -> None:
    session = enrolment.register(await_consent(enrolment, login), SITE, replaces=None, now=NOW)
    assert enrolment.leave(session, now=NOW)
    assert enrolment.sessions.find(session, now=NOW) is None
    assert not enrolment.leave(session, now=NOW)
    assert not enrolment.leave(None, now=NOW)
    assert isinstance(enrolment.enter(login, a_verified_card(), SITE, replaces=None, now=NOW), AwaitsConsent)
