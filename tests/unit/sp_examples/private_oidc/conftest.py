from pathlib import Path

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tests.support.shop import Shop, a_shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The sample shop, whose own requests reach its provider without a socket."""
    shop = a_shop(tmp_path)

    def send(_: HTTPAdapter, request: PreparedRequest, **_named: object) -> Response:
        return shop.network.send(request)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return shop
