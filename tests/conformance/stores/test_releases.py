"""`ReleaseStore`: the record of what was told to whom."""

import pytest
from sqlalchemy import Engine, text

from idp.domain.session import Session, SessionHandle
from idp.usecases.ports import UnitOfWork
from tests.support.builders import a_binding, a_citizen, a_release, a_sector, a_service_provider, a_session

MINISTRY = a_service_provider("ministry")


@pytest.fixture
def session(work: UnitOfWork) -> Session:
    citizen = a_citizen()
    session = a_session(citizen)
    with work.writing() as stores:
        stores.citizens.add(citizen, a_binding(citizen))
        stores.service_providers.save_sector(a_sector())
        stores.service_providers.save(MINISTRY)
        stores.sessions.open(session, SessionHandle("handle"))
    return session


def test_release_is_recorded_for_the_citizen_of_its_session(work: UnitOfWork, session: Session, engine: Engine) -> None:
    with work.writing() as stores:
        stores.releases.add(a_release(session, MINISTRY), session)
    with engine.begin() as connection:
        columns = "session, citizen, service_provider, sector, identifier, context"
        rows = connection.execute(text(f"SELECT {columns} FROM releases")).all()  # noqa: S608 (our own names)
    assert [tuple(row) for row in rows] == [
        (session.id, session.citizen, "ministry", "tax", "persistent", "card-pin"),
    ]


def test_record_holds_no_identifier_that_was_told(work: UnitOfWork, session: Session, engine: Engine) -> None:
    release = a_release(session, MINISTRY)
    with work.writing() as stores:
        stores.releases.add(release, session)
    with engine.begin() as connection:
        assert release.subject not in repr(connection.execute(text("SELECT * FROM releases")).all())
