"""An HTTP client without a network, for whatever asks through `foundation.http.HttpClient`."""

from collections.abc import Callable
from dataclasses import dataclass

from foundation.http import ExchangeLimits, HttpClient, RequestFailed

Answer = Callable[[bytes], bytes | RequestFailed]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest:
    """What the client was told to send; `body` is empty for GET."""

    url: str
    body: bytes
    limits: ExchangeLimits


class FakeHttpClient(HttpClient):
    """Answers from a table of functions by address; raises what such a function returns if that is a failure."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.sent: list[SentRequest] = []

    def get(self, url: str, *, limits: ExchangeLimits) -> bytes:
        return self._answer(url, b"", limits)

    def post(self, url: str, body: bytes, *, content_type: str, limits: ExchangeLimits) -> bytes:
        assert content_type
        return self._answer(url, body, limits)

    def _answer(self, url: str, body: bytes, limits: ExchangeLimits) -> bytes:
        self.sent.append(SentRequest(url=url, body=body, limits=limits))
        answer = self.answers[url](body)
        if isinstance(answer, RequestFailed):
            raise answer
        return answer
