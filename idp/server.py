"""gunicorn with our settings: threads for requests, and a deadline for each, so that no slow client holds one for long.

In production a proxy in front reads slow clients (docs/operations.md); the deadline is what stands without one.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from idp.settings import IdpSettings

LARGEST_HEADER_LINE = 8190
MOST_HEADERS = 60
CHECK_SECONDS = 0.5


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A threaded worker that cuts the connection of a request that is not through in time.

    `request_seconds` covers reading, working and answering. Cutting the socket ends whatever blocks on it.
    """

    request_seconds = 20.0

    def init_process(self) -> None:
        """Start the one thread that watches all requests of this worker."""
        self._under_way: dict[object, tuple[socket.socket, float]] = {}
        threading.Thread(target=self._watch, name="request-deadlines", daemon=True).start()
        super().init_process()

    def handle(self, conn: "object") -> object:
        """One request, noted while it is under way."""
        self._under_way[conn] = (conn.sock, time.monotonic() + self.request_seconds)  # type: ignore[attr-defined]
        try:
            return super().handle(conn)
        finally:
            self._under_way.pop(conn, None)

    def _watch(self) -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            now = time.monotonic()
            for conn, (connection, deadline) in list(self._under_way.items()):
                if now >= deadline:
                    self._under_way.pop(conn, None)
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)


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
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        if server.certificate and server.key:
            options |= {"certfile": str(server.certificate), "keyfile": str(server.key)}
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """One application per worker: engines and keys are never shared over a fork."""
        return self._make_app()
