"""Debian's Chromium, headless, with a throw-away profile that trusts the testbed's web CA and nobody new."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000
"""Milliseconds for one act in the browser."""
DESKTOP = (1280, 900)
PHONE = (375, 667)

_QUIET = (
    "--no-sandbox",  # Root is refused a sandbox; the browser sees nothing but our own pages.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def a_browser(
    playwright: Playwright,
    profile: Path,
    *,
    web_root: Path | None = None,
    locale: str = "ja-JP",
    size: tuple[int, int] = DESKTOP,
    scripts: bool = True,
) -> Iterator[BrowserContext]:
    """A browser of its own in the new folder `profile`. `web_root` is the CA file to trust, PEM."""
    profile.mkdir(parents=True)
    if web_root is not None:
        _trust(profile, web_root)
    context = playwright.chromium.launch_persistent_context(
        profile / "data",
        executable_path=CHROMIUM,
        args=list(_QUIET),
        env={**os.environ, "HOME": str(profile)},
        viewport={"width": size[0], "height": size[1]},
        locale=locale,
        java_script_enabled=scripts,
        timeout=60_000,
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield context
    finally:
        context.close()


def _trust(profile: Path, web_root: Path) -> None:
    """Chromium on Linux reads the NSS database of its user's home folder."""
    database = profile / ".pki" / "nssdb"
    database.mkdir(parents=True)
    place = f"sql:{database}"
    _certutil("-N", "-d", place, "--empty-password")
    _certutil("-A", "-d", place, "-n", "testbed web CA", "-t", "C,,", "-i", str(web_root))


def _certutil(*arguments: str) -> None:
    subprocess.run(["certutil", *arguments], check=True, capture_output=True, timeout=30)  # noqa: S603, S607
