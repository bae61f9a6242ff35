"""The site's settings file, and the commands that use it."""

from pathlib import Path

import pytest

from sp_examples.ministry_saml.__main__ import main
from sp_examples.ministry_saml.settings import SettingsError, load_settings

GOOD = """
base_url = "http://127.0.0.3:8473"
idp_metadata = "http://127.0.0.2:8472/saml/metadata"
idp_certificate_file = "idp.pem"
key_file = "keys/key.pem"
certificate_file = "keys/certificate.pem"
"""


def a_file(folder: Path, text: str = GOOD) -> Path:
    file = folder / "site.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_are_relative_to_the_file_and_addresses_stay(tmp_path: Path) -> None:
    settings = load_settings(a_file(tmp_path))
    assert settings.key_file == tmp_path / "keys/key.pem"
    assert settings.idp_metadata == "http://127.0.0.2:8472/saml/metadata"
    assert settings.entity_id == "http://127.0.0.3:8473/metadata"


def test_metadata_may_be_a_file(tmp_path: Path) -> None:
    text = GOOD.replace("http://127.0.0.2:8472/saml/metadata", "idp.xml")
    assert load_settings(a_file(tmp_path, text)).idp_metadata == str(tmp_path / "idp.xml")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("key_file", "keyfile", 1) + "xmlsec1 = 7"
    with pytest.raises(SettingsError) as refused:
        load_settings(a_file(tmp_path, text))
    for fault in ("keyfile: unknown", "key_file: missing", "xmlsec1: must be text"):
        assert fault in str(refused.value)


@pytest.mark.parametrize("text", ["[", "a = "])
def test_text_that_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(a_file(tmp_path, text))


def test_development_settings_can_be_loaded() -> None:
    settings = load_settings(Path(__file__).parents[4] / "config/development/ministry_saml.toml")
    assert settings.entity_id == "http://127.0.0.3:8473/metadata"


def test_init_makes_keys_once_and_metadata_prints_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(a_file(tmp_path))
    assert main(["metadata", "--settings", file]) == 1
    assert "init" in capsys.readouterr().err
    assert main(["init", "--settings", file]) == 0
    key = (tmp_path / "keys/key.pem").read_bytes()
    assert (tmp_path / "keys/key.pem").stat().st_mode & 0o777 == 0o600
    assert main(["init", "--settings", file]) == 0
    assert (tmp_path / "keys/key.pem").read_bytes() == key
    capsys.readouterr()
    assert main(["metadata", "--settings", file]) == 0
    assert 'entityID="http://127.0.0.3:8473/metadata"' in capsys.readouterr().out


def test_unreadable_settings_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--settings", str(tmp_path / "missing.toml")]) == 1
    assert "missing.toml" in capsys.readouterr().err
