"""`AuditLog`: append-only, and what succeeds commits with its event."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from idp.adapters.db.audit import SqlAuditLog, decode_event
from idp.domain.citizen import CitizenId
from idp.domain.events import AuditEvent, CitizenRegistered, LoginRefused
from idp.domain.login import LoginId
from idp.domain.service_provider import ServiceProviderId
from idp.usecases.ports import UnitOfWork
from tests.support.builders import NOW

REGISTERED = CitizenRegistered(citizen=CitizenId("citizen-1"), at=NOW)
REFUSED = LoginRefused(
    login=LoginId("login-1"), service_provider=ServiceProviderId("ministry"), code="card.revoked", at=NOW
)


def _trail(engine: Engine) -> list[AuditEvent]:
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT kind, body FROM audit_events ORDER BY id")).all()
    return [decode_event(kind, body) for kind, body in rows]


def test_event_commits_with_what_it_tells(work: UnitOfWork, engine: Engine) -> None:
    with work.writing() as stores:
        stores.audit.record(REGISTERED)
    assert _trail(engine) == [REGISTERED]


def test_event_goes_with_the_roll_back(work: UnitOfWork, engine: Engine) -> None:
    def record_and_fail() -> None:
        with work.writing() as stores:
            stores.audit.record(REGISTERED)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    assert _trail(engine) == []


def test_refusal_is_recorded_in_a_transaction_of_its_own(engine: Engine) -> None:
    log = SqlAuditLog(engine)
    log.record(REFUSED)
    log.record(REGISTERED)
    assert _trail(engine) == [REFUSED, REGISTERED]


def test_trail_cannot_be_changed(engine: Engine, database_kind: str) -> None:
    SqlAuditLog(engine).record(REGISTERED)
    changes = ["UPDATE audit_events SET body = '{}'", "DELETE FROM audit_events"]
    changes += ["TRUNCATE audit_events"] if database_kind == "postgresql" else []
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(change))
    assert _trail(engine) == [REGISTERED]


def test_time_of_an_event_is_kept_as_an_instant(engine: Engine) -> None:
    log = SqlAuditLog(engine)
    log.record(CitizenRegistered(citizen=CitizenId("later"), at=NOW + timedelta(seconds=1)))
    log.record(REGISTERED)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT kind, body FROM audit_events ORDER BY at")).all()
    assert [decode_event(kind, body).at for kind, body in rows] == [NOW, NOW + timedelta(seconds=1)]
