"""The sample shop beside a login service that answers without a network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
from flask.testing import FlaskClient
from requests import ConnectionError as Unreachable
from requests import PreparedRequest, Response

from foundation.clock import system_clock
from sp_examples.private_oidc.app import make_app
from sp_examples.private_oidc.keys import load_key, make_keys, public_key_set
from sp_examples.private_oidc.settings import Settings
from tests.support.oidc import ISSUER, AdapterDoor, FakeClock, a_client_site, a_registration, an_adapter

BASE_URL = "https://shop.example"


@dataclass(kw_only=True)
class Network:
    """Carries the shop's own requests to the provider; a test may change what comes back, or cut the line."""

    door: AdapterDoor
    change: Callable[[str, dict[str, object]], dict[str, object]] = lambda _, body: body
    is_cut: bool = False
    asked: list[str] = field(default_factory=list)

    def send(self, request: PreparedRequest) -> Response:
        """The provider's answer."""
        if self.is_cut:
            raise Unreachable
        path = urlsplit(str(request.url)).path
        self.asked.append(path)
        status, body = self._answer(path, request)
        response = Response()
        response.status_code = status
        response.headers["Content-Type"] = "application/json"
        response.raw = BytesIO(msgspec.json.encode(self.change(path, body)))
        return response

    def _answer(self, path: str, request: PreparedRequest) -> tuple[int, dict[str, object]]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, self.door.discovery()
            case "/oidc/jwks":
                return 200, self.door.jwks()
            case "/oidc/token":
                answer = self.door.token(parse_qsl(str(request.body), keep_blank_values=True))
                return answer.status, answer.body
            case _:
                raise AssertionError(path)


@dataclass(kw_only=True)
class Shop:
    """The site in a browser, and the login service behind it."""

    browser: FlaskClient
    network: Network
    settings: Settings

    def begin(self) -> str:
        """Press the login button; where the login service sends the browser back to."""
        asked = self.browser.get("/login").headers["Location"]
        assert asked.startswith(f"{ISSUER}/oidc/authorize?")
        back = self.network.door.authorize(parse_qsl(urlsplit(asked).query, keep_blank_values=True))
        assert back is not None
        return back.removeprefix(BASE_URL)


def a_shop(folder: Path) -> Shop:
    """A shop that is registered at the provider, with its keys in `folder`."""
    settings = Settings(
        issuer=ISSUER,
        client_id="shop",
        base_url=BASE_URL,
        key_file=folder / "key.pem",
        session_secret_file=folder / "secret",
    )
    make_keys(settings)
    registration = a_registration(
        redirect_uris=[settings.callback_url], jwks=msgspec.json.decode(public_key_set(load_key(settings)))
    )
    adapter = an_adapter(a_client_site(client_id="shop", registration=registration))
    network = Network(door=AdapterDoor(adapter=adapter, clock=FakeClock(system_clock())))
    return Shop(browser=make_app(settings).test_client(), network=network, settings=settings)
