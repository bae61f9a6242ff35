"""The page that hands a browser over to a site, as fast as it can be made: single sign-on is little else.

All that differs between two visitors in one language is the form; the rest is rendered once and kept.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex

from markupsafe import escape

from idp.protocols.contract import FormPost

MOST_SHELLS = 1000
"""A shell for each site and language; past that they are rendered anew, which costs time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shell:
    before: str
    between: str
    after: str


@dataclass(frozen=True, slots=True)
class HandoverPages:
    """The kept shells of one worker; they hold texts and names of sites, nothing of a visitor."""

    _shells: dict[tuple[str, ...], _Shell] = field(default_factory=dict)
    _marker: str = field(default_factory=partial(token_hex, 16))
    """Random, so that no site's name can pretend to be the place of the form."""

    def fill(self, about: tuple[str, ...], form: FormPost, render: Callable[[str, str], str]) -> str:
        """The page with `form`; `render` makes it from the form's action and the marker of where its fields go.

        `about` tells all that the page depends on beside: its language, its site, its message.
        """
        shell = self._shells.get(about)
        if shell is None:
            shell = self._cut(render(f"{self._marker}-action", f"{self._marker}-fields"))
            if len(self._shells) < MOST_SHELLS:
                self._shells[about] = shell
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in form.fields
        )
        return f"{shell.before}{escape(form.action)}{shell.between}{fields}{shell.after}"

    def _cut(self, page: str) -> _Shell:
        before, _, rest = page.partition(f"{self._marker}-action")
        between, _, after = rest.partition(f"{self._marker}-fields")
        return _Shell(before=before, between=between, after=after)
