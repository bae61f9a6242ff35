"""The site's words."""

from datetime import UTC, datetime

import pytest

from sp_examples.ministry_saml.federation import SMARTCARD_PKI, Login
from sp_examples.ministry_saml.texts import LANGUAGES, MESSAGES, REFUSALS, choose_language, facts, refusal

INSTANT = datetime(2026, 11, 1, 15, 5, tzinfo=UTC)


def a_login(cert_status: str | None) -> Login:
    return Login(
        subject="number", context=SMARTCARD_PKI, logged_in_at=INSTANT, ends_at=INSTANT, cert_status=cert_status
    )


def test_times_are_written_for_japan_with_the_day_of_the_week() -> None:
    assert facts("ja", a_login(None))[0][1] == "2026年11月2日（月）00:05（日本時間）"
    assert facts("en", a_login(None))[0][1] == "Monday, 2 November 2026, 00:05 (Japan time)"


def test_freshness_is_written_in_words() -> None:
    status = '{"source": "crl", "checked_at": "2026-11-01T15:05:00Z", "list_issued_at": "2026-11-01T15:00:00Z"}'
    assert facts("en", a_login(status))[-1][1] == "Monday, 2 November 2026, 00:05 (Japan time), by CRL"


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"source": "crl", "checked_at": "yesterday"}'])
def test_freshness_in_another_form_is_shown_as_it_is(text: str) -> None:
    assert facts("ja", a_login(text))[-1][1] == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_there_in_both_languages(language: str) -> None:
    for message in [*MESSAGES.values(), *REFUSALS.values()]:
        assert message[language].heading
        assert message[language].body
    assert refusal("a status nobody knows", language).heading


def test_own_choice_of_language_is_stronger_than_the_browsers() -> None:
    assert choose_language("en", "ja") == "ja"
    assert choose_language("en", "fr") == "en"
    assert choose_language(None, None) == "ja"
