"""Addresses on the web as others write them: which are usable, and which are safe to send something to."""

import ipaddress
import re
from enum import Enum, auto
from urllib.parse import SplitResult, urlsplit

LONGEST_ADDRESS = 1024
"""Characters of one that we show or ask."""

_CHARACTERS = re.compile(r"[!#$&'()*+,./0-9:;=?@A-Z_a-z~%\[\]-]*", re.ASCII)
"""Those of RFC 3986: in no other can anything hide."""

_HOST = re.compile(r"[0-9A-Za-z._-]+|[0-9A-Fa-f:.]+", re.ASCII)
"""A name of DNS or a number. RFC 3986 would allow signs that mean something in a content security policy."""


class AddressFault(Enum):
    """What is wrong with an address, the first of it."""

    CHARACTERS = auto()
    UNREADABLE = auto()
    PLACE = auto()
    """There is no possible host or port, or there is a user name, by which one host can pass for another."""
    OPEN = auto()
    """It is not https: others on the way can read and change what is sent."""
    FRAGMENT = auto()
    """It is for the browser alone, and lost or overwritten where something is sent."""


def address_fault(url: str, *, unsafe_http_loopback: bool = False) -> AddressFault | None:
    """Of an absolute address to send something to; None if it will do.

    With `unsafe_http_loopback` plain HTTP will do on this computer itself: for development.
    """
    parts = _parts(url)
    if isinstance(parts, AddressFault):
        return parts
    is_here = unsafe_http_loopback and parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not is_here:
        return AddressFault.OPEN
    return AddressFault.FRAGMENT if "#" in url else None


def is_link(url: str) -> bool:
    """Whether people can be sent there: to https or http, and to a place within a page."""
    parts = _parts(url)
    return isinstance(parts, SplitResult) and parts.scheme in {"https", "http"} and len(url) <= LONGEST_ADDRESS


def _parts(url: str) -> SplitResult | AddressFault:
    if not _CHARACTERS.fullmatch(url):
        return AddressFault.CHARACTERS
    try:
        parts = urlsplit(url)
        is_host = _HOST.fullmatch(parts.hostname or "") is not None
        has_place = is_host and parts.port != 0 and parts.username is None
    except ValueError:
        return AddressFault.UNREADABLE
    return parts if has_place else AddressFault.PLACE


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
