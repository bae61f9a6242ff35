"""A stand-in for the application that hands each request to a running server, so that sample citizens reach it."""

from collections.abc import Iterable
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SECONDS = 20
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


def wired_app(host: str) -> Flask:
    """An application whose every answer comes from the server at `host` (address:port); the Host header stays."""
    app = Flask("wire", static_folder=None)
    app.wsgi_app = _Wire(host)  # type: ignore[method-assign]  # Flask's documented place for middleware.
    return app


class _Wire:
    def __init__(self, host: str) -> None:
        self._host = host

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        connection = HTTPConnection(self._host, timeout=_SECONDS)
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, body or None, _headers(environ))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        start_response(f"{answer.status} {answer.reason}", kept)
        return [content]


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    return headers
