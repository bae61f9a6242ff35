"""The audit trail in the database: the name of the event's class, and its fields as JSON text."""

from typing import get_args

from sqlalchemy import Connection, Engine, insert

from foundation.records import Codec, RecordUnreadable
from idp.adapters.db.engine import writer
from idp.adapters.db.tables import AuditEventRow
from idp.domain.events import AuditEvent

_CODECS: dict[str, Codec[AuditEvent]] = {kind.__name__: Codec(kind) for kind in get_args(AuditEvent)}
_RECORD = insert(AuditEventRow)


class SqlAudit:
    """Fulfils `AuditLog` inside one transaction: what succeeds commits with its event."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, event: AuditEvent) -> None:
        """Append one event."""
        kind, body = encode_event(event)
        self._connection.execute(_RECORD, {"at": event.at, "kind": kind, "body": body})


class SqlAuditLog:
    """Fulfils `AuditLog` with a transaction of its own for each event: for refusals, after the roll-back."""

    def __init__(self, engine: Engine) -> None:
        self._writer = writer(engine)

    def record(self, event: AuditEvent) -> None:
        """Append one event and commit."""
        with self._writer.begin() as connection:
            SqlAudit(connection).record(event)


def encode_event(event: AuditEvent) -> tuple[str, str]:
    """The event's kind and body as they are stored."""
    kind = type(event).__name__
    return kind, _CODECS[kind].encode(event)


def decode_event(kind: str, body: str) -> AuditEvent:
    """The event that was stored. Raises `RecordUnreadable`, also for a kind that this program does not know."""
    if kind not in _CODECS:
        raise RecordUnreadable(f"unknown kind of audit event: {kind}")
    return _CODECS[kind].decode(body)
