"""The command `idp` beside a running service, in real processes over one database."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.clock import system_clock
from tests.support import saml
from tests.support.house import Foundations
from tests.support.idp_process import RunningIdp, running_idp

SEEN_WITHIN = 10.0
"""Seconds; a second is promised, the rest is for slow machines."""
SUSPENDED = "Login to this site is suspended"
UNKNOWN = "The site cannot be confirmed"
ASKED = "/login/"


class House:
    """A running provider, and its operator."""

    def __init__(self, idp: RunningIdp, folder: Path) -> None:
        self.idp = idp
        self.settings = folder / "idp.toml"

    def operator(self, *words: str, pipe_to: str = "") -> subprocess.CompletedProcess[str]:
        """Run `idp`, perhaps into another program."""
        command = [sys.executable, "-m", "idp", f"--settings={self.settings}", *words]
        shell = ["sh", "-c", f'"$@" | {pipe_to}', "sh"] if pipe_to else []
        return subprocess.run(  # noqa: S603 (our own program)
            [*shell, *command], capture_output=True, text=True, timeout=60, check=False
        )

    def log_in(self) -> str:
        """The ministry sends a visitor; the answer's head and body."""
        sso = f"{self.idp.issuer}/saml/sso"
        request = saml.TestSite().request(Destination=sso, issued_at=system_clock(), ID=f"_{time.monotonic_ns()}")
        query = saml.TestSite().redirect(request).decode()
        return self.idp.get(f"/saml/sso?{query}", timeout=20, headers="Accept-Language: en\r\n").decode()

    def sees(self, words: str) -> bool:
        """Whether logins are answered by `words` soon."""
        until = time.monotonic() + SEEN_WITHIN
        while time.monotonic() < until:
            if words in self.log_in():
                return True
        return False


@pytest.fixture
def house(foundations: Foundations, tmp_path: Path) -> Iterator[House]:
    with running_idp(foundations, tmp_path, deadline=5.0) as idp:
        yield House(idp, tmp_path)


def test_workers_see_what_the_operator_does_within_a_moment(house: House) -> None:
    assert ASKED in house.log_in()
    assert house.operator("sp", "suspend", "ministry", "--reason", "incident").returncode == 0
    assert house.sees(SUSPENDED)
    assert "Sample ministry" not in house.idp.get("/", timeout=20, headers="Accept-Language: en\r\n").decode()
    assert house.operator("sp", "test", "ministry").returncode == 1
    assert house.operator("sp", "resume", "ministry").returncode == 0
    assert house.sees(ASKED)
    assert house.operator("sp", "test", "ministry").returncode == 0
    assert house.operator("sp", "remove", "ministry", "--yes").returncode == 0
    assert house.sees(UNKNOWN)


def test_site_that_is_added_can_log_in_within_a_moment(house: House) -> None:
    house.operator("sp", "remove", "ministry", "--yes")
    assert house.sees(UNKNOWN)
    metadata = house.settings.with_name("metadata.xml")
    metadata.write_text(saml.a_registration(), encoding="utf-8")
    names = ["--name-ja=見本省", "--name-en=Ministry", "--operator-ja=見本省", "--operator-en=Ministry"]
    words = ["sp", "add", str(metadata), "--sector=filings", "--home-url=https://ministry.example/", *names]
    added = house.operator(*words)
    assert added.returncode == 0, added.stderr
    assert house.sees(ASKED)


def test_reader_who_has_enough_is_no_trouble(house: House) -> None:
    shown = house.operator("sp", "show", "ministry", pipe_to="head -1")
    assert (shown.stdout.count("\n"), shown.stderr) == (1, "")


def test_operator_without_a_terminal_is_not_asked(house: House) -> None:
    removed = house.operator("sp", "remove", "ministry")
    assert removed.returncode == 1
    assert "--yes" in removed.stderr


def test_instants_are_the_real_ones(house: House) -> None:
    """The command reads the clock itself."""
    metadata = house.settings.with_name("over.xml")
    over = datetime(2020, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.write_text(saml.a_registration(attributes=f'validUntil="{over}"'), encoding="utf-8")
    refused = house.operator("sp", "update", "ministry", str(metadata))
    assert refused.returncode == 1
    assert "valid until 2020-01-01" in refused.stderr
