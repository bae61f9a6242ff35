"""gunicorn with our settings: threads for requests, and a deadline for each, so that no slow client holds one for long.

In production a proxy in front reads slow clients (docs/operations.md); the deadline is what stands without one.
"""

import math
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from idp.settings import IdpSettings
from idp.web.security import MAXIMUM_BODY

LARGEST_HEADER_LINE = 8190
MOST_HEADERS = 60
CHECK_SECONDS = 0.5


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker that cuts the connection of a request that is not through in time.

    `head_seconds` covers the TLS handshake and the request's head, `request_seconds` all that follows. Cutting the line
    ends whatever blocks on it.
    """

    request_seconds = 20.0
    head_seconds = 5.0

    def init_process(self) -> None:
        """Start the one thread that watches all requests of this worker."""
        self._under_way: dict[socket.socket, float] = {}
        self._lines: dict[int, socket.socket] = {}
        self._cutting = threading.Lock()
        threading.Thread(target=self._watch, name="request-deadlines", daemon=True).start()
        super().init_process()

    def enqueue_req(self, conn: "object") -> None:
        """A new connection gets a thread when its first byte is there; one that says nothing waits in the poller."""
        if conn.initialized or conn.data_ready:  # type: ignore[attr-defined]
            super().enqueue_req(conn)
            return
        conn.sock.setblocking(False)  # type: ignore[attr-defined]  # noqa: FBT003 (the standard library's parameter)
        conn.timeout = time.monotonic() + self.cfg.keepalive  # type: ignore[attr-defined]
        self.pending_conns.append(conn)
        self.poller.register(
            conn.sock,  # type: ignore[attr-defined]
            selectors.EVENT_READ,
            partial(self.on_pending_socket_readable, conn),
        )

    def handle(self, conn: "object") -> object:
        """One request, noted while it is under way by a descriptor of its own: TLS puts another socket in the place."""
        line = socket.socket(fileno=os.dup(conn.sock.fileno()))  # type: ignore[attr-defined]
        self._lines[threading.get_ident()] = line
        self._allow(line, min(self.head_seconds, self.request_seconds))
        try:
            return super().handle(conn)
        finally:
            with self._cutting:
                self._under_way.pop(line, None)
                line.close()

    def handle_request(self, req: "object", conn: "object") -> object:
        """A body that is too large is not read to its end, so no other request can follow on its connection."""
        self._allow(self._lines[threading.get_ident()], self.request_seconds)
        if _announced_bytes(req.headers) > MAXIMUM_BODY:  # type: ignore[attr-defined]
            req.force_close()  # type: ignore[attr-defined]
        return super().handle_request(req, conn)

    def _allow(self, line: socket.socket, seconds: float) -> None:
        with self._cutting:
            self._under_way[line] = time.monotonic() + seconds

    def _watch(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            now = time.monotonic()
            with self._cutting:
                for line in [line for line, deadline in self._under_way.items() if now >= deadline]:
                    del self._under_way[line]
                    with suppress(OSError):
                        line.shutdown(socket.SHUT_RDWR)


def _announced_bytes(headers: Sequence[tuple[str, str]]) -> float:
    """The length of a request's body as gunicorn has checked it; endless if it comes in chunks."""
    given = {name.upper(): value for name, value in headers}
    return math.inf if "TRANSFER-ENCODING" in given else int(given.get("CONTENT-LENGTH", "0"))


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The web application under gunicorn, without a configuration file of its own."""

    def __init__(self, settings: IdpSettings, make_app: Callable[[], Flask]) -> None:
        self._settings = settings
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        """Our settings in gunicorn's names."""
        server = self._settings.server
        DeadlineWorker.request_seconds = server.request_deadline.total_seconds()
        options: dict[str, object] = {
            "bind": self._settings.listen,
            "workers": server.workers,
            "threads": server.threads,
            "worker_class": DeadlineWorker,
            "keepalive": 5,
            "graceful_timeout": 10,
            "limit_request_line": LARGEST_HEADER_LINE,
            "limit_request_fields": MOST_HEADERS,
            "limit_request_field_size": LARGEST_HEADER_LINE,
            "forwarded_allow_ips": server.trusted_proxy or "",
            "proc_name": "idp",
            "accesslog": None,
            # Below this, gunicorn quotes every malformed request, up to its length, and the address it came from.
            "loglevel": "error",
            "control_socket_disable": True,
        }
        if server.certificate and server.key:
            options |= {"certfile": str(server.certificate), "keyfile": str(server.key)}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """One application per worker: engines and keys are never shared over a fork."""
        return self._make_app()
