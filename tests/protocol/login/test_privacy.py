"""What the provider keeps and writes about a card and its holder, after every kind of login."""

import base64
import hashlib
import json
from collections.abc import Iterator

import pytest

from jpki.revocation import RevocationReason
from tests.support.house import Card, SampleHouse


@pytest.fixture
def after_logins(house: SampleHouse, caplog: pytest.LogCaptureFixture) -> tuple[Card, str]:
    """A card that did all it can do, and the log of it."""
    caplog.set_level(0)
    card = house.card()
    browser = house.browser()
    house.log_in(browser, house.ministry, card)
    house.log_in(browser, house.shop, card)
    waiting = house.card()
    other = house.browser()
    house.present(waiting, other, other.open(house.shop.address()))
    house.revocation.on_list[card.serial] = RevocationReason.KEY_COMPROMISE
    third = house.browser()
    assert house.present(card, third, third.open(house.shop.address())).status == 403
    assert house.present(card, third, third.open(house.shop.address()), signature="AAAA").status == 403
    return card, caplog.text


def traces_of(card: Card) -> dict[str, bytes]:
    """How the serial and the certificate could stand somewhere."""
    number = card.serial.to_bytes((card.serial.bit_length() + 7) // 8, "big")
    return {
        "decimal": str(card.serial).encode(),
        "hexadecimal": number.hex().encode(),
        "HEXADECIMAL": number.hex().upper().encode(),
        "with colons": number.hex(":").encode(),
        "bytes": number,
        "bytes, other end first": number[::-1],
        "base64": base64.b64encode(number).rstrip(b"="),
        "base64url": base64.urlsafe_b64encode(number).rstrip(b"="),
        "its digest": hashlib.sha256(number).digest(),
        "its digest in hexadecimal": hashlib.sha256(number).hexdigest().encode(),
        "decimal digest": hashlib.sha256(str(card.serial).encode()).digest(),
        "certificate": card.certificate[:40],
        "digest of the certificate": hashlib.sha256(card.certificate).digest(),
        "digest of the certificate in hexadecimal": hashlib.sha256(card.certificate).hexdigest().encode(),
        "certificate in base64": base64.b64encode(card.certificate)[40:80],
    }


def values(house: SampleHouse) -> Iterator[tuple[str, bytes]]:
    """Every value of every table as bytes."""
    with house.engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        for table in tables:
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):  # noqa: S608 (names of our own tables)
                for value in row:
                    yield table, value if isinstance(value, bytes) else str(value).encode()


def test_neither_serial_nor_certificate_is_in_any_table(house: SampleHouse, after_logins: tuple[Card, str]) -> None:
    card, _ = after_logins
    kept = list(values(house))
    assert len({table for table, _ in kept}) > 8
    found = [(what, table) for what, trace in traces_of(card).items() for table, value in kept if trace in value]
    assert found == []


def test_neither_serial_nor_certificate_is_in_the_database_file(
    house: SampleHouse, after_logins: tuple[Card, str]
) -> None:
    """Pages that were freed and the write-ahead log too."""
    card, _ = after_logins
    file = house.settings.database.file
    assert file is not None
    files = [path.read_bytes() for path in file.parent.glob(f"{file.name}*")]
    assert sum(len(content) for content in files) > 100_000
    assert [what for what, trace in traces_of(card).items() if any(trace in content for content in files)] == []


def test_log_holds_neither_serial_nor_certificate_nor_handles(
    house: SampleHouse, after_logins: tuple[Card, str]
) -> None:
    card, log = after_logins
    assert [what for what, trace in traces_of(card).items() if trace in log.encode(errors="replace")] == []
    with house.engine.connect() as connection:
        subjects = connection.exec_driver_sql("SELECT value FROM subject_identifiers").scalars().all()
    assert subjects
    assert [value for value in subjects if value in log] == []


def test_handles_in_cookies_are_kept_as_digests_only(house: SampleHouse) -> None:
    browser = house.browser()
    house.log_in(browser, house.shop, house.card())
    handles = [cookie.value.encode() for cookie in browser.cookies.values()]
    assert len(handles) == 2
    kept = list(values(house))
    assert [table for table, value in kept for handle in handles if handle in value] == []


def test_waiting_registration_holds_only_the_fingerprint_of_the_card(house: SampleHouse) -> None:
    card, browser = house.card(), house.browser()
    house.present(card, browser, browser.open(house.shop.address()))
    with house.engine.connect() as connection:
        payload = connection.exec_driver_sql("SELECT payload FROM one_time WHERE kind = 'registration'").scalar_one()
    kept = json.loads(payload)["card"]
    assert set(kept) == {"fingerprint", "check", "verified_at", "certificate_ends"}
    assert set(kept["fingerprint"]) == {"key_id", "value"}
    assert len(base64.b64decode(kept["fingerprint"]["value"])) == 32
    assert [what for what, trace in traces_of(card).items() if trace in payload.encode()] == []
