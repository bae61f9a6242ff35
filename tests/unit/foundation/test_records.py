from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.records import Codec, RecordUnreadable


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    colour: Colour
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    words: str
    secret: bytes
    at: datetime
    age: timedelta | None
    inner: Inner
    names: tuple[str, ...]


CODEC = Codec(Record)

RECORDS = st.builds(
    Record,
    words=st.text(),
    secret=st.binary(),
    at=st.datetimes(timezones=st.just(UTC)),
    age=st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)),
    inner=st.builds(Inner, colour=st.sampled_from(Colour), count=st.integers(-(2**63), 2**63 - 1)),
    names=st.lists(st.text()).map(tuple),
)


@settings(deadline=None)
@given(RECORDS)
def test_record_round_trips(record: Record) -> None:
    assert CODEC.decode(CODEC.encode(record)) == record


@settings(deadline=None)
@given(RECORDS)
def test_text_holds_no_nul(record: Record) -> None:
    assert "\0" not in CODEC.encode(record)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "null", "[]", '{"colour": "red"}', '{"colour": "green", "count": 1}', '{"colour": "red", "count": "1"}'],
)
def test_text_of_another_type_is_unreadable(text: str) -> None:
    with pytest.raises(RecordUnreadable):
        Codec(Inner).decode(text)
