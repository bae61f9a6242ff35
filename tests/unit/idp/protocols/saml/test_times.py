"""Instants as SAML writes them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from idp.protocols.saml.times import read_instant, write_instant

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(
    min_value=datetime(1000, 1, 3),  # noqa: DTZ001 (the zone is drawn beside it)
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=ZONES,
)


@given(instant=INSTANTS)
def test_instant_is_written_in_utc_to_whole_seconds(instant: datetime) -> None:
    assert write_instant(instant) == instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@given(instant=INSTANTS)
def test_instant_that_was_written_is_read_back(instant: datetime) -> None:
    assert read_instant(write_instant(instant)) == instant.replace(microsecond=0)
