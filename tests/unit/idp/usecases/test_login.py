from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.errors import (
    CardRevoked,
    CardUnchecked,
    CookiesOff,
    OtherBrowser,
    OtherCitizen,
    RequestAlreadyUsed,
    RequestExpired,
)
from idp.domain.events import LoginRefused
from idp.domain.login import LoginId, MessageId, PendingLogin, Refusal
from idp.usecases.login import Logins, browser_hash
from tests.support.builders import NOW
from tests.support.values import BROWSER, OTHER_BROWSER, MemoryAudit, MemoryOneTimeStore, a_request

LIFETIME = timedelta(minutes=30)


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def logins(audit: MemoryAudit, sqlite_engine: Engine) -> Logins:
    return Logins(
        work=SqlUnitOfWork(sqlite_engine),
        pending=MemoryOneTimeStore[PendingLogin](),
        refusals=MemoryOneTimeStore[Refusal](),
        audit=audit,
        lifetime=LIFETIME,
    )


def test_login_is_resumed_in_its_browser(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    assert logins.resume(login.id, BROWSER, now=NOW) == login
    assert login.expires_at == NOW + LIFETIME


def test_login_keeps_no_more_of_the_browser_than_a_digest(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    assert login.browser_hash == browser_hash(BROWSER)
    assert BROWSER.encode() not in login.browser_hash


def test_login_is_not_resumed_elsewhere(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    with pytest.raises(OtherBrowser):
        logins.resume(login.id, OTHER_BROWSER, now=NOW)
    with pytest.raises(CookiesOff):
        logins.resume(login.id, None, now=NOW)


def test_stranger_cannot_use_a_login_up(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    with pytest.raises(OtherBrowser):
        logins.finish(login.id, OTHER_BROWSER, now=NOW)
    assert logins.finish(login.id, BROWSER, now=NOW) == login


def test_login_is_finished_once(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    logins.finish(login.id, BROWSER, now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        logins.finish(login.id, BROWSER, now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        logins.resume(login.id, BROWSER, now=NOW)


def test_login_ends_at_its_time(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    with pytest.raises(RequestExpired):
        logins.resume(login.id, BROWSER, now=NOW + LIFETIME)


def test_logins_have_ids_of_their_own(logins: Logins) -> None:
    ids = {logins.begin(a_request(), BROWSER, now=NOW).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(login) == 43 for login in ids)


def test_refusal_is_audited_and_kept_with_its_facts(logins: Logins, audit: MemoryAudit) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    handle = logins.refuse(login.id, CardUnchecked(minutes=5), request_id="123", now=NOW)
    assert audit.events == [
        LoginRefused(login=login.id, service_provider=login.request.service_provider, code="card.unchecked", at=NOW)
    ]
    kept = logins.refusal(handle, now=NOW)
    assert (kept.login, kept.code, kept.request_id, kept.minutes, kept.date) == (
        login.id,
        "card.unchecked",
        "123",
        5,
        None,
    )
    assert logins.refusal(handle, now=NOW) == kept


def test_refusal_of_a_login_that_is_over_is_not_audited(logins: Logins, audit: MemoryAudit) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    with pytest.raises(RequestExpired):
        logins.refuse(login.id, CardRevoked(), request_id="123", now=NOW + LIFETIME)
    assert audit.events == []


def test_refusal_goes_with_its_login(logins: Logins) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    handle = logins.refuse(LoginId(login.id), CardRevoked(), request_id="123", now=NOW + timedelta(minutes=29))
    with pytest.raises(RequestExpired):
        logins.refusal(handle, now=NOW + LIFETIME)


def test_message_begins_one_login(logins: Logins) -> None:
    asked = replace(a_request(), message=MessageId(key="_1", expires_at=NOW + LIFETIME))
    logins.begin(asked, BROWSER, now=NOW)
    with pytest.raises(RequestAlreadyUsed):
        logins.begin(asked, BROWSER, now=NOW)


def test_login_that_fails_at_its_very_end_is_audited(logins: Logins, audit: MemoryAudit) -> None:
    login = logins.begin(a_request(), BROWSER, now=NOW)
    logins.note_refusal(login, OtherCitizen(), now=NOW)
    assert audit.events == [
        LoginRefused(login=login.id, service_provider=a_request().service_provider, code="release.citizen", at=NOW)
    ]
