"""`SessionStore`: a browser's login, its end, and the sites that take part."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from idp.adapters.db.expiry import sweep
from idp.domain.service_provider import ServiceProvider
from idp.domain.session import Participation, Session, SessionHandle, SessionShare
from idp.usecases.ports import UnitOfWork
from tests.support.builders import (
    NOW,
    a_binding,
    a_citizen,
    a_fingerprint,
    a_participation,
    a_sector,
    a_service_provider,
    a_session,
    a_subject,
)
from tests.support.racing import race

HANDLE = SessionHandle("handle of one browser")
MINISTRY = a_service_provider("ministry")
SHOP = a_service_provider("shop")
TICK = timedelta(microseconds=1)


@pytest.fixture
def session(work: UnitOfWork) -> Session:
    citizen = a_citizen()
    session = a_session(citizen)
    with work.writing() as stores:
        stores.citizens.add(citizen, a_binding(citizen))
        stores.service_providers.save_sector(a_sector())
        stores.service_providers.save(MINISTRY)
        stores.service_providers.save(SHOP)
        stores.sessions.open(session, HANDLE)
    return session


def test_session_is_found_by_its_handle(work: UnitOfWork, session: Session) -> None:
    with work.reading() as stores:
        assert stores.sessions.find(HANDLE, now=session.expires_at - TICK) == session


def test_other_handle_finds_nothing(work: UnitOfWork, session: Session) -> None:
    with work.reading() as stores:
        assert stores.sessions.find(SessionHandle("another"), now=NOW) is None
        assert stores.sessions.find(SessionHandle(session.id), now=NOW) is None


def test_handle_is_kept_as_digest_only(engine: Engine, session: Session) -> None:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT * FROM sessions WHERE id = :id"), {"id": session.id}).all()
    assert HANDLE not in repr(rows)
    assert HANDLE.encode() not in [bytes(value) for value in rows[0] if isinstance(value, bytes | memoryview)]


def test_session_is_over_at_its_end(work: UnitOfWork, session: Session) -> None:
    with work.reading() as stores:
        assert stores.sessions.find(HANDLE, now=session.expires_at) is None


def test_ended_session_is_not_found(work: UnitOfWork, session: Session) -> None:
    with work.writing() as stores:
        stores.sessions.end(session.id, now=NOW)
    with work.reading() as stores:
        assert stores.sessions.find(HANDLE, now=NOW) is None


def test_ending_twice_keeps_the_first_end(work: UnitOfWork, session: Session, engine: Engine) -> None:
    ends = []
    for seconds in (1, 2):
        with work.writing() as stores:
            stores.sessions.end(session.id, now=NOW + timedelta(seconds=seconds))
        with engine.begin() as connection:
            ends.append(connection.execute(text("SELECT ended_at FROM sessions")).scalar_one())
    assert ends[0] == ends[1]


def test_ending_one_session_leaves_the_others(work: UnitOfWork, session: Session) -> None:
    other = a_session(a_citizen(), name="2")
    with work.writing() as stores:
        stores.sessions.open(other, SessionHandle("second browser"))
        stores.sessions.end(session.id, now=NOW)
        assert stores.sessions.find(SessionHandle("second browser"), now=NOW) == other


def test_two_sessions_cannot_have_one_handle(work: UnitOfWork, session: Session) -> None:
    with pytest.raises(IntegrityError), work.writing() as stores:
        stores.sessions.open(a_session(a_citizen(), name="2"), HANDLE)
    assert session


def test_session_cannot_end_before_it_begins(work: UnitOfWork, session: Session) -> None:
    backwards = a_session(a_citizen(), name="2", expires_at=NOW)
    with pytest.raises(IntegrityError, match="ends_after_it_begins"), work.writing() as stores:
        stores.sessions.open(backwards, SessionHandle("second browser"))
    assert session


def test_two_logins_at_once_are_two_sessions(work: UnitOfWork, session: Session) -> None:
    def log_in(name: str) -> None:
        with work.writing() as stores:
            stores.citizens.note_check(a_fingerprint(), session.check)
            stores.sessions.open(a_session(a_citizen(), name=name), SessionHandle(f"browser {name}"))

    assert race(partial(log_in, "a"), partial(log_in, "b")) == [None, None]
    with work.reading() as stores:
        assert stores.sessions.find(SessionHandle("browser a"), now=NOW)
        assert stores.sessions.find(SessionHandle("browser b"), now=NOW)


def _share(work: UnitOfWork, site: ServiceProvider = MINISTRY) -> SessionShare:
    with work.reading() as stores:
        share = stores.sessions.share(HANDLE, site.id, site.sector, now=NOW)
    assert share is not None
    return share


def test_share_of_a_site_that_never_asked_is_the_session_alone(work: UnitOfWork, session: Session) -> None:
    assert _share(work) == SessionShare(session=session, participation=None, subject=None)


def test_share_has_the_sites_own_part_and_its_sectors_identifier(work: UnitOfWork, session: Session) -> None:
    other_citizen = a_citizen("tarou")
    with work.writing() as stores:
        stores.citizens.add(other_citizen, a_binding(other_citizen, a_fingerprint("card of tarou")))
        stores.service_providers.save_sector(a_sector("health"))
        stores.sessions.take_part(a_participation(session, SHOP, handle="of the shop"))
        stores.subjects.add(a_subject(a_citizen(), sector="health", digit="c"))
        stores.subjects.add(a_subject(other_citizen, digit="b"))
    assert _share(work) == SessionShare(session=session, participation=None, subject=None)
    with work.writing() as stores:
        stores.sessions.take_part(a_participation(session, MINISTRY, handle="of the ministry"))
        stores.subjects.add(a_subject(a_citizen(), digit="a"))
    share = _share(work)
    assert share.participation == a_participation(session, MINISTRY, handle="of the ministry")
    assert share.subject == "a" * 40


def test_session_that_is_over_has_no_share(work: UnitOfWork, session: Session) -> None:
    place = (MINISTRY.id, MINISTRY.sector)
    with work.writing() as stores:
        assert stores.sessions.share(SessionHandle("another"), *place, now=NOW) is None
        assert stores.sessions.share(HANDLE, *place, now=session.expires_at) is None
        stores.sessions.end(session.id, now=NOW)
        assert stores.sessions.share(HANDLE, *place, now=NOW) is None


def test_participation_comes_back_as_it_was_added(work: UnitOfWork, session: Session) -> None:
    share = a_participation(session, MINISTRY)
    with work.writing() as stores:
        assert stores.sessions.take_part(share) == share
    assert _share(work).participation == share


def test_site_takes_part_once_whoever_was_quicker(work: UnitOfWork, session: Session) -> None:
    def take_part(handle: str) -> Participation:
        with work.writing() as stores:
            return stores.sessions.take_part(a_participation(session, MINISTRY, handle=handle))

    outcomes = race(*[partial(take_part, handle) for handle in "abcd"])
    kept = _share(work).participation
    assert outcomes == [kept] * 4


def test_two_sites_cannot_have_one_handle(work: UnitOfWork, session: Session) -> None:
    with work.writing() as stores:
        stores.sessions.take_part(a_participation(session, MINISTRY, handle="same"))
    with pytest.raises(IntegrityError), work.writing() as stores:
        stores.sessions.take_part(a_participation(session, SHOP, handle="same"))


def test_participants_come_oldest_first(work: UnitOfWork, session: Session) -> None:
    with work.writing() as stores:
        stores.sessions.take_part(a_participation(session, MINISTRY, handle="1", since=NOW + timedelta(seconds=1)))
        stores.sessions.take_part(a_participation(session, SHOP, handle="2", since=NOW))
    with work.reading() as stores:
        assert stores.sessions.participants(session.id) == (SHOP.id, MINISTRY.id)


def test_unknown_site_cannot_take_part(work: UnitOfWork, session: Session) -> None:
    stranger: ServiceProvider = a_service_provider("stranger")
    with pytest.raises(IntegrityError), work.writing() as stores:
        stores.sessions.take_part(a_participation(session, stranger))


def test_sweeping_takes_expired_sessions_with_their_participations(
    work: UnitOfWork, session: Session, engine: Engine
) -> None:
    lasting = a_session(a_citizen(), name="2", expires_at=session.expires_at + TICK)
    with work.writing() as stores:
        stores.sessions.take_part(a_participation(session, MINISTRY))
        stores.sessions.open(lasting, SessionHandle("second browser"))
    assert sweep(engine, now=session.expires_at).sessions == 1
    with work.reading() as stores:
        assert stores.sessions.participants(session.id) == ()
        assert stores.sessions.find(SessionHandle("second browser"), now=session.expires_at) == lasting
