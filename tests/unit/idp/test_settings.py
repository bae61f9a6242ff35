from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from foundation.settings import SettingsError
from idp.settings import DatabaseSettings, LifetimeSettings, MetadataSettings, Profile, ServerSettings, load_settings
from tests.support.values import SETTINGS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://idp.example/",
        "https://idp.example/path",
        "https://idp.example?x",
        "https://idp.example#x",
        "https://user@idp.example",
        "https://IDP.example",
        "https://idp.example:443",
        "HTTPS://idp.example",
        "ftp://idp.example",
        "idp.example",
        "https://",
    ],
)
def test_issuer_that_is_no_origin_as_browsers_write_it_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        replace(SETTINGS, issuer=issuer)


@pytest.mark.parametrize("issuer", ["https://idp.example", "https://idp.example:8443", "https://[2001:db8::1]:8443"])
def test_issuer_that_is_an_origin_is_taken(issuer: str) -> None:
    assert replace(SETTINGS, issuer=issuer).is_secure


def test_production_refuses_plain_http() -> None:
    with pytest.raises(ValueError, match="https in a production profile"):
        replace(SETTINGS, profile=Profile.PRODUCTION)
    assert replace(SETTINGS, profile=Profile.PRODUCTION, issuer="https://idp.example").host == "idp.example"


@pytest.mark.parametrize(
    "lifetimes",
    [
        LifetimeSettings(challenge=timedelta(minutes=31)),
        LifetimeSettings(login=timedelta(minutes=61)),
        LifetimeSettings(login=timedelta(minutes=4)),
    ],
)
def test_challenge_lasts_no_longer_than_its_login_and_that_an_hour_at_most(lifetimes: LifetimeSettings) -> None:
    with pytest.raises(ValueError, match="lifetimes"):
        replace(SETTINGS, lifetimes=lifetimes)


def test_waiting_for_the_responder_must_leave_a_thread() -> None:
    with pytest.raises(ValueError, match="ocsp_waiting"):
        replace(SETTINGS, server=ServerSettings(threads=4))
    assert replace(SETTINGS, server=ServerSettings(threads=5))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"retry": timedelta(0)}, "retry"),
        ({"retry": timedelta(hours=2)}, "retry"),
        ({"refresh": timedelta(days=31)}, "refresh"),
        ({"least_percent": -1}, "least_percent"),
        ({"least_percent": 101}, "least_percent"),
        ({"single_deadline": timedelta(minutes=6)}, "deadline"),
        ({"aggregate_deadline": timedelta(minutes=6)}, "deadline"),
    ],
)
def test_sources_are_asked_neither_without_a_pause_nor_never(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MetadataSettings(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [{}, {"file": Path(), "url": "postgresql+psycopg://x"}])
def test_database_is_one_of_two(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="either file"):
        DatabaseSettings(**given)  # type: ignore[arg-type]


def test_database_has_an_address() -> None:
    assert DatabaseSettings(url="postgresql+psycopg://x").address == "postgresql+psycopg://x"
    assert DatabaseSettings(file=Path("/data/idp.sqlite3")).address == "sqlite:////data/idp.sqlite3"


@pytest.mark.parametrize("profile", ["development", "production"])
def test_settings_that_come_with_the_project_can_be_read(profile: str) -> None:
    settings = load_settings(ROOT / "config" / profile / "idp.toml")
    assert settings.profile == profile


def test_production_example_names_those_who_answer_for_the_service() -> None:
    told = load_settings(ROOT / "config" / "production" / "idp.toml").own_metadata
    assert told.organisation is not None
    assert told.technical_contact is not None
    assert told.technical_contact.email == "operations@example.go.jp"


def test_faults_of_a_file_are_told_with_their_paths(tmp_path: Path) -> None:
    file = tmp_path / "idp.toml"
    file.write_text('profile = "testing"\nissuer = 7\ncolour = "red"\n[database]\nurl = 1\n', encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        load_settings(file)
    for fault in ("profile: ", "issuer: ", "colour: unknown", "database.url: ", "keys: missing", "trust: missing"):
        assert fault in str(refusal.value)
