import re
from pathlib import Path

import pytest

from card_agent import messages, server
from card_agent.answers import Outcome
from card_agent.places import Notice
from card_agent.readers import CardState
from foundation.texts import load_texts

FOLDER = server.HERE
TEXTS = load_texts(FOLDER / "translations")
SOURCES = [*FOLDER.glob("*.py"), *FOLDER.glob("templates/*.html")]
WRITTEN_ID = re.compile(r"""["'](?P<id>(?:agent|command|login|request|service)\.[a-z.]*[a-z])["']""")
WRITTEN_HEAD = re.compile(r"""["'](?P<head>(?:agent|command)\.[a-z.]*\.)(?:["'{])""")


def sources() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def test_both_languages_have_the_same_messages() -> None:
    assert TEXTS["ja"].ids == TEXTS["en"].ids


def test_every_id_in_the_code_has_a_text() -> None:
    assert {found["id"] for found in WRITTEN_ID.finditer(sources())} <= TEXTS["ja"].ids


def test_every_text_is_used() -> None:
    written = {found["id"] for found in WRITTEN_ID.finditer(sources())}
    heads = tuple(found["head"] for found in WRITTEN_HEAD.finditer(sources()))
    assert {text for text in TEXTS["ja"].ids if text not in written and not text.startswith(heads)} == set()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_state_notice_and_outcome_has_words(language: str) -> None:
    assert set(messages.STATE_MESSAGES) == set(CardState)
    assert set(messages.NOTICE_MESSAGES) == set(Notice)
    assert set(messages.OUTCOME_MESSAGES) == set(Outcome)
    tables = (messages.STATE_MESSAGES, messages.NOTICE_MESSAGES, messages.OUTCOME_MESSAGES)
    for message_id in {text for table in tables for text in table.values()}:
        assert TEXTS[language].message(message_id).heading


def test_no_page_names_an_inline_style_or_script() -> None:
    pages = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("templates/*.html"))
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]* src=)", pages)


def test_japanese_pages_avoid_words_that_citizens_do_not_use() -> None:
    words = (FOLDER / "translations" / "ja.toml").read_text(encoding="utf-8")
    said = re.findall(r'= "(.*?)"$|heading = "(.*?)"|body = "(.*?)"', words, re.MULTILINE)
    text = "".join(part for found in said for part in found)
    assert len(text) > 1000
    for word in ("PIN", "トークン", "セッション", "アサーション", "リダイレクト", "失敗しました", "不正", "押下"):
        assert word not in text
    assert not re.search(r"[０-９]", text)


def test_icons_are_the_design_s_own() -> None:
    copy, source = (FOLDER / "templates" / "icons.html", Path(FOLDER).parent / "design" / "icons.html")
    assert copy.read_bytes() == source.read_bytes()
