"""Files that hold secrets: made once, readable by their owner, and marked if they are for development only."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEVELOPMENT_MARK = b"# DEVELOPMENT KEY: a production profile refuses this file\n"
LARGEST_KEY_FILE = 64 * 1024

_NOT_FOR_OTHERS = stat.S_IWGRP | stat.S_IRWXO


class KeyUnusable(Exception):
    """A key file that must not or cannot be used; the message names the file and the reason, never its content."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file


def write_once(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Make `file`; raises `FileExistsError` rather than overwrite.

    This and the next three are done wholly or not at all, whatever ends the program, and on the disk when they return.
    """
    with _draft(file, content, mode) as draft:
        os.link(draft, file)
    _sync(file.parent)


def write_over(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Make `file`, in the place of any that is there."""
    with _draft(file, content, mode) as draft:
        move(draft, file)


def move(file: Path, target: Path) -> None:
    """Give `file` the name of `target` in the same folder, in the place of any that is there."""
    file.replace(target)
    _sync(target.parent)


def remove(file: Path) -> None:
    """Remove `file`, which is there."""
    file.unlink()
    _sync(file.parent)


def read_key_file(file: Path, *, development_allowed: bool) -> bytes:
    """The content of a secret file.

    Raises `KeyUnusable` if it cannot be read, if its group may write it or anybody else may read it, and for a
    development key where those are not allowed.
    """
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        with file.open("rb") as stream:
            content = stream.read(LARGEST_KEY_FILE + 1)
    except OSError as error:
        raise KeyUnusable(file, f"cannot be read ({error.strerror}); `idp init` makes the keys") from error
    if mode & _NOT_FOR_OTHERS:
        raise KeyUnusable(file, f"has mode {mode:04o}, so others may use the key; chmod 600 it")
    if len(content) > LARGEST_KEY_FILE:
        raise KeyUnusable(file, "is too large to be a key")
    if DEVELOPMENT_MARK.rstrip() in content and not development_allowed:
        raise KeyUnusable(file, "is a development key; make a new one for this profile with `idp init`")
    return content


@contextmanager
def _draft(file: Path, content: bytes, mode: int) -> Iterator[Path]:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 (a descriptor: pathlib cannot open exclusively with a mode)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Names are on the disk too: else a power cut might leave a later change without an earlier one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
