from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from idp.adapters.db.tables import ReleaseRow, SubjectIdentifierRow
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.assurance import AuthenticationContext
from idp.domain.attribute import AttributeName
from idp.domain.citizen import CitizenId
from idp.domain.errors import IdentifierUnavailable, LoginNeeded, OtherCitizen, RequestAlreadyUsed
from idp.domain.login import AuthenticationResult, IdentifierKind, MessageId
from idp.domain.service_provider import ServiceProvider, TrustCircle
from idp.domain.session import SessionHandle
from idp.domain.subject import SubjectValue
from idp.usecases.releases import Releases
from idp.usecases.sessions import Sessions
from tests.support.builders import NOW, a_binding, a_check, a_citizen, a_sector, a_service_provider
from tests.support.values import a_request

LIFETIME = timedelta(hours=1)
MINISTRY = a_service_provider()
SHOP = a_service_provider("shop", sector="shop")
CLINIC = replace(a_service_provider("clinic", sector="shop"), circle=TrustCircle("health"))


@pytest.fixture
def work(sqlite_engine: Engine) -> SqlUnitOfWork:
    """With three sites and one citizen."""
    work = SqlUnitOfWork(sqlite_engine)
    with work.writing() as stores:
        for code in ("tax", "shop"):
            stores.service_providers.save_sector(a_sector(code))
        for site in (MINISTRY, SHOP, CLINIC):
            stores.service_providers.save(site)
        stores.citizens.add(a_citizen(), a_binding(a_citizen()))
    return work


@pytest.fixture
def sessions(work: SqlUnitOfWork) -> Sessions:
    return Sessions(work=work, lifetime=LIFETIME)


@pytest.fixture
def releases(work: SqlUnitOfWork) -> Releases:
    return Releases(work=work)


def open_session(
    sessions: Sessions, site: ServiceProvider = MINISTRY, *, replaces: SessionHandle | None = None
) -> SessionHandle:
    result = AuthenticationResult(
        citizen=CitizenId(a_citizen().id),
        context=AuthenticationContext.CARD_PIN,
        authenticated_at=NOW,
        check=a_check(),
    )
    with sessions.work.writing() as stores:
        return sessions.open(stores, result, site, replaces=replaces, now=NOW)


def test_session_is_found_by_its_handle_until_it_ends(sessions: Sessions) -> None:
    handle = open_session(sessions)
    last = NOW + LIFETIME - timedelta(microseconds=1)
    found = sessions.find(handle, now=last)
    assert found is not None
    assert (found.circle, found.tier, found.expires_at) == (MINISTRY.circle, MINISTRY.tier, NOW + LIFETIME)
    assert sessions.find(handle, now=NOW + LIFETIME) is None
    assert sessions.find(SessionHandle("x" * 43), now=NOW) is None
    assert sessions.find(None, now=NOW) is None


def test_ended_session_is_gone_and_names_its_sites(sessions: Sessions, releases: Releases) -> None:
    handle = open_session(sessions)
    for site in (MINISTRY, SHOP):
        releases.release(handle, a_request(site), site, asked_at=NOW, now=NOW)
    assert set(sessions.end(handle, now=NOW)) == {MINISTRY.id, SHOP.id}
    assert sessions.find(handle, now=NOW) is None
    assert sessions.end(handle, now=NOW) == ()
    assert sessions.end(None, now=NOW) == ()


def test_new_login_replaces_the_browsers_old_session(sessions: Sessions) -> None:
    old = open_session(sessions)
    new = open_session(sessions, replaces=old)
    assert new != old
    assert sessions.find(old, now=NOW) is None
    assert sessions.find(new, now=NOW) is not None


def test_release_tells_what_the_session_knows(sessions: Sessions, releases: Releases) -> None:
    release = releases.release(open_session(sessions), a_request(), MINISTRY, asked_at=NOW, now=NOW)
    assert (release.service_provider, release.sector) == (MINISTRY.id, MINISTRY.sector)
    assert release.authenticated_at == NOW
    assert release.check == a_check()
    assert release.session_expires_at == NOW + LIFETIME
    assert len(release.subject) == 40


def test_sector_has_one_identifier_and_session_one_name_per_site(sessions: Sessions, releases: Releases) -> None:
    handle = open_session(sessions)
    first, again = (releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW) for _ in range(2))
    shop = releases.release(handle, a_request(SHOP), SHOP, asked_at=NOW, now=NOW)
    assert (first.subject, first.session) == (again.subject, again.session)
    assert first.subject != shop.subject
    assert first.session != shop.session


