"""The contender: Debian's SimpleSAMLphp behind nginx and php-fpm with opcache, its sessions in files."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import require
from benchmarks.load import server_pinned
from benchmarks.peers import php
from benchmarks.peers.contender import BROWSERS, Attributes, Running
from benchmarks.sites import SITES
from benchmarks.wire import wired_app
from testbed.processes import PATIENCE, Program, require_alive, running, wait_for_http
from tests.support.browser import Browser

_NGINX = Path("/usr/sbin/nginx")
_PATH = "/simplesaml/"
_PAUSE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleSamlPhp:
    """A `Contender`; `browsers` log in once, for their sessions outlive a restart."""

    folder: Path
    host: str
    browsers: list[Browser] = field(default_factory=list)

    name = "SimpleSAMLphp"
    keeps = "session file and log line, not synced"

    @property
    def sso_url(self) -> str:
        """On loopback, as requests name it."""
        return f"http://{self.host}{_PATH}saml2/idp/SSOService.php"

    @property
    def certificate(self) -> bytes:
        """Its own, made for this run."""
        return php.certificate(self.folder)

    @contextmanager
    def started(self) -> Iterator[Running]:
        """php-fpm's master with its children, and nginx; a Unix socket between them, whose path must be short."""
        with tempfile.TemporaryDirectory() as short:
            socket = Path(short) / "fpm"
            php.write_servers(self.folder, socket=socket, host=self.host)
            with (
                running("php-fpm", _fpm(self.folder), log=self.folder / "fpm.out") as fpm,
                running("nginx", _nginx(self.folder), log=self.folder / "nginx.out") as nginx,
            ):
                _wait_for(socket, fpm)
                wait_for_http(nginx, f"http://{self.host}/")
                self._log_in()
                yield Running(host=self.host, programs=[fpm, nginx], browsers=self.browsers)

    def _log_in(self) -> None:
        while len(self.browsers) < BROWSERS:
            browser = Browser(wired_app(self.host), origin=f"http://{self.host}")
            page = browser.open(SITES[0].address(self.sso_url))
            page = browser.press(page, "?", username=php.USER, password=php.PASSWORD)
            require(page.forms, lambda forms: "SAMLResponse" in forms[0].fields, "login")
            self.browsers.append(browser)


def is_installed() -> bool:
    """The product, and both servers."""
    return php.PRODUCT.is_dir() and _NGINX.exists() and bool(_fpm_programs())


def a_simplesamlphp(folder: Path, *, host: str, attributes: Attributes) -> SimpleSamlPhp:
    """Everything written to `folder`, nothing started."""
    folder.mkdir()
    php.write_product(folder, base_url=f"http://{host}{_PATH}", attributes=attributes)
    return SimpleSamlPhp(folder=folder, host=host)


def _wait_for(socket: Path, fpm: Program) -> None:
    """nginx answers before php-fpm listens. Raises `StackError` if that ends, `BenchmarkFailed` if it is too slow."""
    deadline = time.monotonic() + PATIENCE
    while not socket.exists():
        require_alive(fpm)
        require(time.monotonic() < deadline, bool, "php-fpm listens")
        time.sleep(_PAUSE)


def _fpm_programs() -> list[Path]:
    return sorted(Path("/usr/sbin").glob("php-fpm[0-9]*"))


def _fpm(folder: Path) -> list[str]:
    """It takes root as a user only when told twice."""
    return [
        *(*server_pinned(), str(_fpm_programs()[-1]), "--nodaemonize", "--allow-to-run-as-root"),
        *("-d", "opcache.validate_timestamps=0", "--fpm-config", str(folder / "fpm.conf")),
    ]


def _nginx(folder: Path) -> list[str]:
    return [*server_pinned(), str(_NGINX), "-e", str(folder / "nginx.log"), "-c", str(folder / "nginx.conf")]
