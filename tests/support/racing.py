"""Two or more at the same moment, in threads or in processes, each with a time limit."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import TypeVar

from foundation.records import Codec
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.domain.errors import RequestAlreadyUsed
from tests.support.databases import open_database

T = TypeVar("T")

RACE_SECONDS = 30


def race(*runners: Callable[[], T]) -> list[T | Exception]:
    """What each runner returned or raised; none starts before all are ready."""
    start = Barrier(len(runners))

    def run(runner: Callable[[], T]) -> T:
        start.wait(RACE_SECONDS)
        return runner()

    with ThreadPoolExecutor(len(runners)) as threads:
        futures = [threads.submit(run, runner) for runner in runners]
        return [_outcome(future.exception(RACE_SECONDS), future.result) for future in futures]


def _outcome(error: BaseException | None, result: Callable[[], T]) -> T | Exception:
    if error is None:
        return result()
    if isinstance(error, Exception):
        return error
    raise error


def take_in_processes(url: str, kind: str, keys: Sequence[str], now: datetime, processes: int) -> list[list[str]]:
    """Each process takes every key; the keys that each one got."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = [pool.submit(_take_all, url, kind, list(keys), now) for _ in range(processes)]
        return [future.result(RACE_SECONDS) for future in futures]


def _take_all(url: str, kind: str, keys: list[str], now: datetime) -> list[str]:
    got = []
    with open_database(url) as engine:
        store = SqlOneTimeStore(engine, kind, Codec(str))
        for key in keys:
            try:
                got.append(store.take(key, now=now))
            except RequestAlreadyUsed:
                continue
    return got
