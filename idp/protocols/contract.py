"""What a protocol is to the rest of the house: it understands, answers and refuses, and decides nothing."""

from dataclasses import dataclass
from typing import Protocol

from idp.domain.errors import IdpError
from idp.domain.login import MessageId
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPost:
    """The browser posts these fields to the site (SAML bindings 3.5, OAuth 2.0 form post)."""

    action: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """The browser follows this address of the site."""

    url: str


Reply = FormPost | Redirect


class ProtocolAdapter(Protocol):
    """The part that is alike in every protocol; `understand` differs in what it reads and stands with each."""

    def answer(self, release: Release, reply: str) -> Reply:
        """The message that carries `release` to the site; `reply` is what `understand` put into the `LoginRequest`."""

    def refuse(self, error: IdpError, reply: str) -> Reply:
        """The protocol's own error message to the site, whose return address `understand` has proven."""

    def return_origin(self, reply: str) -> str:
        """Origin (`scheme://host[:port]`) of that return address, for the form-action of pages that lead there."""


class Refusable(Exception):
    """Raised by `understand` once the return address is proven: the site may be told `error` by `refuse(error, reply)`.

    `message` is still to be used up. Before that point the plain `IdpError` is raised, and a page answers.
    """

    def __init__(
        self, error: IdpError, reply: str, service_provider: ServiceProviderId, message: MessageId | None = None
    ) -> None:
        super().__init__(error.code)
        self.message = message
        self.error = error
        self.service_provider = service_provider
        self.reply = reply
