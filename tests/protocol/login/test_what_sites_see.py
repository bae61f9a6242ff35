"""What reaches a site about the card that logged in: nothing by which it could be known elsewhere."""

import json
from base64 import b64decode, b64encode

import pytest

from tests.support.house import Card, SampleHouse


def spellings(card: Card) -> dict[str, str]:
    """How serial and certificate could stand in a message."""
    return {
        "decimal": str(card.serial),
        "hexadecimal": format(card.serial, "x"),
        "certificate": b64encode(card.certificate).decode()[100:200],
    }


@pytest.fixture
def told(house: SampleHouse) -> tuple[Card, dict[str, str]]:
    """Every word that each of the two kinds of site is sent after one card login."""
    card, browser = house.card(), house.browser()
    hand_over = house.log_in(browser, house.ministry, card)
    response = b64decode(hand_over.form("https:").fields["SAMLResponse"]).decode()
    claims = house.shop.claims(browser.open(house.shop.address()))
    return card, {"SAML response": response, "ID token": json.dumps(claims)}


def test_no_site_is_told_serial_or_certificate(told: tuple[Card, dict[str, str]]) -> None:
    card, messages = told
    found = [
        (message, name)
        for message, text in messages.items()
        for name, spelling in spellings(card).items()
        if spelling in text.lower() or spelling in text
    ]
    assert found == []


def test_no_site_is_told_the_fingerprint_or_the_number_of_the_citizen(
    house: SampleHouse, told: tuple[Card, dict[str, str]]
) -> None:
    _, messages = told
    with house.engine.connect() as connection:
        ((value, citizen),) = connection.exec_driver_sql("SELECT fingerprint, citizen FROM card_bindings").all()
    for text in messages.values():
        assert value.hex() not in text.lower()
        assert b64encode(value).decode().rstrip("=") not in text
        assert citizen not in text
