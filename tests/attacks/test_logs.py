"""What strangers send does not fill the log, and does not stand in it."""

from collections.abc import Iterator

import pytest

from tests.support.house import Foundations
from tests.support.idp_process import RunningIdp, running_idp

SECONDS = 20.0
TIMES = 5
WORD = b"handle-of-a-session"
A_LINE = b"A" * 4000


@pytest.fixture(scope="module")
def idp(foundations: Foundations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIdp]:
    with running_idp(foundations, tmp_path_factory.mktemp("idp")) as running:
        yield running


@pytest.mark.parametrize(
    "request_head",
    [
        b"GARBAGE-" + WORD + A_LINE + b"\r\n\r\n",
        b"GET /" + WORD + b" " + WORD + A_LINE + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + WORD + b"@" + A_LINE + b": 1\r\n\r\n",
    ],
    ids=["request line", "version", "header name"],
)
def test_a_malformed_request_leaves_nothing_in_the_log(idp: RunningIdp, request_head: bytes) -> None:
    before = idp.log.stat().st_size
    for _ in range(TIMES):
        assert b" 400 " in idp.say(request_head, timeout=SECONDS).partition(b"\r\n")[0]
    assert idp.log.stat().st_size - before < len(A_LINE)
    assert WORD not in idp.log.read_bytes()
