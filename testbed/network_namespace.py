"""A network of our own: the reader's driver listens on every interface, so it gets only one, its own loopback.

Linux only. As root a network namespace is enough; an ordinary user makes a user namespace around it, in which they
keep their own id, so that the daemon still runs as that ordinary user. Theirs has its own mounts too, since
`pcscd` insists on a folder below `/run` that only root can make.
"""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_INTERFACE_REQUEST = struct.Struct("16sH22x")


def is_possible() -> bool:
    """Tried out in a child: some systems allow the first step and refuse the second, and there is no way back."""
    child = os.fork()
    if child == 0:
        try:
            enter()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def enter() -> None:
    """Move this process, which must have one thread, into a network with nothing but loopback. Raises `OSError`."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _unshare(_CLONE_NEWNET)
    else:
        _unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    _raise_loopback()


def cover_with_empty_folder(path: Path) -> None:
    """Mount an empty folder over `path`, for this process and its children only. Raises `OSError`.

    Only after an ordinary user's `enter`: the mounts of a user namespace do not reach the outside.
    """
    library = ctypes.CDLL(None, use_errno=True)
    _check(library.mount(b"tmpfs", os.fsencode(path), b"tmpfs", ctypes.c_ulong(0), b"mode=755"))


def _unshare(flags: int) -> None:
    _check(ctypes.CDLL(None, use_errno=True).unshare(flags))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        answer = fcntl.ioctl(handle, _GET_FLAGS, _INTERFACE_REQUEST.pack(b"lo", 0))
        _, flags = _INTERFACE_REQUEST.unpack(answer)
        fcntl.ioctl(handle, _SET_FLAGS, _INTERFACE_REQUEST.pack(b"lo", flags | _UP))
