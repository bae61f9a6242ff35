from datetime import UTC, datetime

import pytest

from idp.web.formatting import format_date, format_moment, grouped, keep_together, time_tag

LATE_EVENING_IN_LONDON = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)


def test_a_date_is_the_date_in_japan_with_its_weekday() -> None:
    assert format_date(LATE_EVENING_IN_LONDON, "ja") == "2026年11月21日（土）"
    assert format_date(LATE_EVENING_IN_LONDON, "en") == "Sat, 21 November 2026"


def test_a_moment_has_hours_and_minutes_of_japan() -> None:
    assert format_moment(LATE_EVENING_IN_LONDON, "ja") == "2026年11月21日（土）01:05"
    assert format_moment(LATE_EVENING_IN_LONDON, "en") == "Sat, 21 November 2026, 01:05 (Japan time)"


def test_a_time_element_carries_the_offset_for_machines() -> None:
    assert time_tag(LATE_EVENING_IN_LONDON, "ja") == (
        '<time datetime="2026-11-21T01:05+09:00">2026年11月21日（土）01:05</time>'
    )


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_date(LATE_EVENING_IN_LONDON.replace(tzinfo=None), "ja")


@pytest.mark.parametrize(
    ("number", "shown"), [("8f3a01bc77d2", "8f3a-01bc-77d2"), ("8f3a-01bc", "8f3a-01bc"), ("12345", "1234-5"), ("", "")]
)
def test_a_number_is_shown_in_groups_of_four(number: str, shown: str) -> None:
    assert grouped(number) == shown


def test_the_length_of_a_pin_stays_on_one_line() -> None:
    assert keep_together("暗証番号（数字4桁）") == '暗証番号<span class="together">（数字4桁）</span>'


def test_text_that_is_kept_together_is_escaped_first() -> None:
    assert keep_together("<b>（数字4桁）") == '&lt;b&gt;<span class="together">（数字4桁）</span>'
