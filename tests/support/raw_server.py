"""A loopback TCP server that says exactly what a test wants, byte by byte and at its own pace."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One accepted connection."""

    connection: socket.socket
    over: threading.Event

    def read_request(self) -> bytes:
        """Head and body of one HTTP request, or nothing if the peer has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.connection.recv(65536)
            if not part:
                return b""
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while len(body) < sum(lengths):
            body += self.connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def say(self, data: bytes) -> None:
        """Send it all."""
        self.connection.sendall(data)

    def drip(self, data: bytes, *, seconds: float) -> None:
        """Send one byte each `seconds` until the end of the data or of the test."""
        for byte in data:
            if self.over.wait(seconds):
                return
            self.say(bytes((byte,)))

    def be_silent(self) -> None:
        """Hold the connection open until the test is over."""
        self.over.wait(_PATIENCE)


@dataclass(slots=True, kw_only=True)
class RawServer:
    """Where it listens, and how many connections came."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of its root."""
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def raw_server(behave: Callable[[Conversation, RawServer], None]) -> Iterator[RawServer]:
    """Serve each connection in a thread of its own by `behave`, until the block ends."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(port=listener.getsockname()[1])

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_PATIENCE)
                behave(Conversation(connection=connection, over=over), server)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    server.connections += 1
                    threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(_PATIENCE)
            for thread in threads:
                thread.join(_PATIENCE)


def ok(body: bytes, *headers: str) -> bytes:
    """A 200 answer that may be followed by another on the same connection."""
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
