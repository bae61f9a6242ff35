"""What no request may do: load a private key, or leave the state of one login in memory."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.house import SampleHouse

_opened: list[str] | None = None


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _opened is not None and event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_hear)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Every file that is opened from now on."""
    global _opened  # noqa: PLW0603 (an audit hook can only be switched off from outside)
    _opened = []
    yield _opened
    _opened = None


def no_key_may_be_loaded(*arguments: object, **named: object) -> None:
    del arguments, named
    raise AssertionError("a private key was parsed inside a request")


def test_private_keys_are_loaded_before_the_first_request_and_never_in_one(
    house: SampleHouse, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, card = house.browser(), house.card()
    for name in (
        "cryptography.hazmat.primitives.serialization.load_pem_private_key",
        "cryptography.hazmat.primitives.serialization.load_der_private_key",
        "idp.adapters.keys.pem.load_pem_private_key",
        "idp.adapters.keys.files.read_key_file",
        "idp.adapters.keys.pem.read_key_file",
        "idp.adapters.keys.hmac_file.read_key_file",
    ):
        monkeypatch.setattr(name, no_key_may_be_loaded)
    assert house.ministry.read(house.log_in(browser, house.ministry, card)).status == "Success"
    assert house.shop.claims(house.log_in(browser, house.shop, card))["sub"]
    assert browser.open("/saml/metadata").status == 200
    assert opened
    keys = house.settings.keys.folder
    assert [name for name in opened if keys in Path(name).parents] == []


def test_any_worker_can_serve_any_request(house: SampleHouse, second_house: SampleHouse) -> None:
    """Two workers over one database take turns, request by request."""
    card, browser = house.card(), house.browser()
    workers = [house.browser(), second_house.browser()]
    for worker in workers:
        worker.cookies = browser.cookies
    page = workers[0].open(house.ministry.address())
    page = workers[1].send(
        f"{page.address.partition('/login')[0]}/card/answer", card.answer(page), origin="http://127.0.0.1:8471"
    )
    page = workers[0].open(page.address)
    page = workers[1].press(page, "/enrolment/", agree="yes")
    assert house.ministry.read(page).status == "Success"
    assert house.shop.got_answer(workers[0].open(house.shop.address()))
    assert second_house.shop.got_answer(workers[1].open(second_house.shop.address()))
