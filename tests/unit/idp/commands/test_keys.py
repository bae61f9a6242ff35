import argparse
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from foundation.clock import system_clock
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.key_folder import KeyFolder, load_saml_keys, make_keys
from idp.commands.keys import add_key_commands
from idp.settings import KeySettings
from tests.support.values import SETTINGS

Run = Callable[..., str]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "keys"
    make_keys(KeyFolder(path=folder), name="idp.example", now=system_clock(), for_development=True)
    return folder


@pytest.fixture
def folder(made_once: Path, tmp_path: Path) -> KeyFolder:
    return KeyFolder(path=Path(shutil.copytree(made_once, tmp_path / "keys")))


@pytest.fixture
def run(folder: KeyFolder, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a command; what it printed."""
    settings = replace(SETTINGS, keys=KeySettings(folder=folder.path))
    parser = argparse.ArgumentParser(prog="idp")
    add_key_commands(parser.add_subparsers())

    def given(*words: str) -> str:
        arguments = parser.parse_args(["key", *words])
        arguments.act(settings, arguments)
        return capsys.readouterr().out

    return given


def states(listing: str) -> list[tuple[str, str]]:
    return [(line["purpose"], line["state"]) for line in json.loads(listing)]


def test_list_shows_every_signing_key_with_its_certificates_end(run: Run, folder: KeyFolder) -> None:
    lines = json.loads(run("list", "--json"))
    assert [(line["purpose"], line["state"]) for line in lines] == [
        ("saml", "in use"),
        ("saml-metadata", "in use"),
        ("oidc-rs256", "in use"),
        ("oidc-es256", "in use"),
    ]
    in_use = load_saml_keys(folder, development_allowed=True).in_use
    assert lines[0]["key_id"] == in_use.key_id
    assert datetime.fromisoformat(lines[0]["certificate_ends_at"]) == in_use.certificate.not_valid_after_utc
    assert len({line["key_id"] for line in lines}) == 4


def test_list_for_people_tells_the_same(run: Run) -> None:
    run("prepare", "saml")
    listing = run("list")
    for line in json.loads(run("list", "--json")):
        for value in line.values():
            assert value is None or value in listing


def test_whole_rollover(run: Run) -> None:
    assert "made the next SAML key; restart or reload the workers now" in run("prepare", "saml")
    assert states(run("list", "--json"))[:2] == [("saml", "in use"), ("saml", "next")]
    assert "is the one in use; restart or reload the workers now" in run("roll", "saml", "--now")
    assert states(run("list", "--json"))[:2] == [("saml", "in use"), ("saml", "previous")]
    assert "is gone" in run("retire", "saml")
    assert states(run("list", "--json"))[:2] == [("saml", "in use"), ("saml-metadata", "in use")]


def test_preparing_or_retiring_again_says_that_nothing_was_changed(run: Run) -> None:
    first = run("prepare", "saml").splitlines()
    assert run("prepare", "saml").splitlines() == [
        "the next SAML key is there already; nothing was changed",
        first[-1],
    ]
    assert "nothing was changed" in run("retire", "saml")


def test_key_may_be_rolled_when_the_lifetime_of_metadata_is_over(run: Run) -> None:
    before = system_clock()
    said = run("prepare", "saml")
    with pytest.raises(KeyUnusable, match="roll then, or with --now"):
        run("roll", "saml")
    ready = json.loads(run("list", "--json"))[1]["ready_at"]
    assert ready in said
    lifetime = SETTINGS.own_metadata.lifetime
    assert timedelta(seconds=-1) <= datetime.fromisoformat(ready) - before - lifetime < timedelta(minutes=1)


def test_other_keys_have_no_rollover(run: Run) -> None:
    with pytest.raises(SystemExit):
        run("prepare", "oidc")
