"""Texts that people read: one TOML catalogue per language, one id per message.

A message is a string, or a table with `heading` and `body`. Where English needs a plural, a string becomes a table with
`one` and `other`, chosen by the argument `n`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("ja", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message with its parts; `body` is empty for a one-line text."""

    heading: str
    body: str = ""


class Texts:
    """The catalogue of one language."""

    def __init__(self, language: str, messages: Mapping[str, object]) -> None:
        self.language = language
        self._messages = dict(messages)

    def __call__(self, message_id: str, /, **arguments: object) -> str:
        """The one-line text of `message_id`, with `{name}` places filled. Raises `KeyError` for an unknown id."""
        return self.message(message_id, **arguments).heading

    def message(self, message_id: str, /, **arguments: object) -> Message:
        """Heading and body of `message_id`. Raises `KeyError` for an unknown id."""
        entry = self._messages[message_id]
        if isinstance(entry, dict) and "heading" in entry:
            return Message(
                heading=_fill(entry["heading"], arguments),
                body=_fill(entry.get("body", ""), arguments),
            )
        return Message(heading=_fill(entry, arguments))

    @property
    def ids(self) -> frozenset[str]:
        """Every message id of this catalogue."""
        return frozenset(self._messages)


def load_texts(folder: Path) -> dict[str, Texts]:
    """Both languages from `folder`/ja.toml and en.toml, where ids are dotted keys in quotation marks."""
    return {
        language: Texts(language, tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))
        for language in LANGUAGES
    }


def choose_language(accept_language: str, chosen: str | None = None) -> str:
    """The person's own choice if valid, else the first of `ja` and `en` in Accept-Language, else `ja`."""
    if chosen in LANGUAGES:
        return chosen
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGES:
            weighted.append((-_quality(parameter), position, primary))
    acceptable = [entry for entry in sorted(weighted) if entry[0] < 0]
    return acceptable[0][2] if acceptable else LANGUAGES[0]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _fill(text: object, arguments: Mapping[str, object]) -> str:
    if isinstance(text, dict):
        text = text["one" if arguments.get("n") == 1 else "other"]
    return str(text).format_map(arguments) if arguments else str(text)
