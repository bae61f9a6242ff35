"""What is told of a peer with whom no exchange begins; slow and hostile peers stand in `attacks/test_revocation.py`."""

import socket
from datetime import timedelta

import pytest

from foundation.http import ExchangeLimits, HttpClient, PeerUnreachable

LIMITS = ExchangeLimits(deadline=timedelta(seconds=10), maximum_bytes=100)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_refused_connection_is_no_lateness(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        url = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(PeerUnreachable, match=r"^no address of the host answers$"):
            HttpClient().get(url, limits=LIMITS)


def test_host_that_nobody_knows_is_no_lateness(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(PeerUnreachable, match=r"^the host name has no address$"):
        HttpClient().get("http://nowhere.example/", limits=LIMITS)
