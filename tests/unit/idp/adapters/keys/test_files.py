import os
import stat
from pathlib import Path

import pytest

from idp.adapters.keys.files import DEVELOPMENT_MARK, LARGEST_KEY_FILE, KeyUnusable, read_key_file, write_once


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_new_file_is_its_owners_alone_whatever_the_umask(file: Path) -> None:
    before = os.umask(0)
    try:
        write_once(file, b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_key_file(file, development_allowed=False) == b"secret"


def test_file_is_never_overwritten(file: Path) -> None:
    file.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        write_once(file, b"new")
    assert file.read_bytes() == b"old"


def test_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_once(file, b"new")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o660, 0o666])
def test_key_that_others_may_use_is_refused(file: Path, mode: int) -> None:
    write_once(file, b"secret")
    file.chmod(mode)
    with pytest.raises(KeyUnusable, match=f"mode {mode:04o}"):
        read_key_file(file, development_allowed=True)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o440])
def test_key_of_owner_and_reading_group_is_good(file: Path, mode: int) -> None:
    write_once(file, b"secret")
    file.chmod(mode)
    assert read_key_file(file, development_allowed=True) == b"secret"


def test_missing_file_says_what_to_do(file: Path) -> None:
    with pytest.raises(KeyUnusable, match=r"secret: cannot be read .*idp init"):
        read_key_file(file, development_allowed=True)


def test_huge_file_is_refused(file: Path) -> None:
    write_once(file, b"x" * (LARGEST_KEY_FILE + 1))
    with pytest.raises(KeyUnusable, match="too large"):
        read_key_file(file, development_allowed=True)


def test_mark_anywhere_in_the_file_counts(file: Path) -> None:
    write_once(file, b"key\r\n" + DEVELOPMENT_MARK.replace(b"\n", b"\r\n"))
    assert read_key_file(file, development_allowed=True)
    with pytest.raises(KeyUnusable, match="development key"):
        read_key_file(file, development_allowed=False)


def test_message_never_shows_the_content(file: Path) -> None:
    write_once(file, DEVELOPMENT_MARK + b"topsecret")
    with pytest.raises(KeyUnusable) as caught:
        read_key_file(file, development_allowed=False)
    assert "topsecret" not in str(caught.value)
