"""Audit events tell what happened, to whom by internal id, and nothing a thief could use."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import get_args, get_type_hints

import pytest

from idp.adapters.db.audit import decode_event, encode_event
from idp.domain import events
from idp.domain.events import AuditEvent
from tests.support.source import makers_of

EVENTS = sorted(get_args(AuditEvent), key=lambda kind: kind.__name__)
every_event = pytest.mark.parametrize("kind", EVENTS)
NOW = datetime(2026, 11, 20, 3, 0, 0, 5, tzinfo=UTC)

ALLOWED = {
    # Internal ids and names that we gave.
    "citizen",
    "session",
    "login",
    "service_provider",
    "sector",
    "source",
    # Words out of closed sets, and names of attributes without values.
    "context",
    "check_source",
    "identifier",
    "attributes",
    "why",
    "code",
    "change",
    # About revocation lists, which name nobody.
    "list_name",
    "issued_at",
    "next_update",
    # Instants.
    "at",
    "checked_at",
    "ends_at",
}
"""A field of another name is a decision: could it hold a serial, a name, an address, a token?"""


def sample(hint: object) -> object:
    """A value of the type of a field."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if hint is datetime:
        return NOW
    if hint == tuple[str, ...]:
        return ("address",)
    assert hint is str or getattr(hint, "__supertype__", None) is str, f"an event with a {hint}"
    return "0123456789abcdef"


def an_event(kind: type[AuditEvent]) -> AuditEvent:
    hints = get_type_hints(kind)
    return kind(**{field.name: sample(hints[field.name]) for field in fields(kind)})  # type: ignore[arg-type]


def test_every_event_class_is_an_audit_event() -> None:
    defined = {kind for kind in vars(events).values() if isinstance(kind, type) and kind.__module__ == events.__name__}
    assert defined == set(EVENTS)


@every_event
def test_event_comes_back_as_it_was_written(kind: type[AuditEvent]) -> None:
    event = an_event(kind)
    assert decode_event(*encode_event(event)) == event


@every_event
def test_event_says_nothing_but_what_is_allowed(kind: type[AuditEvent]) -> None:
    name, body = encode_event(an_event(kind))
    written = json.loads(body)
    assert name == kind.__name__
    assert set(written) == {field.name for field in fields(kind)}
    assert set(written) <= ALLOWED


@every_event
def test_event_says_when(kind: type[AuditEvent]) -> None:
    assert get_type_hints(kind)["at"] is datetime


@every_event
def test_event_is_recorded_somewhere(kind: type[AuditEvent]) -> None:
    assert makers_of(kind.__name__, "idp") - {"idp/domain/events.py"}
