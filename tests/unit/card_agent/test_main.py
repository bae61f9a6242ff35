from pathlib import Path

import pytest

from card_agent import __main__ as command
from card_agent.transport import CardTransport
from tests.support.fake_reader import FakeReader, FakeTransport, a_card


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> CardTransport:
    fake = FakeTransport(FakeReader(a_card()))
    monkeypatch.setattr(command, "PcscTransport", lambda: fake)
    return fake


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("arguments", [[], ["show"]])
def test_the_card_is_shown_without_a_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--language", "en", *arguments]) == 0
    assert "4-digit PIN (user authentication certificate): 3 tries left" in capsys.readouterr().out


@pytest.mark.usefixtures("transport")
def test_readers_are_listed_in_the_language_of_the_computer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert command.main(["readers"]) == 0
    assert capsys.readouterr().out == "カードリーダー：Sample Reader 00 00\n"


@pytest.mark.usefixtures("transport")
def test_settings_that_cannot_be_used_end_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "agent.toml").write_text("port = 1", encoding="utf-8")
    assert command.main(["serve", "--settings", str(tmp_path / "agent.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(name in told for name in ("serve", "readers", "show"))
