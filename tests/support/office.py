"""The operator's desk: the command `idp` on a database and keys of its own, run in this process.

    def test_…(office: Office) -> None:
        office.sector("tax")
        said = office.idp("sp", "add", office.file("metadata.xml", saml.a_registration()), "--sector", "tax")
        assert said.status == 0
        said.out, said.err, said.json

A conftest imports the fixtures `office_template` (once a run) and `office` (one per test).
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.cli import SETTINGS_VARIABLE, main

SETTINGS = """
profile = "development"
issuer = "https://idp.example"
listen = "127.0.0.2:8472"
service_name = { ja = "見本ログイン", en = "Sample Login" }
[database]
file = "data/idp.sqlite3"
[keys]
folder = "keys"
[trust]
authentication = "trust"
[revocation]
ocsp_url = "http://127.0.0.5:8475/ocsp"
crl_urls = []
folder = "crl"
"""
NAMES = (
    *("--name-ja", "見本省", "--name-en", "Sample Ministry"),
    *("--operator-ja", "見本省本省", "--operator-en", "Sample Ministry Proper"),
    *("--home-url", "https://ministry.example/"),
)
"""What metadata may leave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """What it said to a program."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def faults(self) -> list[tuple[object, object, object]]:
        """Place, option and words of each, as JSON has them."""
        error = self.json["error"]
        assert isinstance(error, dict)
        return [(fault["place"], fault["option"], fault["words"]) for fault in error["faults"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """In `folder` are the settings and everything that they name."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def idp(self, *words: str) -> Said:
        """Run one command."""
        self.capsys.readouterr()
        try:
            status = main([f"--settings={self.folder / 'idp.toml'}", *words])
        except SystemExit as end:
            status = int(end.code or 0)
        said = self.capsys.readouterr()
        return Said(status=status, out=said.out, err=said.err)

    def file(self, name: str, text: str) -> str:
        """Write a file; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def sector(self, code: str) -> None:
        """Define a sector."""
        said = self.idp("sector", "add", code, "--owner", "Agency", "--purpose", "Filing", "--legal-basis", "Act")
        assert said.status == 0, said.err

    def add(self, metadata: str, *more: str) -> Said:
        """Add a site of the sector `tax` that has every name."""
        self.sector("tax")
        return self.idp("sp", "add", self.file("metadata.xml", metadata), "--sector", "tax", *NAMES, *more)


@pytest.fixture(scope="session")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office")
    (folder / "idp.toml").write_text(SETTINGS, encoding="utf-8")
    assert main([f"--settings={folder / 'idp.toml'}", "init"]) == 0
    return folder


@pytest.fixture
def office(
    office_template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    folder = tmp_path / "office"
    shutil.copytree(office_template, folder)
    return Office(folder=folder, capsys=capsys)
