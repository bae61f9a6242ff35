"""What is compared: an identity provider as it is served, with browsers that have an open session at it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from testbed.processes import Program
from tests.support.browser import Browser

BROWSERS = 8
"""As many sessions as the load has connections, so that none waits for another's."""
Attributes = Mapping[str, str]
"""What a peer says of its only citizen, by URI name: what our provider said of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One start of a server at `host` (address:port)."""

    host: str
    programs: Sequence[Program]
    browsers: Sequence[Browser]


class Contender(Protocol):
    """An identity provider with an RSA-2048 key, to which both sites are known and which checks their signatures."""

    @property
    def name(self) -> str: ...
    @property
    def keeps(self) -> str:
        """What is left of a reply when the power fails."""

    @property
    def sso_url(self) -> str:
        """Where requests by the redirect binding go."""

    @property
    def certificate(self) -> bytes:
        """As PEM."""

    def started(self) -> AbstractContextManager[Running]:
        """A fresh start, with all its processes on the servers' processor."""
