"""The identity provider as an operator starts it: `python -m idp serve`, gunicorn and all, on a free loopback port."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jpki.profile import CARD_SIGNATURE_POLICY
from testbed.profiles import SIGNATURE_POLICY
from testbed.web_ca import WebCa
from tests.support.house import AGENT, Foundations, house_settings

HOST = "127.0.0.1"
START = 40.0
STOP = 20.0

_SETTINGS = """
profile = "development"
issuer = "{issuer}"
listen = "{host}:{port}"
service_name = {{ ja = "見本ログイン", en = "Sample Login" }}

[database]
file = "idp.sqlite3"

[keys]
folder = "{keys}"

[agent]
origin = "{agent}"

[trust]
authentication = "{trust}"
signature_policies = ["{signature}", "{test_signature}"]

[revocation]
ocsp_url = "http://127.0.0.1:9/ocsp"
crl_urls = []
folder = "crl"
ocsp_waiting = 1

[server]
workers = 1
threads = {threads}
request_deadline = {deadline}
{tls}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningIdp:
    """Where it listens, and where its log is."""

    port: int
    issuer: str
    log: Path
    anchors: Path | None

    def connect(self, *, timeout: float) -> socket.socket:
        """A bare connection, without TLS."""
        return socket.create_connection((HOST, self.port), timeout=timeout)

    def secure(self, line: socket.socket) -> socket.socket:
        """TLS over `line`, or `line` itself where there is none."""
        if self.anchors is None:
            return line
        return ssl.create_default_context(cafile=str(self.anchors)).wrap_socket(line, server_hostname=HOST)

    def say(self, data: bytes, *, timeout: float) -> bytes:
        """All that is answered to `data` until the other side closes; fails when that takes longer than `timeout`."""
        with self.secure(self.connect(timeout=timeout)) as line:
            line.sendall(data)
            return read_to_end(line, timeout=timeout)

    def get(self, path: str, *, timeout: float, headers: str = "") -> bytes:
        """The answer to a plain request."""
        host = self.issuer.partition("://")[2]
        return self.say(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n".encode(), timeout=timeout
        )


def read_to_end(line: socket.socket, *, timeout: float) -> bytes:
    """Everything until the other side closes, within `timeout` altogether. A reset ends it too."""
    until, heard = time.monotonic() + timeout, b""
    while True:
        line.settimeout(max(0.001, until - time.monotonic()))
        try:
            part = line.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            return heard
        if not part:
            return heard
        heard += part


@contextmanager
def running_idp(
    foundations: Foundations,
    folder: Path,
    *,
    threads: int = 4,
    deadline: float = 1.0,
    web: WebCa | None = None,
) -> Iterator[RunningIdp]:
    """Serve until the block ends; with a web authority, over TLS."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    house_settings(foundations, folder)
    issuer = f"{'https' if web else 'http'}://{HOST}:{port}"
    tls = f'certificate = "{web.servers[HOST].certificate}"\nkey = "{web.servers[HOST].private_key}"' if web else ""
    settings = folder / "idp.toml"
    settings.write_text(
        _SETTINGS.format(
            issuer=issuer,
            host=HOST,
            port=port,
            keys=foundations.keys,
            agent=AGENT,
            trust=foundations.trust,
            signature=CARD_SIGNATURE_POLICY,
            test_signature=SIGNATURE_POLICY.dotted_string,
            threads=threads,
            deadline=deadline,
            tls=tls,
        ),
        encoding="utf-8",
    )
    log = folder / "idp.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, "-m", "idp", "--settings", str(settings), "serve"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        idp = RunningIdp(port=port, issuer=issuer, log=log, anchors=web.root if web else None)
        _until_it_serves(idp, process)
        yield idp
    finally:
        _end(process)


def _until_it_serves(idp: RunningIdp, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START
    while True:
        try:
            if b" 200 " in idp.get("/health/live", timeout=START).partition(b"\r\n")[0]:
                return
        except OSError:
            pass
        words = idp.log.read_text(errors="replace")
        assert process.poll() is None, f"the identity provider ended: {words}"
        assert time.monotonic() < until, f"the identity provider does not serve: {words}"
        time.sleep(0.05)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM; one that does not end by that fails the test, and its workers go too."""
    process.terminate()
    try:
        process.wait(STOP)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP)
