from pathlib import Path

import pytest

from idp.adapters.keys.files import KeyUnusable, write_once
from idp.adapters.keys.hmac_file import generate_hmac_key, load_hmac_key


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hmac.key"


def test_key_is_the_same_each_time_it_is_loaded(file: Path) -> None:
    generate_hmac_key(file, for_development=False)
    first, second = (load_hmac_key(file, development_allowed=False) for _ in range(2))
    assert first == second
    assert len(first.secret) == 32


def test_two_keys_differ_in_secret_and_id(tmp_path: Path) -> None:
    files = (tmp_path / "a", tmp_path / "b")
    for file in files:
        generate_hmac_key(file, for_development=False)
    first, second = (load_hmac_key(file, development_allowed=False) for file in files)
    assert first.secret != second.secret
    assert first.key_id != second.key_id


def test_generating_never_overwrites(file: Path) -> None:
    generate_hmac_key(file, for_development=False)
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        generate_hmac_key(file, for_development=False)
    assert file.read_bytes() == before


def test_development_key_works_in_development_only(file: Path) -> None:
    generate_hmac_key(file, for_development=True)
    assert load_hmac_key(file, development_allowed=True)
    with pytest.raises(KeyUnusable, match="development key"):
        load_hmac_key(file, development_allowed=False)


def test_damaged_secret_is_noticed(file: Path, tmp_path: Path) -> None:
    generate_hmac_key(file, for_development=False)
    word, key_id, secret = file.read_text(encoding="ascii").split()
    damaged = tmp_path / "damaged.key"
    write_once(damaged, f"{word} {key_id} {'A' if secret[0] != 'A' else 'B'}{secret[1:]}\n".encode())
    with pytest.raises(KeyUnusable, match="damaged"):
        load_hmac_key(damaged, development_allowed=False)


@pytest.mark.parametrize(
    "content",
    [b"", b"# only a comment\n", b"hmac-sha256 id\n", b"hmac-sha256 id not*base64\n", b"a b c\nd e f\n", b"\xff\xfe"],
)
def test_file_of_another_form_is_refused(file: Path, content: bytes) -> None:
    write_once(file, content)
    with pytest.raises(KeyUnusable, match="is not one line"):
        load_hmac_key(file, development_allowed=True)


def test_short_secret_is_refused(file: Path) -> None:
    write_once(file, b"hmac-sha256 id AAAA\n")
    with pytest.raises(KeyUnusable, match="damaged"):
        load_hmac_key(file, development_allowed=True)
