"""Revocation lists as sorted flat files: written once, then shared by all workers through the page cache.

One file per CA generation and distribution point. It is a header and fixed-size records in the order of their serials,
so a look-up is a bisection in mapped memory, whatever the size of the list.
"""

import fcntl
import mmap
import os
import struct
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jpki.certificates import MAXIMUM_SERIAL_BYTES
from jpki.crl import VerifiedCrl
from jpki.revocation import RevocationReason

_MAGIC = b"JPKICRL\x01"
_HEADER = struct.Struct(f">8s32s32s{MAXIMUM_SERIAL_BYTES}sQQQ")
_RECORD = struct.Struct(f">{MAXIMUM_SERIAL_BYTES}sBq")


class ListRolledBack(Exception):
    """The offered list is older than the one in use: somebody replays an old one, or the publisher made a mistake."""


class ListFileUnreadable(Exception):
    """A file that is not one of ours, or not whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHead:
    """What the header of a file says. `number` is the CRL number; times are those of the list."""

    issuer_key_digest: bytes
    distribution_point: bytes
    number: int
    this_update: datetime
    next_update: datetime
    entries: int

    @property
    def name(self) -> str:
        """Names issuer key and distribution point by digest, and nothing else."""
        return list_name(issuer_key_digest=self.issuer_key_digest, distribution_point=self.distribution_point)


def list_name(*, issuer_key_digest: bytes, distribution_point: bytes) -> str:
    """The name of a list, and of its file without the suffix."""
    return f"{issuer_key_digest.hex()[:32]}-{distribution_point.hex()[:32]}"


def list_file(folder: Path, *, issuer_key_digest: bytes, distribution_point: bytes) -> Path:
    """Where the list of this CA generation and distribution point stands."""
    return folder / f"{list_name(issuer_key_digest=issuer_key_digest, distribution_point=distribution_point)}.crl"


def compile_list(crl: VerifiedCrl, folder: Path) -> ListHead:
    """Write `crl` as the file now in use, in one step that no reader can see half-done.

    Raises `ListRolledBack` for a lower number or an earlier thisUpdate than the file in use has, and `CrlRejected` for
    a malformed entry; the file in use stays then.
    """
    records = sorted(
        _RECORD.pack(serial.rjust(MAXIMUM_SERIAL_BYTES, b"\0"), reason, revoked_at)
        for serial, reason, revoked_at in crl.entries()
    )
    head = ListHead(
        issuer_key_digest=crl.issuer.key_digest,
        distribution_point=crl.distribution_point,
        number=crl.number,
        this_update=crl.this_update,
        next_update=crl.next_update,
        entries=len(records),
    )
    file = list_file(folder, issuer_key_digest=head.issuer_key_digest, distribution_point=head.distribution_point)
    with _only_writer(folder):
        _check_not_older(head, file)
        _replace(file, _packed_head(head), records)
    return head


def read_head(file: Path) -> ListHead:
    """The header of a list in use. Raises `ListFileUnreadable` and `FileNotFoundError`."""
    with file.open("rb") as opened:
        return _unpacked_head(opened.read(_HEADER.size), os.fstat(opened.fileno()).st_size)


class MappedList:
    """A list file in mapped memory; it stays whole while it is used, even after a newer file took its name."""

    def __init__(self, file: Path) -> None:
        """Map `file`. Raises `ListFileUnreadable` and `FileNotFoundError`."""
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            self.head = _unpacked_head(opened.read(_HEADER.size), status.st_size)
            self.identity = file_identity(status)
            self._memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)

    def find(self, serial: int) -> tuple[RevocationReason, datetime] | None:
        """The reason and instant of the entry for `serial`. Raises `ListFileUnreadable` for a damaged one."""
        wanted = serial.to_bytes(MAXIMUM_SERIAL_BYTES, "big")
        position = bisect_left(_Serials(self._memory, self.head.entries), wanted)
        if position == self.head.entries:
            return None
        found, reason, revoked_at = _RECORD.unpack_from(self._memory, _HEADER.size + position * _RECORD.size)
        if found != wanted:
            return None
        try:
            return RevocationReason(reason), datetime.fromtimestamp(revoked_at, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise ListFileUnreadable("a damaged entry") from error


def file_identity(status: os.stat_result) -> tuple[int, int, int]:
    """Differs as soon as another file has taken the name."""
    return status.st_ino, status.st_mtime_ns, status.st_size


class _Serials:
    """The serials of a mapped list, as `bisect` wants to see them."""

    def __init__(self, memory: mmap.mmap, entries: int) -> None:
        self._memory = memory
        self._entries = entries

    def __len__(self) -> int:
        return self._entries

    def __getitem__(self, index: int) -> bytes:
        start = _HEADER.size + index * _RECORD.size
        return self._memory[start : start + MAXIMUM_SERIAL_BYTES]


def _packed_head(head: ListHead) -> bytes:
    return _HEADER.pack(
        _MAGIC,
        head.issuer_key_digest,
        head.distribution_point,
        head.number.to_bytes(MAXIMUM_SERIAL_BYTES, "big"),
        int(head.this_update.timestamp()),
        int(head.next_update.timestamp()),
        head.entries,
    )


def _unpacked_head(data: bytes, size: int) -> ListHead:
    if len(data) != _HEADER.size:
        raise ListFileUnreadable("too short")
    magic, issuer, point, number, this_update, next_update, entries = _HEADER.unpack(data)
    if magic != _MAGIC or size != _HEADER.size + entries * _RECORD.size:
        raise ListFileUnreadable("another format, or cut off")
    return ListHead(
        issuer_key_digest=issuer,
        distribution_point=point,
        number=int.from_bytes(number, "big"),
        this_update=datetime.fromtimestamp(this_update, UTC),
        next_update=datetime.fromtimestamp(next_update, UTC),
        entries=entries,
    )


def _check_not_older(head: ListHead, file: Path) -> None:
    """A file that cannot be read is no reason to refuse a good list: it is replaced."""
    try:
        used = read_head(file)
    except (FileNotFoundError, ListFileUnreadable):
        return
    if head.number < used.number or head.this_update < used.this_update:
        raise ListRolledBack("an older list than the one in use")


def _replace(file: Path, head: bytes, records: list[bytes]) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(head)
            part.writelines(records)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(file)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Two processes that refresh the same list must not overtake each other between comparing and replacing."""
    with (folder / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
