"""What the site remembers for a while, in the memory of its one process."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by key, each until its time is over. At most `limit`; the oldest goes first."""

    def __init__(
        self, *, lifetime: timedelta, limit: int = 10_000, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._lifetime = lifetime.total_seconds()
        self._limit = limit
        self._seconds = seconds
        self._values: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, value: T, *, key: str | None = None, lifetime: timedelta | None = None) -> str:
        """Keep `value`, under a new secret key if none is given; a `lifetime` can only be shorter than the usual."""
        key = key or secrets.token_urlsafe(32)
        usual = self._lifetime
        ends = self._seconds() + (usual if lifetime is None else min(usual, lifetime.total_seconds()))
        with self._lock:
            self._values[key] = (ends, value)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
        return key

    def look(self, key: str | None) -> T | None:
        """The value, left in place."""
        with self._lock:
            return self._living(self._values.get(key or ""))

    def take(self, key: str | None) -> T | None:
        """The value, which is forgotten: only one caller gets it."""
        with self._lock:
            return self._living(self._values.pop(key or "", None))

    def _living(self, entry: tuple[float, T] | None) -> T | None:
        return entry[1] if entry is not None and self._seconds() < entry[0] else None
