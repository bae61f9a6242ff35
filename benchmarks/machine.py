"""On what the figures were made."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import cryptography
from cryptography.hazmat.backends.openssl import backend

from foundation.clock import system_clock

_PACKAGES = ("Flask", "SQLAlchemy", "lxml", "pysaml2", "Authlib", "joserfc", "gunicorn")
_DEBIAN_PACKAGES = ("simplesamlphp", "php[0-9]*-fpm", "nginx", "xmlsec1", "wrk")
_SECONDS = 20


def machine_lines(folder: Path) -> list[str]:
    """Date, processor, system and versions; `folder` is where the database stands."""
    places = os.sched_getaffinity(0)
    return [
        f"Date       {system_clock():%Y-%m-%d %H:%M UTC}",
        f"Processor  {_processor()}, {len(places)} for this run, load {os.getloadavg()[0]:.1f} at the start",
        f"System     {_distribution()}, kernel {platform.release()}, Python {platform.python_version()}",
        f"Crypto     cryptography {cryptography.__version__}, {backend.openssl_version_text()}",
        "Packages   " + ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        f"Database   SQLite in WAL mode on {_file_system(folder)}",
    ]


def others_line() -> str:
    """The versions of what others wrote and Debian installed; what is missing is left out."""
    command = ("/usr/bin/dpkg-query", "--show", "--showformat", "${Package} ${Version}\n", *_DEBIAN_PACKAGES)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 (fixed)
    return f"Others     {', '.join(done.stdout.splitlines())}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _file_system(folder: Path) -> str:
    """The kind of file system that holds `folder`: the longest mount point above it."""
    path = str(folder.resolve())
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    above = [(len(place), kind) for _, place, kind, *_ in mounts if f"{path}/".startswith(f"{place.rstrip('/')}/")]
    return max(above)[1] if above else "an unknown file system"
