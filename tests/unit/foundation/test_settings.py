from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest

from foundation.settings import SettingsError, load


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Height(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    url: str
    wait: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        if self.url == "bad":
            raise ValueError("url is bad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    count: int = 1
    is_open: bool = False
    file: Path | None = None
    colour: Colour = Colour.RED
    height: Height = Height.LOW
    words: tuple[str, ...] = ()
    inner: Inner = field(default_factory=lambda: Inner(url="default"))
    many: tuple[Inner, ...] = ()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def _fault(file: Path, toml: str) -> str:
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(Outer, file)
    return str(caught.value)


def test_every_kind_of_value_is_read(file: Path) -> None:
    file.write_text(
        'name = "n"\ncount = 2\nis_open = true\nfile = "keys/a.pem"\ncolour = "blue"\nheight = "high"\n'
        'words = ["a", "b"]\n[inner]\nurl = "u"\nwait = 0.5\n[[many]]\nurl = "m"\n',
        encoding="utf-8",
    )
    assert load(Outer, file) == Outer(
        name="n",
        count=2,
        is_open=True,
        file=file.parent.resolve() / "keys/a.pem",
        colour=Colour.BLUE,
        height=Height.HIGH,
        words=("a", "b"),
        inner=Inner(url="u", wait=timedelta(seconds=0.5)),
        many=(Inner(url="m"),),
    )


def test_what_is_left_out_has_its_default(file: Path) -> None:
    file.write_text('name = "n"', encoding="utf-8")
    assert load(Outer, file) == Outer(name="n")


def test_absolute_path_stays_as_it_is(file: Path) -> None:
    file.write_text('name = "n"\nfile = "/etc/key.pem"', encoding="utf-8")
    assert load(Outer, file).file == Path("/etc/key.pem")


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("", "name: missing"),
        ('name = "n"\nnmae = "n"', "nmae: unknown key"),
        ('name = "n"\n[inner]\nurl = "u"\nport = 1', "inner.port: unknown key"),
        ('name = "n"\n[inner]\nwait = 1', "inner.url: missing"),
        ("name = 1", "name: must be text, not 1"),
        ('name = "n"\ncount = true', "count: must be a whole number, not True"),
        ('name = "n"\ncount = 1.5', "count: must be a whole number, not 1.5"),
        ('name = "n"\nis_open = 1', "is_open: must be true or false, not 1"),
        ('name = "n"\nfile = 1', "file: must be a path, not 1"),
        ('name = "n"\ncolour = "green"', "colour: must be one of red, blue"),
        ('name = "n"\nwords = "ab"', "words: must be a list, not 'ab'"),
        ('name = "n"\nwords = ["a", 1]', "words[1]: must be text, not 1"),
        ('name = "n"\ninner = 1', "inner: must be a table, not 1"),
        ('name = "n"\n[inner]\nurl = "u"\nwait = "5"', "inner.wait: must be a number of seconds, not '5'"),
        ('name = "n"\n[inner]\nurl = "u"\nwait = true', "inner.wait: must be a number of seconds, not True"),
        ('name = "n"\n[[many]]\nurl = 1', "many[0].url: must be text, not 1"),
        ('name = "n"\n[inner]\nurl = "bad"', "url is bad"),
        ("name = ", "not valid TOML"),
    ],
)
def test_fault_stops_the_start_and_names_its_path(file: Path, toml: str, fault: str) -> None:
    message = _fault(file, toml)
    assert fault in message
    assert str(file) in message


def test_all_faults_are_told_at_once(file: Path) -> None:
    message = _fault(file, 'count = "1"\n[inner]\nurls = "u"')
    assert all(part in message for part in ("name: missing", "count: must be", "inner.urls", "inner.url: missing"))


def test_missing_file_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(Outer, tmp_path / "nowhere.toml")


def test_file_that_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(Outer, file)
