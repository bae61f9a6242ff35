"""The agent's settings, read from TOML by `foundation.settings`."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{0,200}", re.ASCII)
_FIRST_PORT, _LAST_PORT = 1024, 65535
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A web site for which the card may be used, and where it takes the answer.

    `origin` is written as a browser writes it: lower case, no default port, no trailing slash. Plain `http` is for
    loopback addresses only. Raises `ValueError`.
    """

    origin: str
    answer_path: str = "/card/answer"

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        host = parts.hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
        if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
            raise ValueError(f"{self.origin!r} is not an origin such as https://login.example.jp")
        if self.origin != f"{parts.scheme}://{host}{port}" or parts.port == _DEFAULT_PORTS[parts.scheme]:
            raise ValueError(f"{self.origin!r} is not written as a browser writes an origin")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError(f"{self.origin!r}: plain http is for loopback addresses only")
        if not _PATH.fullmatch(self.answer_path):
            raise ValueError(f"{self.answer_path!r} is not a plain path")

    @property
    def host(self) -> str:
        """Host and port, as the citizen sees them."""
        return self.origin.partition("://")[2]

    @property
    def answer_address(self) -> str:
        return self.origin + self.answer_path


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """What one run of the agent is told.

    `challenge_lifetime` is what sites give one challenge; here it is only said in words. `request_lifetime` is how long
    a question is remembered, `most_requests` how many at once; past that the oldest is forgotten.
    """

    port: int
    sites: tuple[Site, ...]
    challenge_lifetime: timedelta = timedelta(minutes=5)
    request_lifetime: timedelta = timedelta(minutes=30)
    most_requests: int = 32
    card_loss_phone: str = "0120-95-0178"

    def __post_init__(self) -> None:
        if not _FIRST_PORT <= self.port <= _LAST_PORT:
            raise ValueError("port is between 1024 and 65535")
        if not self.sites:
            raise ValueError("at least one site is needed")
        if len({site.origin for site in self.sites}) != len(self.sites):
            raise ValueError("a site is listed twice")
        if self.most_requests < 1:
            raise ValueError("most_requests is at least 1")
        if not timedelta(0) < self.challenge_lifetime <= self.request_lifetime:
            raise ValueError("request_lifetime is at least challenge_lifetime, and that is above zero")

    @property
    def host(self) -> str:
        """The only `Host` header that is answered."""
        return f"127.0.0.1:{self.port}"

    @property
    def own_origin(self) -> str:
        return f"http://{self.host}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
