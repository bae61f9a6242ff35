"""Due work from the database, one piece at a time; any number of copies may run.

The agenda: fetch the revocation lists, follow the sources of site metadata, and empty the short-lived tables.
"""

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from foundation.clock import Clock, system_clock
from foundation.http import HttpClient
from idp.adapters.db.audit import SqlAuditLog
from idp.adapters.db.due_work import ClaimLost, SqlDueWork
from idp.adapters.db.expiry import sweep
from idp.adapters.db.schema import require_current
from idp.adapters.revocation.crl_refresh import CrlRefresher, ListTaken, RefreshOutcome
from idp.composition import open_engine, site_metadata
from idp.domain.events import RevocationListRefused, RevocationListTaken
from idp.settings import IdpSettings
from idp.trust import load_trust
from idp.usecases.ports import AuditLog
from idp.usecases.site_metadata import SiteMetadata

logger = logging.getLogger("idp.worker")

LEASE = timedelta(minutes=10)
RETRY = timedelta(seconds=30)
SWEEP_EVERY = timedelta(minutes=1)
LOOK_SECONDS = 1.0

Work = Callable[[datetime], timedelta]
"""Does one piece of work and says after how long it is due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The agenda with what each entry does."""

    agenda: SqlDueWork
    works: Mapping[str, Work]
    clock: Clock

    def plan(self) -> None:
        """Put every work on the agenda that is not there yet, due now."""
        for name in self.works:
            self.agenda.plan(name, due_at=self.clock())

    def do_one(self) -> bool:
        """Do what is due longest; False if nothing is due. A failure is logged by its kind and tried again soon."""
        claim = self.agenda.claim(now=self.clock(), lease=LEASE)
        if claim is None:
            return False
        try:
            pause = self.works[claim.name](self.clock())
        except Exception as error:  # noqa: BLE001 (one work must not end the others)
            logger.error("%s failed: %s", claim.name, type(error).__name__)  # noqa: TRY400 (messages may quote data)
            pause = RETRY
        try:
            self.agenda.done(claim, next_due=self.clock() + pause)
        except ClaimLost:
            logger.warning("%s took longer than its lease", claim.name)
        return True


def make_worker(settings: IdpSettings, *, clock: Clock = system_clock) -> Worker:
    """Wire a worker. Raises `SettingsError`, `SchemaMismatch`."""
    engine = open_engine(settings)
    require_current(engine)
    refresher = CrlRefresher(
        http=HttpClient(),
        urls=settings.revocation.crl_urls,
        anchors=load_trust(settings),
        folder=settings.revocation.folder,
        max_skew=settings.lifetimes.skew,
    )
    audit = SqlAuditLog(engine)
    works: dict[str, Work] = {
        "revocation lists": ListRefresh(refresher=refresher, audit=audit, pause=settings.revocation.crl_refresh),
        "site metadata": SiteMetadataRefresh(site_metadata(settings, engine)),
        "expiry": lambda now: _sweep(engine, now),
    }
    return Worker(agenda=SqlDueWork(engine), works=works, clock=clock)


def run(settings: IdpSettings, *, once: bool = False) -> None:
    """Work until SIGTERM or Ctrl-C; with `once`, until nothing is due."""
    worker = make_worker(settings)
    worker.plan()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            did_something = worker.do_one()
        except SQLAlchemyError as error:
            # The database may be restarting; what was claimed comes back when its lease has run out.
            logger.error("the agenda cannot be reached: %s", type(error).__name__)  # noqa: TRY400 (as above)
            did_something = False
        if not did_something:
            if once:
                return
            stop.wait(LOOK_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRefresh:
    """Fetches every list. Only what changed is told: lists are many, and the same trouble may last for days."""

    refresher: CrlRefresher
    audit: AuditLog
    pause: timedelta
    told: dict[str, object] = field(default_factory=dict)

    def __call__(self, now: datetime) -> timedelta:
        """If one was refused, all are due again soon."""
        outcomes = self.refresher.refresh(now=now)
        for outcome in outcomes:
            news = outcome.head if isinstance(outcome, ListTaken) else outcome.why
            if self.told.get(outcome.url) != news:
                self.told[outcome.url] = news
                self._tell(outcome, now)
        all_taken = all(isinstance(outcome, ListTaken) for outcome in outcomes)
        return self.pause if all_taken else min(self.pause, RETRY)

    def _tell(self, outcome: RefreshOutcome, now: datetime) -> None:
        if isinstance(outcome, ListTaken):
            head = outcome.head
            self.audit.record(
                RevocationListTaken(
                    list_name=head.name, issued_at=head.this_update, next_update=head.next_update, at=now
                )
            )
        else:
            logger.warning("revocation list %s: %s (%s)", outcome.url, outcome.why.value, outcome.detail)
            self.audit.record(RevocationListRefused(list_name=outcome.url, code=outcome.why.value, at=now))


@dataclass(frozen=True, slots=True)
class SiteMetadataRefresh:
    """Asks one source at a time, or for one site of it, so that each is done within its lease."""

    site_metadata: SiteMetadata

    def __call__(self, now: datetime) -> timedelta:
        """Until the next one is due."""
        turn = self.site_metadata.refresh_next(now=now)
        for attempt in turn.attempts:
            if attempt.is_new:
                level = logging.INFO if attempt.trouble is None else logging.WARNING
                words = attempt.news.value if attempt.trouble is None else _in_one_line(str(attempt.trouble))
                logger.log(level, "metadata of %s from %s: %s", attempt.site or "all", attempt.source, words)
        return turn.pause


def _in_one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _sweep(engine: Engine, now: datetime) -> timedelta:
    sweep(engine, now=now)
    return SWEEP_EVERY
