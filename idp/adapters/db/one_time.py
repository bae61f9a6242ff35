"""Values that are used once, in the database. Each call is a transaction of its own."""

import hashlib
import math
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, bindparam, select, update

from foundation.records import Codec
from idp.adapters.db.conflicts import insert_or_replace, wrote
from idp.adapters.db.engine import reader, unsynced_writer, writer
from idp.adapters.db.tables import OneTimeRow
from idp.domain.errors import IdpError, RequestAlreadyUsed, RequestExpired, RequestInvalid
from idp.domain.login import MessageId

T = TypeVar("T")

_THIS = (OneTimeRow.kind == bindparam("of_kind"), OneTimeRow.key_digest == bindparam("of_digest"))

_PUT = insert_or_replace(
    OneTimeRow,
    ("kind", "key_digest"),
    only_if=OneTimeRow.expires_at <= bindparam("now", type_=OneTimeRow.expires_at.type),
)
_TAKE = (
    update(OneTimeRow)
    .where(*_THIS, OneTimeRow.used_at.is_(None), OneTimeRow.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
    .returning(OneTimeRow.payload)
)
_LOOK = select(OneTimeRow.payload, OneTimeRow.put_at, OneTimeRow.expires_at, OneTimeRow.used_at).where(*_THIS)


class SqlOneTimeStore(Generic[T]):
    """Fulfils `OneTimeStore`.

    A use, once committed, survives a loss of power. So does `put`, unless `put_may_be_lost`: right for values whose
    loss only makes the citizen begin again (logins, challenges, codes), wrong for message ids whose very presence
    refuses a replay.
    """

    def __init__(self, engine: Engine, kind: str, codec: Codec[T], *, put_may_be_lost: bool = False) -> None:
        self._kind = kind
        self._codec = codec
        self._reader = reader(engine)
        self._taker = writer(engine)
        self._putter = unsynced_writer(engine) if put_may_be_lost else self._taker

    def put(self, key: str, value: T, *, now: datetime, expires_at: datetime) -> None:
        """Keep `value` until `expires_at`. Raises `RequestAlreadyUsed` if the key is already there and not expired."""
        values = {
            "kind": self._kind,
            "key_digest": _digest(key),
            "payload": self._codec.encode(value),
            "put_at": now,
            "expires_at": expires_at,
            "used_at": None,
            "now": now,
        }
        with self._putter.begin() as connection:
            is_new = wrote(connection, _PUT, values)
        if not is_new:
            raise RequestAlreadyUsed

    def read(self, key: str, *, now: datetime) -> T:
        """The value, left in place. Raises as `take`."""
        kept = self._look(key)
        if kept is None or kept.used_at is not None or kept.expires_at <= now:
            raise _refusal(kept)
        return self._codec.decode(kept.payload)

    def take(self, key: str, *, now: datetime) -> T:
        """The value, used up by one conditional statement, committed alone.

        Raises `RequestAlreadyUsed`, `RequestExpired`, or `RequestInvalid` for a key never put.
        """
        with self._taker.begin() as connection:
            payload = connection.execute(_TAKE, self._place(key) | {"now": now}).scalar_one_or_none()
        if payload is None:
            raise _refusal(self._look(key))
        return self._codec.decode(payload)

    def _look(self, key: str) -> "_Kept | None":
        with self._reader.begin() as connection:
            row = connection.execute(_LOOK, self._place(key)).one_or_none()
        return None if row is None else _Kept(*row)

    def _place(self, key: str) -> dict[str, object]:
        return {"of_kind": self._kind, "of_digest": _digest(key)}


class SqlMessageStore:
    """Fulfils `MessageStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def use_up(self, message: MessageId, *, now: datetime) -> None:
        """Raises `RequestAlreadyUsed` if it was used before; two at once: the later one waits for the first's end."""
        values = {
            "kind": "message",
            "key_digest": _digest(message.key),
            "payload": "",
            "put_at": now,
            "expires_at": message.expires_at,
            "used_at": now,
            "now": now,
        }
        if not wrote(self._connection, _PUT, values):
            raise RequestAlreadyUsed


class _Kept(NamedTuple):
    payload: str
    put_at: datetime
    expires_at: datetime
    used_at: datetime | None


def _refusal(kept: _Kept | None) -> IdpError:
    if kept is None:
        return RequestInvalid("a one-time key that was never put, or was swept long after its end")
    if kept.used_at is not None:
        return RequestAlreadyUsed()
    return RequestExpired(minutes=math.ceil((kept.expires_at - kept.put_at) / timedelta(minutes=1)))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
