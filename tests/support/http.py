"""An HTTP client without a network, for whatever asks through `foundation.http.HttpClient`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from foundation.http import Download, ExchangeLimits, HttpClient, RequestFailed

Answer = Callable[[bytes], bytes | RequestFailed]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """What the client was told to send; `body` is empty for GET. `accept` and `etag` are those of a download."""

    url: str
    body: bytes
    limits: ExchangeLimits
    accept: str | None = None
    etag: str | None = None


class FakeHttpClient(HttpClient):
    """Answers from a table of functions by address; raises what such a function returns if that is a failure.

    `etag` is what every document that can be downloaded has as its version.
    """

    etag: str | None = None

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.sent: list[SentRequest] = []

    def get(self, url: str, *, limits: ExchangeLimits) -> bytes:
        return self._answer(url, b"", limits)

    def post(self, url: str, body: bytes, *, content_type: str, limits: ExchangeLimits) -> bytes:
        assert content_type
        return self._answer(url, body, limits)

    def download(
        self, url: str, into: BinaryIO, *, accept: str, etag: str | None = None, limits: ExchangeLimits
    ) -> Download | None:
        self.sent.append(SentRequest(url=url, body=b"", limits=limits, accept=accept, etag=etag))
        content = self._content(url, b"")
        if etag is not None and etag == self.etag:
            return None
        return Download(size=into.write(content), etag=self.etag)

    def _answer(self, url: str, body: bytes, limits: ExchangeLimits) -> bytes:
        self.sent.append(SentRequest(url=url, body=body, limits=limits))
        return self._content(url, body)

    def _content(self, url: str, body: bytes) -> bytes:
        answer = self.answers[url](body)
        if isinstance(answer, RequestFailed):
            raise answer
        return answer
