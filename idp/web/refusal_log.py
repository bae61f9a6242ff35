"""Counters and a bounded log for what is refused before anything is proven: a flood must not fill the disk."""

import logging
from collections import Counter
from datetime import datetime, timedelta
from threading import Lock

logger = logging.getLogger("idp.refusals")

WINDOW = timedelta(minutes=1)


class RefusalLog:
    """Counts every refusal; writes at most `lines_per_minute` lines, then one line that says how many were left out."""

    def __init__(self, lines_per_minute: int = 120) -> None:
        self._limit = lines_per_minute
        self._lock = Lock()
        self._began: datetime | None = None
        self._written = 0
        self._left_out: Counter[str] = Counter()

    def note(self, code: str, why: str, *, request_id: str, now: datetime) -> None:
        """Count a refusal, and log it if the minute has room. `why` is one of our own sentences."""
        with self._lock:
            if self._began is None or now - self._began >= WINDOW:
                if self._left_out:
                    by_code = ", ".join(f"{left_out} {count}" for left_out, count in sorted(self._left_out.items()))
                    logger.warning("%d refusals were not logged: %s", self._left_out.total(), by_code)
                self._began, self._written = now, 0
                self._left_out.clear()
            self._written += 1
            has_room = self._written <= self._limit
            if not has_room:
                self._left_out[code] += 1
        if has_room:
            logger.info("refused %s request=%s %s", code, request_id, why)
