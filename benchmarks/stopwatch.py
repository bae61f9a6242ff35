"""A stopwatch between the web server's interface (WSGI) and the application: only the provider's own work runs on it.

What browser, card and sites do happens outside of it, and no socket is in the way.
"""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Engine

from benchmarks.figures import BenchmarkFailed
from idp.adapters.db.engine import Transaction
from tests.support.statements import StatementCount, count_statements

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Step(StrEnum):
    """One request, and what it is to the citizen or the site."""

    BEGUN = "SAML request, no session"
    CHALLENGE = "challenge page"
    ANSWER = "card answer"
    ARRIVAL = "arrival, session"
    RELEASE = "release, SAML Response"
    SAML_AGAIN = "SAML request to Response"
    AUTHORIZE = "OIDC authorize to code"
    TOKEN = "code to tokens"  # noqa: S105 (the name of a request)
    USERINFO = "userinfo"


CARD_LOGIN = (Step.BEGUN, Step.CHALLENGE, Step.ANSWER, Step.ARRIVAL, Step.RELEASE)
"""The requests of a whole card login at a SAML site by a citizen who is registered."""

_STEPS = (
    (re.compile(r"/saml/sso 303"), Step.BEGUN),
    (re.compile(r"/login/[^/]+ 200"), Step.CHALLENGE),
    (re.compile(r"/card/answer 303"), Step.ANSWER),
    (re.compile(r"/card/arrival/[^/]+ 303"), Step.ARRIVAL),
    (re.compile(r"/login/[^/]+/release 200"), Step.RELEASE),
    (re.compile(r"/saml/sso 200"), Step.SAML_AGAIN),
    (re.compile(r"/oidc/authorize 303"), Step.AUTHORIZE),
    (re.compile(r"/oidc/token 200"), Step.TOKEN),
    (re.compile(r"/oidc/userinfo 200"), Step.USERINFO),
)
_GOOD = frozenset({"200", "303"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds: processor time of this process, and time on the wall."""

    cpu: float
    wall: float

    def __add__(self, other: "Times") -> "Times":
        return Times(cpu=self.cpu + other.cpu, wall=self.wall + other.wall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one request asked of the database. `synced` commits wait for the disk, `unsynced` ones write without."""

    statements: int
    reads: int
    synced: int
    unsynced: int

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(
            statements=self.statements + other.statements,
            reads=self.reads + other.reads,
            synced=self.synced + other.synced,
            unsynced=self.unsynced + other.unsynced,
        )


class Stopwatch:
    """Stands in an application's place; `take` hands out what was timed, or counted, since the last time."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._count: StatementCount | None = None
        self._times: dict[Step, Times] = {}
        self._asked: dict[Step, Asked] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """One request, from its environment to the last byte of the body."""
        environ.pop("werkzeug.debug.preserve_context", None)  # The test client's: a server ends the context at once.
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            del exc_info
            statuses.append(status[:3])
            return start_response(status, headers)

        before = _asked(self._count)
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        answer = self._app(environ, start)  # type: ignore[arg-type]  # Without the exceptions of a half-sent body.
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
        step = _step(str(environ["PATH_INFO"]), statuses[-1])
        if step is not None:
            self._times[step] = Times(cpu=cpu / 1e6, wall=wall / 1e6)
            self._asked[step] = _difference(before, _asked(self._count))
        return [body]

    def take(self) -> dict[Step, Times]:
        """Each step since the last `take`."""
        taken, self._times = self._times, {}
        return taken

    @contextmanager
    def counting(self, engine: Engine) -> Iterator[dict[Step, Asked]]:
        """What each step inside the block asks of the database; it is slower meanwhile."""
        asked: dict[Step, Asked] = {}
        with count_statements(engine) as self._count:
            self._asked = asked
            yield asked
        self._count, self._asked = None, {}
        self.take()


def install(app: Flask) -> Stopwatch:
    """From now on, every request to `app` is timed."""
    stopwatch = Stopwatch(app.wsgi_app)
    app.wsgi_app = stopwatch  # type: ignore[method-assign]  # Flask's documented place for middleware.
    return stopwatch


def _step(path: str, status: str) -> Step | None:
    """None for what belongs to no measured step: registration, the first time. Raises `BenchmarkFailed`."""
    if status not in _GOOD:
        raise BenchmarkFailed(f"/{path.split('/')[1]} answered with status {status}")
    return next((step for pattern, step in _STEPS if pattern.fullmatch(f"{path} {status}")), None)


def _asked(count: StatementCount | None) -> Asked:
    if count is None:
        return Asked(statements=0, reads=0, synced=0, unsynced=0)
    kinds = count.commits_by_kind
    return Asked(
        statements=len(count.statements),
        reads=kinds[Transaction.READING],
        synced=kinds[Transaction.WRITING],
        unsynced=kinds[Transaction.WRITING_UNSYNCED],
    )


def _difference(before: Asked, after: Asked) -> Asked:
    return Asked(
        statements=after.statements - before.statements,
        reads=after.reads - before.reads,
        synced=after.synced - before.synced,
        unsynced=after.unsynced - before.unsynced,
    )
