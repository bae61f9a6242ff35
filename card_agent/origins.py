"""Who may speak to the agent, told from headers that only a browser writes.

Every check raises; none looks at anything a page could choose.
"""

from collections.abc import Iterable
from typing import Protocol
from urllib.parse import urlsplit

from card_agent.settings import Site

_LONGEST_HOST_SHOWN = 80


class Headers(Protocol):
    """The headers of a request, whose names do not depend on case."""

    def get(self, name: str, default: str, /) -> str: ...


class RequestRefused(Exception):
    """The browser's headers say that this request must not be served. This family is closed."""


class WrongHost(RequestRefused):
    """`Host` is not ours: a foreign name that points at this computer (DNS rebinding)."""


class OriginHidden(RequestRefused):
    """No `Origin`, or `null`: nobody can say which site asks."""


class OriginUnknown(RequestRefused):
    """A site that is not on the list; `host` is cut, and still the stranger's text."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class NotOwnForm(RequestRefused):
    """The form on the agent's page was sent by another page."""


class NotNavigation(RequestRefused):
    """Not a page opened in a tab of its own, but a script's request or a frame."""


def require_own_host(host_header: str | None, own_host: str) -> None:
    """Raises `WrongHost` unless the header is exactly ours."""
    if host_header != own_host:
        raise WrongHost


def asking_site(headers: Headers, sites: Iterable[Site]) -> Site:
    """The listed site that the browser names in `Origin`. Raises `OriginHidden`, `OriginUnknown`."""
    origin = headers.get("Origin", "null")
    if origin == "null":
        raise OriginHidden
    for site in sites:
        if site.origin == origin:
            return site
    raise OriginUnknown(_shown_host(origin))


def require_own_form(headers: Headers, own_origin: str) -> None:
    """Raises `NotOwnForm` unless the agent's own page sent the form."""
    if headers.get("Origin", "null") != own_origin or headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise NotOwnForm


def require_navigation(headers: Headers) -> None:
    """Raises `NotNavigation` for a script's request and for frames; older browsers send neither header."""
    if headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise NotNavigation
    if headers.get("Sec-Fetch-Dest", "document") != "document":
        raise NotNavigation


def _shown_host(origin: str) -> str:
    """The host of a strange origin, fit to be shown. Raises `OriginHidden` if it has none that can be shown."""
    try:
        host = urlsplit(origin).netloc
    except ValueError as error:
        raise OriginHidden from error
    if not host or not (host.isascii() and host.isprintable()):
        raise OriginHidden
    return host if len(host) <= _LONGEST_HOST_SHOWN else host[:_LONGEST_HOST_SHOWN] + "…"