def test_transient_release_makes_no_lasting_identifier(
    sessions: Sessions, releases: Releases, sqlite_engine: Engine
) -> None:
    asked = replace(a_request(), identifier=IdentifierKind.TRANSIENT)
    handle = open_session(sessions)
    subjects = {releases.release(handle, asked, MINISTRY, asked_at=NOW, now=NOW).subject for _ in range(3)}
    assert len(subjects) == 3
    assert rows(sqlite_engine, SubjectIdentifierRow) == 0


def test_session_that_may_not_serve_releases_nothing(
    sessions: Sessions, releases: Releases, sqlite_engine: Engine
) -> None:
    handle = open_session(sessions)
    later = NOW + timedelta(minutes=1)
    for asked, site, now in (
        (a_request(CLINIC), CLINIC, later),
        (a_request(forced=True), MINISTRY, later),
        (a_request(), MINISTRY, NOW + LIFETIME),
    ):
        with pytest.raises(LoginNeeded):
            releases.release(handle, asked, site, asked_at=now, now=now)
    assert rows(sqlite_engine, ReleaseRow) == 0


def test_unknown_handle_releases_nothing(releases: Releases) -> None:
    with pytest.raises(LoginNeeded):
        releases.release(SessionHandle("x" * 43), a_request(), MINISTRY, asked_at=NOW, now=NOW)


def test_lasting_identifier_is_told_only_where_it_is_asked_for(sessions: Sessions, releases: Releases) -> None:
    handle = open_session(sessions)
    with_number = replace(a_request(), attributes=(AttributeName.SUBJECT, AttributeName.SECTOR))
    told = releases.release(handle, with_number, MINISTRY, asked_at=NOW, now=NOW)
    assert (told.lasting, told.attributes) == (told.subject, with_number.attributes)
    assert releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW).lasting is None
    passing = replace(with_number, identifier=IdentifierKind.TRANSIENT)
    both = releases.release(handle, passing, MINISTRY, asked_at=NOW, now=NOW)
    assert both.lasting == told.lasting != both.subject


def test_no_identifier_is_made_for_a_site_that_does_not_let_us(
    sessions: Sessions, releases: Releases, sqlite_engine: Engine
) -> None:
    handle = open_session(sessions)
    asked = replace(a_request(), may_create=False)
    with pytest.raises(IdentifierUnavailable):
        releases.release(handle, asked, MINISTRY, asked_at=NOW, now=NOW)
    assert (rows(sqlite_engine, SubjectIdentifierRow), rows(sqlite_engine, ReleaseRow)) == (0, 0)
    known = releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW)
    assert releases.release(handle, asked, MINISTRY, asked_at=NOW, now=NOW).subject == known.subject


def test_site_that_names_a_citizen_is_told_of_no_other(
    sessions: Sessions, releases: Releases, sqlite_engine: Engine
) -> None:
    handle = open_session(sessions)
    stranger = replace(a_request(), subject=SubjectValue("f" * 40))
    with pytest.raises(OtherCitizen):
        releases.release(handle, stranger, MINISTRY, asked_at=NOW, now=NOW)
    known = releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW)
    with pytest.raises(OtherCitizen):
        releases.release(handle, stranger, MINISTRY, asked_at=NOW, now=NOW)
    named = replace(a_request(), subject=known.subject)
    assert releases.release(handle, named, MINISTRY, asked_at=NOW, now=NOW).subject == known.subject
    assert rows(sqlite_engine, ReleaseRow) == 2


def test_message_is_answered_once(sessions: Sessions, releases: Releases, sqlite_engine: Engine) -> None:
    handle = open_session(sessions)
    message = MessageId(key="_1", expires_at=NOW + LIFETIME)
    releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW, message=message)
    with pytest.raises(RequestAlreadyUsed):
        releases.release(handle, a_request(), MINISTRY, asked_at=NOW, now=NOW, message=message)
    assert rows(sqlite_engine, ReleaseRow) == 1


def test_message_that_no_session_may_answer_is_not_used_up(sessions: Sessions, releases: Releases) -> None:
    message = MessageId(key="_1", expires_at=NOW + LIFETIME)
    with pytest.raises(LoginNeeded):
        releases.release(SessionHandle("x" * 43), a_request(), MINISTRY, asked_at=NOW, now=NOW, message=message)
    releases.release(open_session(sessions), a_request(), MINISTRY, asked_at=NOW, now=NOW, message=message)


def rows(engine: Engine, table: type[ReleaseRow] | type[SubjectIdentifierRow]) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
