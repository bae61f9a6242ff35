"""Oversized, slow and malformed requests against the real server, as an operator starts it.

Every bound here is the request deadline of the settings or a generous patience; nothing depends on the machine's speed.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from foundation.clock import system_clock
from testbed.web_ca import web_ca
from tests.support.house import AGENT, Foundations
from tests.support.idp_process import HOST, RunningIdp, read_to_end, running_idp

THREADS = 4
DEADLINE = 1.0
WATCH = 0.5
"""How often the server looks at its deadlines."""
PATIENCE = 20.0
"""For everything that is not about time: a busy machine may take so long."""
FLOOD = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def idp(foundations: Foundations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIdp]:
    folder = tmp_path_factory.mktemp("idp")
    with running_idp(foundations, folder, threads=THREADS, deadline=DEADLINE) as running:
        yield running


def status(answer: bytes) -> int:
    """Of an HTTP answer."""
    return int(answer.split(b" ", 2)[1])


def post(idp: RunningIdp, *headers: str) -> bytes:
    """The head of a card answer."""
    host = idp.issuer.partition("://")[2]
    lines = (
        "POST /card/answer HTTP/1.1",
        f"Host: {host}",
        f"Origin: {AGENT}",
        "Content-Type: application/x-www-form-urlencoded",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


# Oversized.


def test_announced_flood_is_refused_unread(idp: RunningIdp) -> None:
    answer = idp.say(post(idp, "Content-Length: 1000000000") + b"format=", timeout=PATIENCE)
    assert status(answer) == 413
    assert b"Connection: close" in answer


def test_flood_that_is_sent_closes_the_connection(idp: RunningIdp) -> None:
    with idp.connect(timeout=PATIENCE) as line:
        line.sendall(post(idp, f"Content-Length: {FLOOD}"))
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(FLOOD // 65536):
                line.sendall(bytes(65536))
        answer = read_to_end(line, timeout=PATIENCE)
    assert not answer or status(answer) == 413


def test_body_of_unknown_length_is_refused(idp: RunningIdp) -> None:
    with idp.connect(timeout=PATIENCE) as line:
        line.sendall(post(idp, "Transfer-Encoding: chunked"))
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(FLOOD // 65536):
                line.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
        answer = read_to_end(line, timeout=PATIENCE)
    assert not answer or status(answer) == 411
    body = b"7\r\nformat=\r\n0\r\n\r\n"
    assert status(idp.say(post(idp, "Transfer-Encoding: chunked") + body, timeout=PATIENCE)) == 411


def test_largest_allowed_body_is_read(idp: RunningIdp) -> None:
    """So that the limit is one of size: this one fails for what it says."""
    body = b"format=" + b"x" * (64 * 1024 - 7)
    answer = idp.say(post(idp, f"Content-Length: {len(body)}", "Connection: close") + body, timeout=PATIENCE)
    assert status(answer) == 400


@pytest.mark.parametrize(
    "what", ["a long address", "a long header", "a long name", "many headers", "many cookies", "an endless head"]
)
def test_flood_in_the_head_is_refused(idp: RunningIdp, what: str) -> None:
    many = "".join(f"X-{number}: x\r\n" for number in range(2000))
    flood = {
        "a long address": ("/" + "x" * 100_000, ""),
        "a long header": ("/", f"X-Long: {'x' * 100_000}\r\n"),
        "a long name": ("/", f"{'x' * 100_000}: x\r\n"),
        "many headers": ("/", many),
        "many cookies": ("/", "Cookie: a=b\r\n" * 2000),
        "an endless head": ("/", many * 50),
    }
    path, headers = flood[what]
    try:
        answer = idp.get(path, headers=headers, timeout=PATIENCE)
    except (ConnectionResetError, BrokenPipeError):
        return
    assert not answer or status(answer) in {400, 414, 431}


# Malformed.

MALFORMED = {
    "no method": b"\r\n\r\nhello\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50) + b"\r\n\r\n",
    "unknown version": b"GET / HTTP/9.9\r\nHost: {host}\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost: {host}\r\nhello\r\n\r\n",
    "space before the colon": b"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length : 4\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n c\r\n\r\n",
    "control character": b"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: b\0c\r\n\r\n",
    "two lengths": b"POST /logout HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    "length and chunks": (
        b"POST /logout HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "negative length": b"POST /logout HTTP/1.1\r\nHost: {host}\r\nContent-Length: -4\r\n\r\nabcd",
    "length in words": b"POST /logout HTTP/1.1\r\nHost: {host}\r\nContent-Length: four\r\n\r\nabcd",
    "unknown coding": b"POST /logout HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST /card/answer HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "another host's address": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request_is_refused_and_nothing_is_told(idp: RunningIdp, name: str) -> None:
    host = idp.issuer.partition("://")[2].encode()
    answer = idp.say(MALFORMED[name].replace(b"{host}", host), timeout=PATIENCE)
    assert not answer or status(answer) in {400, 405, 411, 421, 501, 505}, answer[:200]
    for leak in (b"Traceback", b"gunicorn.http", b"werkzeug", b".py", b"evil.example"):
        assert leak not in answer
    assert status(idp.get("/health/live", timeout=PATIENCE)) == 200


def test_two_requests_in_one_are_two_or_none(idp: RunningIdp) -> None:
    """What follows a body is never taken for part of it, or the other way round (request smuggling)."""
    host = idp.issuer.partition("://")[2]
    hidden = f"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    answer = idp.say(post(idp, "Content-Length: 0") + hidden, timeout=PATIENCE)
    assert answer.count(b"HTTP/1.1 ") == 2
    answer = idp.say(post(idp, f"Content-Length: {len(hidden)}", "Connection: close") + hidden, timeout=PATIENCE)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_forwarded_name_with_an_underscore_is_not_taken_for_the_header(idp: RunningIdp) -> None:
    answer = idp.get("/health/live", headers="X_Forwarded_Host: evil.example\r\n", timeout=PATIENCE)
    assert b"evil.example" not in answer
    assert status(idp.get("/", headers="X-Forwarded-Host: evil.example\r\n", timeout=PATIENCE)) == 400


# Slow.


class Crowd:
    """Clients that each send one byte of their request now and then, and never come to its end."""

    def __init__(self, idp: RunningIdp, opening: bytes, drops: bytes, *, clients: int) -> None:
        self._over = threading.Event()
        self.lines = [idp.secure(idp.connect(timeout=PATIENCE)) for _ in range(clients)]
        for line in self.lines:
            line.sendall(opening)
        self._threads = [threading.Thread(target=self._drip, args=(line, drops), daemon=True) for line in self.lines]
        for thread in self._threads:
            thread.start()

    def _drip(self, line: socket.socket, drops: bytes) -> None:
        with contextlib.suppress(OSError):
            for drop in cycle(drops):
                line.sendall(bytes((drop,)))
                if self._over.wait(DEADLINE / 10):
                    return

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        for line in self.lines:
            line.close()


def slow_ways(idp: RunningIdp) -> dict[str, tuple[bytes, bytes]]:
    """How a request begins, and what drips on."""
    host = idp.issuer.partition("://")[2]
    return {
        "line": (b"GET /", b"x"),
        "headers": (f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode(), b"X-A: b\r\n"),
        "body": (post(idp, "Content-Length: 60000"), b"x"),
    }


@pytest.mark.parametrize("way", ["line", "headers", "body"])
def test_slow_clients_on_every_thread_hold_others_up_no_longer_than_the_deadline(idp: RunningIdp, way: str) -> None:
    opening, drops = slow_ways(idp)[way]
    crowd = Crowd(idp, opening, drops, clients=THREADS)
    try:
        # The crowd never ends by itself. Without the deadline this request would wait for the test's end.
        answer = idp.get("/health/live", timeout=DEADLINE + WATCH + PATIENCE / 2)
        assert status(answer) == 200
        for line in crowd.lines:
            read_to_end(line, timeout=DEADLINE + WATCH + PATIENCE / 2)
    finally:
        crowd.close()


def test_connections_that_say_nothing_hold_no_thread(foundations: Foundations, tmp_path: Path) -> None:
    """gunicorn alone would give each a thread for five seconds, and the request would wait behind all of them."""
    with running_idp(foundations, tmp_path, threads=THREADS, deadline=60) as idp, contextlib.ExitStack() as silent:
        for _ in range(16 * THREADS):
            silent.enter_context(idp.connect(timeout=PATIENCE))
        host = idp.issuer.partition("://")[2]
        answer = idp.say(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), timeout=PATIENCE)
    assert status(answer) == 200


def test_slow_client_is_cut_off_although_nobody_waits(idp: RunningIdp) -> None:
    opening, drops = slow_ways(idp)["body"]
    crowd = Crowd(idp, opening, drops, clients=1)
    try:
        answer = read_to_end(crowd.lines[0], timeout=DEADLINE + WATCH + PATIENCE / 2)
        assert b" 200 " not in answer
    finally:
        crowd.close()


@pytest.fixture(scope="module")
def tls_idp(foundations: Foundations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIdp]:
    folder = tmp_path_factory.mktemp("tls")
    authority = web_ca(folder, now=system_clock(), addresses=[HOST])
    with running_idp(foundations, folder, threads=THREADS, deadline=DEADLINE, web=authority) as running:
        yield running


@pytest.mark.parametrize("way", ["headers", "body"])
def test_slow_clients_are_cut_off_under_tls_too(tls_idp: RunningIdp, way: str) -> None:
    opening, drops = slow_ways(tls_idp)[way]
    crowd = Crowd(tls_idp, opening, drops, clients=THREADS)
    try:
        assert status(tls_idp.get("/health/live", timeout=DEADLINE + WATCH + PATIENCE / 2)) == 200
    finally:
        crowd.close()


def test_slow_handshakes_are_cut_off(tls_idp: RunningIdp) -> None:
    lines = [tls_idp.connect(timeout=PATIENCE) for _ in range(THREADS)]
    try:
        for line in lines:
            line.sendall(b"\x16\x03\x01\x02\x00")
        assert status(tls_idp.get("/health/live", timeout=DEADLINE + WATCH + PATIENCE / 2)) == 200
    finally:
        for line in lines:
            line.close()


def test_plain_http_to_the_tls_port_is_not_served(tls_idp: RunningIdp) -> None:
    with tls_idp.connect(timeout=PATIENCE) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " not in read_to_end(line, timeout=PATIENCE)
