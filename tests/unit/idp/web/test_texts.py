import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from foundation.texts import LANGUAGES, load_texts

WEB = Path(__file__).resolve().parents[4] / "idp" / "web"
CATALOGUES: dict[str, dict[str, object]] = {
    language: tomllib.loads((WEB / "translations" / f"{language}.toml").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
IDS = sorted(CATALOGUES["ja"])
JARGON = {
    "ja": re.compile(
        "アサーション|IdP|属性|トークン|認証要求|セッション|クライアント|リダイレクト|PIN|エラーコード|不正|失敗|間違"
    ),
    "en": re.compile(r"assertion|relying party|\bsession\b|\btoken\b|redirect|identity provider|failed", re.IGNORECASE),
}


def ids_in_templates() -> set[str]:
    """Every text id that a template of the identity provider names."""
    pages = (page.read_text(encoding="utf-8") for page in (WEB / "templates").rglob("*.html"))
    return {found for page in pages for found in re.findall(r'\bt(?:\.message)?\(\s*"([^"]+)"', page)}


def ids_in_python() -> set[str]:
    """Every known text id that stands as a whole string in the identity provider's code."""
    trees = (ast.parse(module.read_text(encoding="utf-8")) for module in WEB.parent.rglob("*.py"))
    constants = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {value for value in constants if isinstance(value, str)} & set(IDS)


def sentences(entry: object) -> Iterator[str]:
    """Every string of one entry: heading, body, each plural form."""
    if isinstance(entry, dict):
        for part in entry.values():
            yield from sentences(part)
    else:
        yield str(entry)


def places(entry: object) -> set[str]:
    return {name for text in sentences(entry) for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_ids() -> None:
    assert set(CATALOGUES["ja"]) == set(CATALOGUES["en"])


@pytest.mark.parametrize("text_id", IDS)
def test_both_languages_have_the_same_places_and_parts(text_id: str) -> None:
    ja, en = (CATALOGUES[language][text_id] for language in LANGUAGES)
    assert places(ja) == places(en)
    has_heading = [isinstance(entry, dict) and "heading" in entry for entry in (ja, en)]
    assert has_heading[0] == has_heading[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", IDS)
def test_a_text_has_no_word_that_citizens_do_not_know(text_id: str, language: str) -> None:
    assert [text for text in sentences(CATALOGUES[language][text_id]) if JARGON[language].search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text_id", IDS)
def test_a_text_can_be_filled(text_id: str, language: str) -> None:
    arguments = dict.fromkeys(places(CATALOGUES[language][text_id]), "見本")
    message = load_texts(WEB / "translations")[language].message(text_id, **arguments, n=2)
    assert message.heading
    assert "{" not in message.heading + message.body


def test_every_id_in_a_template_has_a_text() -> None:
    assert ids_in_templates() - set(IDS) == set()


def test_every_text_is_in_use() -> None:
    assert set(IDS) - ids_in_templates() - ids_in_python() == set()
