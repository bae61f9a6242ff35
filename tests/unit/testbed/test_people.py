from dataclasses import replace
from datetime import date

import pytest

from tests.support.pki import HANAKO


@pytest.mark.parametrize(
    ("born", "written"),
    [
        (date(1868, 1, 24), "018680124"),
        (date(1912, 7, 29), "119120729"),
        (date(1912, 7, 30), "219120730"),
        (date(1926, 12, 24), "219261224"),
        (date(1926, 12, 25), "319261225"),
        (date(1989, 1, 7), "319890107"),
        (date(1989, 1, 8), "419890108"),
        (date(2019, 4, 30), "420190430"),
        (date(2019, 5, 1), "520190501"),
    ],
)
def test_birth_date_has_the_era_and_the_western_year(born: date, written: str) -> None:
    assert replace(HANAKO, born=born).birth_date == written


def test_substitution_map_marks_single_characters() -> None:
    person = replace(HANAKO, substituted_in_name=(0, 3), substituted_in_address=(1,))
    assert person.name_map == "10010"
    assert person.address_map == "01" + "0" * (len(person.address) - 2)


def test_name_has_a_full_width_space_between_its_parts() -> None:
    assert HANAKO.name == "番号\N{IDEOGRAPHIC SPACE}花子"


@pytest.mark.parametrize(
    ("born", "issued", "end"),
    [
        (date(1980, 2, 17), date(2025, 10, 27), date(2030, 2, 17)),
        (date(1980, 11, 20), date(2026, 11, 20), date(2031, 11, 20)),
        (date(1980, 11, 21), date(2026, 11, 20), date(2030, 11, 21)),
        (date(1952, 2, 29), date(2026, 11, 20), date(2031, 2, 28)),
    ],
)
def test_certificate_ends_on_the_fifth_birthday_after_issue(born: date, issued: date, end: date) -> None:
    assert replace(HANAKO, born=born).fifth_birthday_after(issued) == end
