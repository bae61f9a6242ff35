"""Where the benchmark plays: keys, PKI and sites as of now, a long revocation list, and the testbed's responder.

The responder is the real one of `make run`, in a process of its own, and is asked over HTTP.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography.x509 import ReasonFlags

from foundation.clock import system_clock
from idp.adapters.revocation.crl_refresh import DEFAULT_SKEW, take_list
from idp.settings import IdpSettings, RevocationSettings
from jpki.anchors import TrustAnchor
from testbed.authorities import random_serial
from testbed.crls import DEFAULT_LIFE, CrlPlan, write_crl
from testbed.people import IBARAKI_TSUKUBA
from testbed.plan import HOSTS, ROOT
from testbed.processes import python, running, wait_for_http
from testbed.profiles import Authority, Generation
from testbed.register import IssuedCertificate, Revocation
from tests.support.certificates import anchors_of
from tests.support.house import (
    Card,
    Foundations,
    SampleHouse,
    a_house,
    a_registered_card,
    house_settings,
    make_foundations,
)
from tests.support.oidc import FakeClock
from tests.support.pki import SamplePki

FOLDER = ROOT / "var" / "benchmarks"
LIST_ENTRIES = 100_000
CITIZENS = 8


class RunningClock(FakeClock):
    """Goes with the system's clock: caches grow old and answers become stale as in life."""

    def __call__(self) -> datetime:
        return system_clock()


@dataclass(frozen=True)
class Place:
    """What every measurement stands on."""

    folder: Path
    foundations: Foundations
    ocsp_url: str

    @cached_property
    def anchors(self) -> tuple[TrustAnchor, ...]:
        """The CAs that signed the sample cards."""
        return anchors_of(self.foundations.pki)

    @cached_property
    def cards(self) -> list[Card]:
        """Of citizens whose certificates the responder knows."""
        return [a_registered_card(self.foundations.pki, f"citizen-{number}") for number in range(CITIZENS)]

    @cached_property
    def long_list(self) -> bytes:
        """The sample cards' own list, with `LIST_ENTRIES` other certificates on it, as DER."""
        return _long_list(self.foundations.pki)

    def settings(self, name: str, *, check_max_age: timedelta) -> IdpSettings:
        """Of a provider with a database of its own and the long list; a responder's answer serves `check_max_age`."""
        folder = self.folder / name
        folder.mkdir()
        revocation = RevocationSettings(
            ocsp_url=self.ocsp_url, crl_urls=(), folder=folder / "crl", ocsp_max_age=check_max_age
        )
        settings = house_settings(self.foundations, folder, revocation=revocation)
        self.take_long_list(revocation.folder)
        return settings

    def take_long_list(self, folder: Path) -> None:
        """Verify and compile the long list, as the worker does after it fetched one."""
        take_list(self.long_list, anchors=self.anchors, folder=folder, now=system_clock(), max_skew=DEFAULT_SKEW)

    @contextmanager
    def house(self, settings: IdpSettings) -> Iterator[SampleHouse]:
        """The whole provider as `idp serve` wires it, in this process."""
        clock = RunningClock(self.foundations.pki.now)
        with a_house(self.foundations, settings, asks_really=True, clock=clock) as house:
            yield house


@contextmanager
def a_place(folder: Path = FOLDER) -> Iterator[Place]:
    """Make everything anew in `folder`; the responder ends on the way out."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    foundations = make_foundations(folder, now=system_clock())
    pki, page = free_host("pki"), free_host("testbed")
    command = python(
        *("-m", "testbed.services", "--state", str(foundations.pki.state), "--reader", str(folder / "no-reader")),
        *("--pki", pki, "--page", page),
    )
    with running("the simulated national PKI", command, log=folder / "pki.log") as responder:
        wait_for_http(responder, f"http://{pki}/")
        yield Place(folder=folder, foundations=foundations, ocsp_url=f"http://{pki}/ocsp")


def free_host(place: str) -> str:
    """Address and port of a place, where nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOSTS[place], 0))
        return f"{HOSTS[place]}:{probe.getsockname()[1]}"


def processors() -> list[int]:
    """Those that this run may use, in order."""
    return sorted(os.sched_getaffinity(0))


def _long_list(pki: SamplePki) -> bytes:
    now = pki.now
    status = Revocation(at=now - timedelta(days=30), reason=ReasonFlags.key_compromise)
    entries = tuple(
        IssuedCertificate(
            authority=Authority.AUTHENTICATION,
            serial=random_serial(),
            generation=Generation.CURRENT,
            municipality=IBARAKI_TSUKUBA.code,
            card_id="",
            revocation=status,
        )
        for _ in range(LIST_ENTRIES)
    )
    plan = CrlPlan(
        authority=Authority.AUTHENTICATION,
        signer=pki.pki.authority(Authority.AUTHENTICATION, Generation.CURRENT).root,
        municipality=IBARAKI_TSUKUBA,
        this_update=now,
        next_update=now + DEFAULT_LIFE,
        revoked=entries,
    )
    return write_crl(plan)
