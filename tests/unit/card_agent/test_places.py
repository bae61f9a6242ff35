from urllib.parse import parse_qsl, urlsplit

import pytest

from card_agent.places import Notice, Place


def read_back(address: str) -> Place:
    parts = urlsplit(address)
    return Place.read(parts.path.split("/")[2], dict(parse_qsl(parts.query)), language="ja")


@pytest.mark.parametrize(
    "place",
    [
        Place(handle="h", language="ja"),
        Place(handle="h", language="en", reader="Reader & 装置 #1", digits_shown=True, notice=Notice.WRONG),
    ],
)
def test_an_address_leads_back_to_its_place(place: Place) -> None:
    assert read_back(place.confirm) == place


def test_what_is_not_understood_falls_back() -> None:
    place = Place.read("h", {"lang": "fr", "notice": "?", "digits": "yes", "reader": "r" * 999}, language="ja")
    assert place == Place(handle="h", language="ja", reader="r" * 200)


def test_checking_again_forgets_notice_and_reader() -> None:
    place = Place(handle="h", language="en", reader="A", notice=Notice.PULLED)
    assert read_back(place.again) == Place(handle="h", language="en")
