import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from idp.adapters.db.due_work import SqlDueWork
from idp.domain.metadata_source import MetadataRefused, MetadataSourceName, WhyRefused
from idp.domain.service_provider import ServiceProviderId
from idp.usecases.site_metadata import Attempt, News, Turn
from idp.worker import LEASE, RETRY, SiteMetadataRefresh, Work, Worker
from tests.support.builders import NOW
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.oidc import FakeClock

__all__ = ["sqlite_engine", "sqlite_template"]

PAUSE = timedelta(minutes=15)


class Done(list[str]):
    """What was done, in order."""

    def work(self, name: str) -> Work:
        def work(now: datetime) -> timedelta:
            assert now.tzinfo is not None
            self.append(name)
            return PAUSE

        return work


def broken(now: datetime) -> timedelta:
    del now
    raise RuntimeError("番号 花子")


def drain(worker: Worker) -> None:
    for _ in range(20):
        if not worker.do_one():
            return
    pytest.fail("the worker never comes to an end")


def a_worker(engine: Engine, works: dict[str, Work], clock: FakeClock) -> Worker:
    worker = Worker(agenda=SqlDueWork(engine), works=works, clock=clock)
    worker.plan()
    return worker


def test_every_work_is_done_once_and_again_after_its_pause(sqlite_engine: Engine) -> None:
    done, clock = Done(), FakeClock(NOW)
    worker = a_worker(sqlite_engine, {"lists": done.work("lists"), "expiry": done.work("expiry")}, clock)
    drain(worker)
    assert sorted(done) == ["expiry", "lists"]
    clock.move(PAUSE - timedelta(seconds=1))
    assert not worker.do_one()
    clock.move(timedelta(seconds=1))
    drain(worker)
    assert sorted(done) == ["expiry", "expiry", "lists", "lists"]


def test_failing_work_does_not_stop_the_others_and_is_tried_again_soon(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    done, clock = Done(), FakeClock(NOW)
    worker = a_worker(sqlite_engine, {"broken": broken, "expiry": done.work("expiry")}, clock)
    drain(worker)
    assert done == ["expiry"]
    assert "broken failed: RuntimeError" in caplog.text
    assert "花子" not in caplog.text
    clock.move(RETRY - timedelta(seconds=1))
    assert not worker.do_one()
    clock.move(timedelta(seconds=1))
    assert worker.do_one()
    assert done == ["expiry"]


def test_work_of_a_newer_program_does_not_stop_the_others(sqlite_engine: Engine) -> None:
    done, clock = Done(), FakeClock(NOW)
    SqlDueWork(sqlite_engine).plan("from the future", due_at=NOW - timedelta(days=1))
    drain(a_worker(sqlite_engine, {"expiry": done.work("expiry")}, clock))
    assert done == ["expiry"]


def test_two_workers_do_each_work_once(sqlite_engine: Engine) -> None:
    done, clock = Done(), FakeClock(NOW)
    works = {name: done.work(name) for name in ("lists", "expiry", "other")}
    workers = [a_worker(sqlite_engine, works, clock) for _ in range(2)]
    while [worker for worker in workers if worker.do_one()]:
        pass
    assert sorted(done) == ["expiry", "lists", "other"]


def test_work_slower_than_its_lease_is_told_so_and_stays_with_the_other(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    done, clock = Done(), FakeClock(NOW)
    second = Worker(agenda=SqlDueWork(sqlite_engine), works={"lists": done.work("second")}, clock=clock)

    def slow(now: datetime) -> timedelta:
        del now
        clock.move(LEASE)
        second.do_one()
        return PAUSE

    with caplog.at_level(logging.WARNING):
        drain(a_worker(sqlite_engine, {"lists": slow}, clock))
    assert done == ["second"]
    assert "lists took longer than its lease" in caplog.text


@dataclass(frozen=True, slots=True)
class FakeFollowing:
    """Says what became of its one turn, again and again."""

    attempt: Attempt

    def refresh_next(self, *, now: datetime) -> Turn:
        assert now == NOW
        return Turn(attempts=(self.attempt,), pause=PAUSE)


@pytest.mark.parametrize(
    ("site", "trouble", "line"),
    [
        (None, None, "INFO metadata of all from federation: taken"),
        ("ministry", None, "INFO metadata of ministry from federation: taken"),
        ("ministry", "line 7\nERROR forged", "WARNING"),
        ("ministry", "the same again", None),
    ],
)
def test_news_of_site_metadata_is_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture, site: str | None, trouble: str | None, line: str | None
) -> None:
    attempt = Attempt(
        source=MetadataSourceName("federation"),
        site=ServiceProviderId(site) if site else None,
        news=News.REFUSED if trouble else News.TAKEN,
        is_new=line is not None,
        trouble=MetadataRefused(WhyRefused.NOT_FETCHED, trouble) if trouble else None,
    )
    refresh = SiteMetadataRefresh(FakeFollowing(attempt))  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO):
        assert refresh(NOW) == PAUSE
    told = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert len(told) == (1 if line else 0)
    assert "\n" not in "".join(told)
    assert not line or told[0].startswith(line)
