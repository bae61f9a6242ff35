from dataclasses import fields
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.records import RecordUnreadable
from idp.adapters.db.audit import decode_event, encode_event
from idp.domain.events import AuditEvent

KINDS = get_args(AuditEvent)

INSTANTS = st.datetimes(timezones=st.just(UTC))


def _events(kind: type[AuditEvent]) -> st.SearchStrategy[AuditEvent]:
    return st.builds(kind, **{field.name: INSTANTS for field in fields(kind) if field.type is datetime})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(*map(_events, KINDS)))
def test_every_kind_of_event_round_trips(event: AuditEvent) -> None:
    assert decode_event(*encode_event(event)) == event


def test_kind_that_this_program_does_not_know_is_unreadable() -> None:
    with pytest.raises(RecordUnreadable, match="Renamed"):
        decode_event("Renamed", "{}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_says_when(kind: type[AuditEvent]) -> None:
    assert "at" in {field.name for field in fields(kind)}


@pytest.mark.parametrize("kind", KINDS)
def test_name_of_every_kind_fits_its_column(kind: type[AuditEvent]) -> None:
    assert len(kind.__name__) <= 64
