from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from card_agent.questions import QuestionDamaged, read_question
from jpki.challenge import Purpose
from tests.support.agent_browser import NONCE, NONCE_TEXT, SITE, question_fields
from tests.support.fake_reader import NOW


def listed(fields: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in fields.items()}


def test_a_question_is_read() -> None:
    question = read_question(listed(question_fields(purpose="registration")), site=SITE, now=NOW)
    assert (question.purpose, question.nonce, question.language) == (Purpose.REGISTRATION, NONCE, "en")
    assert question.expires_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", "jpki-auth:2"),
        ("purpose", "signature"),
        ("purpose", ""),
        ("nonce", NONCE_TEXT[:-1]),
        ("nonce", NONCE_TEXT + "="),
        ("nonce", NONCE_TEXT[:-1] + "9"),
        ("nonce", NONCE_TEXT[:-1] + "+"),
        ("expires", "soon"),
        ("expires", "-1"),
        ("expires", "１７"),
        ("expires", "9" * 12),
        ("expires", "9" * 13),
        ("lang", "fr"),
    ],
)
def test_a_malformed_field_is_named(name: str, value: str) -> None:
    with pytest.raises(QuestionDamaged, match=f"^{name}$"):
        read_question(listed(question_fields(**{name: value})), site=SITE, now=NOW)


@pytest.mark.parametrize("name", ["format", "purpose", "nonce", "expires", "lang"])
@pytest.mark.parametrize("times", [0, 2])
def test_each_field_comes_exactly_once(name: str, times: int) -> None:
    fields = listed(question_fields())
    fields[name] *= times
    with pytest.raises(QuestionDamaged, match=f"^{name}$"):
        read_question(fields, site=SITE, now=NOW)


def test_a_challenge_is_late_from_its_end_on() -> None:
    question = read_question(listed(question_fields()), site=SITE, now=NOW)
    assert not question.is_late(question.expires_at - timedelta(seconds=1))
    assert question.is_late(question.expires_at)


@given(some.dictionaries(some.sampled_from(sorted(question_fields())), some.lists(some.text(), max_size=2)))
def test_nothing_but_damage_is_raised(fields: dict[str, list[str]]) -> None:
    with pytest.raises(QuestionDamaged):
        read_question(fields, site=SITE, now=NOW)
