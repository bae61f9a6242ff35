"""Where the citizen stands among the agent's pages, as an address that reloading, Back and languages keep."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode

from foundation.texts import LANGUAGES

_LONGEST_READER_NAME = 200
_LONGEST_TICKET = 64


class Notice(StrEnum):
    """What happened to the PIN form that was just sent."""

    WRONG = "wrong"
    MALFORMED = "malformed"
    UNCONFIRMED = "unconfirmed"
    PULLED = "pulled"
    UNANSWERED = "unanswered"
    BUSY = "busy"
    UNREADABLE = "unreadable"


_NOTICES = {notice.value: notice for notice in Notice}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One page about one question; `reader` is empty until the citizen chose one.

    `ticket` is drawn anew for each PIN form and leads from there to the answer, never to another page.
    """

    handle: str
    language: str
    reader: str = ""
    digits_shown: bool = False
    notice: Notice | None = None
    ticket: str = ""

    @classmethod
    def read(cls, handle: str, fields: Mapping[str, str], *, language: str) -> Self:
        """From the query or the form; what is not understood falls back on its default."""
        chosen = fields.get("lang", "")
        notice = fields.get("notice", "")
        return cls(
            handle=handle,
            language=chosen if chosen in LANGUAGES else language,
            reader=fields.get("reader", "")[:_LONGEST_READER_NAME],
            digits_shown=fields.get("digits") == "shown",
            notice=_NOTICES.get(notice),
            ticket=fields.get("ticket", "")[:_LONGEST_TICKET],
        )

    @property
    def fields(self) -> dict[str, str]:
        """The query, or the hidden fields of a form, that lead back here."""
        fields = {"lang": self.language}
        if self.reader:
            fields["reader"] = self.reader
        if self.digits_shown:
            fields["digits"] = "shown"
        if self.notice is not None:
            fields["notice"] = self.notice.value
        return fields

    @property
    def confirm(self) -> str:
        return f"/confirm/{self.handle}?{urlencode(self.fields)}"

    @property
    def done(self) -> str:
        fields = {"lang": self.language}
        if self.ticket:
            fields["ticket"] = self.ticket
        return f"/done/{self.handle}?{urlencode(fields)}"

    @property
    def again(self) -> str:
        """The same question, looked at afresh: no notice, and the reader picked anew."""
        return replace(self, notice=None, reader="").confirm

    def with_digits(self, *, shown: bool) -> str:
        return replace(self, digits_shown=shown).confirm

    def after(self, notice: Notice | None) -> str:
        return replace(self, notice=notice).confirm
