from pathlib import Path

import pytest

from foundation.texts import Message, Texts, choose_language, load_texts

TEXTS = Texts(
    "en",
    {
        "plain": "Hello",
        "named": "Hello {name}",
        "count": {"one": "{n} try left", "other": "{n} tries left"},
        "page": {"heading": "Card of {name}", "body": {"one": "{n} minute", "other": "{n} minutes"}},
        "braces": "a {literal} brace",
    },
)


def test_text_is_found_by_its_id() -> None:
    assert TEXTS("plain") == "Hello"


def test_places_are_filled() -> None:
    assert TEXTS("named", name="花子") == "Hello 花子"


def test_value_with_braces_is_not_filled_again() -> None:
    assert TEXTS("named", name="{other}") == "Hello {other}"


def test_text_without_arguments_keeps_its_braces() -> None:
    assert TEXTS("braces") == "a {literal} brace"


@pytest.mark.parametrize(("n", "words"), [(0, "0 tries left"), (1, "1 try left"), (2, "2 tries left")])
def test_plural_follows_n(n: int, words: str) -> None:
    assert TEXTS("count", n=n) == words


def test_message_has_heading_and_body() -> None:
    assert TEXTS.message("page", name="花子", n=1) == Message(heading="Card of 花子", body="1 minute")


def test_unknown_id_is_an_error() -> None:
    with pytest.raises(KeyError):
        TEXTS("absent")


def test_missing_argument_is_an_error() -> None:
    with pytest.raises(KeyError):
        TEXTS("named", other="x")


def test_both_catalogues_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "ja.toml").write_text('"a.b" = "はい"', encoding="utf-8")
    (tmp_path / "en.toml").write_text('"a.b" = "yes"', encoding="utf-8")
    texts = load_texts(tmp_path)
    assert {language: catalogue("a.b") for language, catalogue in texts.items()} == {"ja": "はい", "en": "yes"}
    assert texts["ja"].ids == {"a.b"}
    assert texts["ja"].language == "ja"


@pytest.mark.parametrize(
    ("header", "chosen", "language"),
    [
        ("", None, "ja"),
        ("fr, de", None, "ja"),
        ("en", None, "en"),
        ("en-GB,en;q=0.9", None, "en"),
        ("ja-JP, en;q=0.9", None, "ja"),
        ("ja;q=0.5, en;q=0.8", None, "en"),
        ("fr, en;q=0.2, ja;q=0.1", None, "en"),
        ("en;q=0", None, "ja"),
        ("en;q=0, ja;q=0", None, "ja"),
        ("EN", None, "en"),
        ("en;q=high", None, "ja"),
        ("en;q=nan", None, "ja"),
        ("en", "ja", "ja"),
        ("ja", "en", "en"),
        ("en", "fr", "en"),
        ("x" * 600 + ", en", None, "ja"),
    ],
)
def test_language_is_the_persons_choice_then_the_browsers_then_japanese(
    header: str, chosen: str | None, language: str
) -> None:
    assert choose_language(header, chosen) == language
