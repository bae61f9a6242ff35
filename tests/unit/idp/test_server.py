import math

import pytest

from idp.server import _announced_bytes


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), 0),
        ((("HOST", "x"), ("CONTENT-LENGTH", "17")), 17),
        ((("Content-Length", "17"),), 17),
        ((("TRANSFER-ENCODING", "chunked"),), math.inf),
        ((("CONTENT-LENGTH", "1"), ("TRANSFER-ENCODING", "chunked")), math.inf),
    ],
)
def test_length_is_what_the_request_announces(headers: tuple[tuple[str, str], ...], expected: float) -> None:
    assert _announced_bytes(headers) == expected
