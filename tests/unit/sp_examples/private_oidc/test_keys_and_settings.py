import json
from pathlib import Path

import pytest

from sp_examples.private_oidc.__main__ import main
from sp_examples.private_oidc.settings import SettingsError, load_settings

GOOD = """
issuer = "https://idp.example"
client_id = "shop"
base_url = "https://shop.example"
key_file = "keys/key.pem"
session_secret_file = "keys/secret"
"""


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "shop.toml"
    file.write_text(GOOD, encoding="utf-8")
    return file


def test_paths_are_relative_to_the_settings(settings_file: Path) -> None:
    settings = load_settings(settings_file)

    assert settings.key_file == settings_file.parent / "keys/key.pem"
    assert settings.callback_url == "https://shop.example/callback"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "issuer: missing"),
        (GOOD + 'colour = "red"', "colour: unknown"),
        (GOOD + "ca_file = 5", "ca_file: must be text"),
        ("issuer = ", "shop.toml"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings_file: Path, text: str, fault: str) -> None:
    settings_file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=fault):
        load_settings(settings_file)


def test_init_makes_the_keys_once_and_jwks_prints_the_public_half(
    settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--settings", str(settings_file)]) == 0
    key_file = settings_file.parent / "keys/key.pem"
    first = key_file.read_bytes()
    assert main(["init", "--settings", str(settings_file)]) == 0
    assert key_file.read_bytes() == first
    assert key_file.stat().st_mode & 0o077 == 0

    capsys.readouterr()
    assert main(["jwks", "--settings", str(settings_file)]) == 0
    (key,) = json.loads(capsys.readouterr().out)["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
    assert "d" not in key


def test_without_a_key_one_sentence_says_what_to_do(settings_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jwks", "--settings", str(settings_file)]) == 1
    assert "`init` makes one" in capsys.readouterr().err


def test_the_development_settings_and_the_registration_name_the_same_address() -> None:
    config = Path(__file__).parents[4] / "config"
    settings = load_settings(config / "development/private_oidc.toml")

    assert f'"{settings.callback_url}"' in (config / "service_providers/private.toml").read_text(encoding="utf-8")
