from argparse import Namespace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.commands.output import HINTS, OPTIONS, CommandRefused, instant, printable, refuse, say, table
from idp.domain.registration import Remark
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Entry


def test_columns_are_as_wide_as_they_look() -> None:
    assert list(table([("見本", "a"), ("b", "見"), ("cccc", "")])) == ["見本  a", "b     見", "cccc"]


@given(st.text())
def test_nothing_hidden_is_ever_printed(text: str) -> None:
    assert printable(text).isprintable()


def test_answer_for_a_person_hides_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    say(Namespace(json=False), None, ["見本\u202e\x1b[2J"])
    assert capsys.readouterr().out == "見本\\u202e\\x1b[2J\n"


def test_answer_for_a_program_is_plain_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    say(Namespace(json=True), {"name": "見本\u202e"}, ["never"])
    assert capsys.readouterr().out == '{\n  "name": "\\u898b\\u672c\\u202e"\n}\n'


def test_readable_text_is_printed_as_it_is() -> None:
    assert printable("見本省 / Sample — “Ministry”") == "見本省 / Sample — “Ministry”"


def test_instants_are_written_to_the_second() -> None:
    assert instant(datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)) == "2026-11-21T09:00:00Z"
    assert instant(None) is None


@pytest.mark.parametrize("entry", Entry)
def test_every_entry_of_the_operator_has_its_word_on_the_command_line(entry: Entry) -> None:
    assert OPTIONS[entry] == "METADATA" or OPTIONS[entry].startswith("--")


def test_hints_are_for_places_that_exist() -> None:
    assert set(HINTS) <= set(Entry)


def test_one_fault_without_a_place_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    refuse(SiteRefused(Remark(place="", words="no such site")), as_json=False)
    refuse(CommandRefused("no such file"), as_json=False)
    assert capsys.readouterr().err == "no such site\nno such file\n"
