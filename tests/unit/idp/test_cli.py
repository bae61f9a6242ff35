import json
from pathlib import Path

import pytest

from idp.cli import SETTINGS_VARIABLE, main
from tests.support import oidc

SETTINGS = """
profile = "development"
issuer = "http://127.0.0.2:8472"
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
SITES = """
[[sector]]
code = "shop"
owner = "Sample Shop Ltd."
purpose = "To recognise a member"
legal_basis = "Consent"
[[service_provider]]
id = "shop"
protocol = "oidc"
client_id = "shop"
sector = "shop"
tier = "standard"
circle = "partners"
home_url = "https://shop.example/"
[service_provider.name]
ja = "見本ショップ"
en = "Sample Shop"
[service_provider.operator]
ja = "見本ショップ株式会社"
en = "Sample Shop Ltd."
[service_provider.client]
redirect_uris = ["https://shop.example/callback"]
jwks_file = "jwks.json"
"""


@pytest.fixture(autouse=True)
def _without_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> str:
    file = tmp_path / "idp.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    return f"--settings={file}"


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_init_makes_keys_and_database_once_and_never_overwrites(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([settings, "init"]) == 0
    assert "made the database with schema" in capsys.readouterr().out
    made = contents(tmp_path / "keys")
    assert len(made) == 7
    assert main([settings, "init"]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert contents(tmp_path / "keys") == made


def test_init_makes_only_the_key_that_is_missing(settings: str, tmp_path: Path) -> None:
    main([settings, "init"])
    before = contents(tmp_path / "keys")
    (tmp_path / "keys" / "oidc-signing-es256.key.pem").unlink()
    main([settings, "init"])
    after = contents(tmp_path / "keys")
    assert {name for name in before if before[name] != after[name]} == {"oidc-signing-es256.key.pem"}


def test_keys_are_for_their_owner_alone(settings: str, tmp_path: Path) -> None:
    main([settings, "init"])
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "keys").iterdir()}
    assert {mode for name, mode in modes.items() if ".key" in name} == {0o600}


def test_commands_before_init_say_what_to_run(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    assert main([settings, "sp", "list"]) == 1
    words = capsys.readouterr().err
    assert "idp db upgrade" in words
    assert words.count("\n") == 1


def test_upgrade_can_be_repeated(settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    assert [main([settings, "db", "upgrade"]) for _ in range(2)] == [0, 0]
    first, second = capsys.readouterr().out.splitlines()
    assert first == second


def test_site_is_applied_and_listed(settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    main([settings, "db", "upgrade"])
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    key = oidc.public_jwk(oidc.an_ec_signer("client"))
    (tmp_path / "jwks.json").write_text(f'{{"keys": [{oidc.msgspec.json.encode(key).decode()}]}}', encoding="utf-8")
    capsys.readouterr()
    assert [main([settings, "sp", "apply", str(file)]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out.splitlines() == ["shop: added", "shop: unchanged"]
    assert main([settings, "sp", "list"]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert " ".join(line.split()) == "shop oidc active shop standard partners - - - Sample Shop"


def test_file_with_a_fault_is_refused_with_its_place(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    main([settings, "db", "upgrade"])
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    assert main([settings, "sp", "apply", str(file)]) == 1
    heading, place, words = capsys.readouterr().err.splitlines()
    assert (heading, place) == ("Nothing was changed. This is wrong:", "  shop, client.jwks_file")
    assert "jwks.json" in words


def test_database_that_cannot_be_opened_is_said_in_one_sentence(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "idp.sqlite3").mkdir(parents=True)
    assert main([settings, "sp", "list"]) == 1
    assert capsys.readouterr().err == "The database cannot be reached, or others keep it busy.\n"


def test_faults_of_the_settings_are_json_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--settings={tmp_path / 'missing.toml'}", "sp", "list", "--json"]) == 1
    assert "cannot be read" in json.loads(capsys.readouterr().out)["error"]["words"]


@pytest.mark.parametrize("command", [["serve"], ["worker", "--once"]])
def test_service_without_trust_anchors_does_not_start(
    settings: str, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    main([settings, "init"])
    assert main([settings, *command]) == 1
    assert "trust.authentication" in capsys.readouterr().err


def test_settings_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sp", "list"]) == 2
    assert SETTINGS_VARIABLE in capsys.readouterr().err


def test_settings_can_be_named_by_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SETTINGS_VARIABLE, str(tmp_path / "missing.toml"))
    assert main(["sp", "list"]) == 1
    assert "cannot be read" in capsys.readouterr().err
