import logging
from datetime import timedelta

import pytest

from idp.web.refusal_log import WINDOW, RefusalLog
from tests.support.builders import NOW


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "idp.refusals"]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "idp.refusals")
    return caplog


def test_refusal_is_written_with_its_number(heard: pytest.LogCaptureFixture) -> None:
    RefusalLog().note("request.invalid", "no nonce", request_id="123456789012", now=NOW)
    assert lines(heard) == ["refused request.invalid request=123456789012 no nonce"]


def test_flood_is_not_written_line_by_line(heard: pytest.LogCaptureFixture) -> None:
    log = RefusalLog(lines_per_minute=3)
    for _ in range(1000):
        log.note("request.invalid", "", request_id="1", now=NOW)
    assert len(lines(heard)) == 3


def test_next_minute_begins_with_how_many_were_left_out(heard: pytest.LogCaptureFixture) -> None:
    log = RefusalLog(lines_per_minute=3)
    for _ in range(10):
        log.note("request.invalid", "", request_id="1", now=NOW)
    log.note("request.site", "", request_id="2", now=NOW + WINDOW)
    assert lines(heard)[3:] == ["7 refusals were not logged: request.invalid 7", "refused request.site request=2 "]


def test_minute_without_a_flood_says_nothing_of_it(heard: pytest.LogCaptureFixture) -> None:
    log = RefusalLog(lines_per_minute=3)
    for minute in range(5):
        log.note("request.site", "", request_id="2", now=NOW + timedelta(minutes=minute))
    assert len(lines(heard)) == 5
