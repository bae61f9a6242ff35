"""The two cookies: which browser this is, and which session it has. Both hold random handles and nothing else.

With TLS they carry the `__Host-` prefix (RFC 6265bis section 4.1.3.2): no other host, and no plain-HTTP page, can set
them.
"""

import secrets
from dataclasses import dataclass

from flask import Request, Response

from idp.domain.login import BrowserHandle
from idp.domain.session import SessionHandle

_HANDLE_LENGTH = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """Reads and writes the cookies; `secure` is whether browsers reach us over TLS."""

    secure: bool

    def browser(self, request: Request) -> BrowserHandle | None:
        """This browser's handle."""
        value = self._read(request, "browser")
        return BrowserHandle(value) if value else None

    def session(self, request: Request) -> SessionHandle | None:
        """The handle of this browser's session."""
        value = self._read(request, "session")
        return SessionHandle(value) if value else None

    def keep_browser(self, response: Response, handle: BrowserHandle) -> None:
        """Tell the browser its handle."""
        self._write(response, "browser", handle)

    def keep_session(self, response: Response, handle: SessionHandle) -> None:
        """Tell the browser its session."""
        self._write(response, "session", handle)

    def forget_session(self, response: Response) -> None:
        """Take the session's handle from the browser."""
        response.delete_cookie(self._name("session"), secure=self.secure, httponly=True, samesite="Lax")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def _read(self, request: Request, name: str) -> str | None:
        value = request.cookies.get(self._name(name), "")
        return value if len(value) == _HANDLE_LENGTH else None

    def _write(self, response: Response, name: str, value: str) -> None:
        response.set_cookie(self._name(name), value, secure=self.secure, httponly=True, samesite="Lax", path="/")


def new_browser_handle() -> BrowserHandle:
    """256 random bits."""
    return BrowserHandle(secrets.token_urlsafe(32))
