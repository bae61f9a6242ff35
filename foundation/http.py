"""Requests from one service to another: no redirects, no proxies from the environment, bounded in time and size.

The deadline is for the whole exchange: a peer that sends one byte now and then is cut off as well as a silent one. Only
the resolution of a host name is outside it, because the system's resolver knows no deadline.
"""

import io
import math
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

_OK = 200
_NOT_MODIFIED = 304
_PORTION = 64 * 1024


class RequestFailed(Exception):
    """Family: no usable answer came. Messages hold no part of the answer."""


class DeadlineExceeded(RequestFailed):
    """The whole exchange took longer than allowed."""


class PeerUnreachable(RequestFailed):
    """No connection, a broken one, or something that is not HTTP."""


class UnexpectedStatus(RequestFailed):
    """Any status but 200; a redirect too, for it is never followed."""

    def __init__(self, status: int) -> None:
        """`status` as the peer sent it."""
        super().__init__(f"status {status}")
        self.status = status


class ResponseTooLarge(RequestFailed):
    """More bytes than the caller wants to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLimits:
    """How long one exchange may take, connection included, and how large the answer's body may be."""

    deadline: timedelta
    maximum_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A body that was written; `etag` is the peer's name for this version of it (RFC 9110 section 8.8.3)."""

    size: int
    etag: str | None


class HttpClient:
    """Keep-alive connections to a few configured peers; safe to share between threads."""

    def __init__(self, *, connections_per_peer: int = 8, web_anchors: Path | None = None) -> None:
        """`web_anchors` is a PEM file of CAs that are trusted for TLS instead of the system's own."""
        context = ssl.create_default_context(cafile=web_anchors)
        context.sslsocket_class = _TlsSocket
        self._pools = urllib3.PoolManager(maxsize=connections_per_peer, ssl_context=context)
        self._pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def get(self, url: str, *, limits: ExchangeLimits) -> bytes:
        """The body of a 200 answer. Raises a leaf of `RequestFailed`."""
        return self._exchange("GET", url, {}, None, limits, _body)

    def download(
        self, url: str, into: BinaryIO, *, accept: str, etag: str | None = None, limits: ExchangeLimits
    ) -> Download | None:
        """Write the body of a 200 answer; None if the peer still has the version `etag` (RFC 9110 section 13.1.2).

        Raises a leaf of `RequestFailed`, after which part of a body may have been written, and `OSError` of `into`.
        """

        def read(response: urllib3.BaseHTTPResponse, maximum_bytes: int) -> Download | None:
            if etag is not None and response.status == _NOT_MODIFIED:
                return None
            return Download(size=_write_body(response, into, maximum_bytes), etag=response.headers.get("ETag"))

        headers = {"Accept": accept} | ({} if etag is None else {"If-None-Match": etag})
        return self._exchange("GET", url, headers, None, limits, read)

    def post(self, url: str, body: bytes, *, content_type: str, limits: ExchangeLimits) -> bytes:
        """The body of a 200 answer. Raises a leaf of `RequestFailed`. Sent once: a failure is not tried again."""
        return self._exchange("POST", url, {"Content-Type": content_type}, body, limits, _body)

    def close(self) -> None:
        """Close idle connections."""
        self._pools.clear()

    def _exchange(  # noqa: PLR0917 (called above)
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: ExchangeLimits,
        read: Callable[[urllib3.BaseHTTPResponse, int], T],
    ) -> T:
        try:
            response = self._pools.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(total=limits.deadline.total_seconds()),
                preload_content=False,
                decode_content=False,
            )
            return _read_all(response, read, limits.maximum_bytes)
        except urllib3.exceptions.TimeoutError as error:
            raise DeadlineExceeded("no complete answer in time") from error
        except HTTPError as error:
            how = (
                "no TLS connection that can be trusted"
                if isinstance(error, SSLError)
                else "a broken connection, or no HTTP"
            )
            raise PeerUnreachable(how) from error


def _read_all(
    response: urllib3.BaseHTTPResponse, read: Callable[[urllib3.BaseHTTPResponse, int], T], maximum_bytes: int
) -> T:
    """What `read` makes of the answer. The connection is kept only when all of it was read."""
    is_complete = False
    try:
        result = read(response, maximum_bytes)
        is_complete = True
    finally:
        if not is_complete:
            response.close()
    response.release_conn()
    return result


def _body(response: urllib3.BaseHTTPResponse, maximum_bytes: int) -> bytes:
    body = io.BytesIO()
    _write_body(response, body, maximum_bytes)
    return body.getvalue()


def _write_body(response: urllib3.BaseHTTPResponse, into: BinaryIO, maximum_bytes: int) -> int:
    """The body as it came, in its content coding; its length."""
    if response.status != _OK:
        raise UnexpectedStatus(response.status)
    size = 0
    # An answer that is cut short is noticed only by the read that finds nothing more.
    while part := response.read(min(_PORTION, maximum_bytes + 1 - size), decode_content=False):
        size += len(part)
        if size > maximum_bytes:
            raise ResponseTooLarge(f"more than {maximum_bytes} bytes")
        into.write(part)
    return size


class _PlainSocket(socket.socket):
    """A socket that stops receiving at a fixed instant of the monotonic clock, however the bytes arrive."""

    deadline: float = math.inf

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(_remaining(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _TlsSocket(ssl.SSLSocket):
    """The same over TLS."""

    deadline: float = math.inf

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(_remaining(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3's own class
        _set_deadline(self)
        return super().getresponse()


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as in urllib3's own class
        _set_deadline(self)
        return super().getresponse()


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _remaining(deadline: float) -> float | None:
    if deadline == math.inf:
        return None
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the exchange's deadline has passed")
    return seconds


def _connect(connection: HTTPConnection) -> _PlainSocket:
    """Try each address of the host within one deadline, which a TLS handshake then shares.

    Raises our own leaves, which urllib3 lets pass: its own say of any failure here that it is a timeout.
    """
    deadline = time.monotonic() + (connection.timeout or 0)
    try:
        addresses = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise PeerUnreachable("the host name has no address") from error
    for family, kind, protocol, _, address in addresses:
        candidate = _PlainSocket(family, kind, protocol)
        try:
            candidate.settimeout(_remaining(deadline))
            candidate.connect(address)
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            candidate.settimeout(_remaining(deadline))
        except TimeoutError as error:
            candidate.close()
            raise DeadlineExceeded("no connection in time") from error
        except OSError:
            candidate.close()
        else:
            return candidate
    raise PeerUnreachable("no address of the host answers")


def _set_deadline(connection: HTTPConnection) -> None:
    """Called when the request is sent: `connection.timeout` is then what is left of the whole exchange's time."""
    connected = connection.sock
    if not isinstance(connected, _PlainSocket | _TlsSocket) or connection.timeout is None:
        raise PeerUnreachable("a connection without a deadline")
    connected.deadline = time.monotonic() + connection.timeout
