"""The contender: pysaml2 in Flask under gunicorn, with as many threads as our provider has."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import require
from benchmarks.load import server_pinned
from benchmarks.peers.contender import BROWSERS, Attributes, Running
from benchmarks.peers.stock import CERTIFICATE_FILE, write_files
from benchmarks.peers.stock_app import SETTINGS_FILE
from benchmarks.wire import wired_app
from idp.settings import ServerSettings
from testbed.processes import python, running, wait_for_http
from tests.support.browser import Browser


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedStock:
    """A `Contender`."""

    folder: Path
    host: str

    name = "pysaml2 with xmlsec1"
    keeps = "nothing: session in memory"

    @property
    def sso_url(self) -> str:
        """On loopback, as requests name it."""
        return f"http://{self.host}/sso"

    @property
    def certificate(self) -> bytes:
        """Its own, made for this run."""
        return (self.folder / CERTIFICATE_FILE).read_bytes()

    @contextmanager
    def started(self) -> Iterator[Running]:
        """Sessions end with each start, so all browsers log in again."""
        command = [
            *server_pinned(),
            *python("-m", "gunicorn", "--bind", self.host, "--workers", "1", "--worker-class", "gthread"),
            *("--threads", str(ServerSettings().threads), "--keep-alive", "5", "--log-level", "error"),
            *("--no-control-socket", f"benchmarks.peers.stock_app:make_app({str(self.folder)!r})"),
        ]
        with running(self.name, command, log=self.folder / "log") as program:
            wait_for_http(program, f"http://{self.host}/")
            browsers = [self._logged_in() for _ in range(BROWSERS)]
            yield Running(host=self.host, programs=[program], browsers=browsers)

    def _logged_in(self) -> Browser:
        browser = Browser(wired_app(self.host), origin=f"http://{self.host}")
        require(browser.open("/login").status, lambda status: status == 200, "login")  # noqa: PLR2004 (OK)
        return browser


def a_served_stock(folder: Path, *, host: str, attributes: Attributes) -> ServedStock:
    """Everything written to `folder`, nothing started."""
    folder.mkdir()
    write_files(folder)
    stock = ServedStock(folder=folder, host=host)
    settings = {"sso_url": stock.sso_url, "attributes": dict(attributes)}
    (folder / SETTINGS_FILE).write_text(json.dumps(settings), encoding="utf-8")
    return stock
