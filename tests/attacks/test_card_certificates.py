"""Certificates that must not log anyone in, sent through the front door: each with its own page and audit event.

What is wrong with each is tested on the level of the library in `test_certificates.py`.
"""

import base64
import secrets

import pytest

from idp.domain.events import LoginRefused, SessionOpened
from jpki.revocation import RevocationReason
from testbed.defects import Defect
from testbed.profiles import Authority
from tests.support.browser import Browser, Page
from tests.support.house import Card, SampleHouse, is_logged_in

DEFECTS = {
    Defect.EXPIRED: "card.expired",
    Defect.NOT_YET_VALID: "card.early",
    Defect.UNTRUSTED_AUTHORITY: "card.untrusted",
    Defect.OTHER_AUTHORITY: "card.untrusted",
    Defect.WRONG_KIND: "card.kind",
    Defect.WRONG_POLICY: "card.untrusted",
    Defect.NO_POLICY: "card.untrusted",
    Defect.WRONG_KEY_USAGE: "card.kind",
    Defect.NO_KEY_USAGE: "card.kind",
    Defect.WRONG_EXTENDED_KEY_USAGE: "card.kind",
    Defect.CA_FLAG: "card.untrusted",
    Defect.UNKNOWN_CRITICAL_EXTENSION: "card.untrusted",
    Defect.TAMPERED: "card.untrusted",
    Defect.TRUNCATED: "card.untrusted",
    Defect.TRAILING_BYTES: "card.untrusted",
    Defect.OTHER_KEY: "card.mismatch",
    Defect.SHORT_KEY: "card.untrusted",
}


@pytest.fixture
def browser(house: SampleHouse) -> Browser:
    return house.browser()


def assert_refused(house: SampleHouse, browser: Browser, page: Page, code: str, *, status: int = 403) -> None:
    """The citizen reads the text of `code`, the trail has it, and nobody is in."""
    texts = {language: house.heading(code, language) for language in ("ja", "en")}
    assert (page.status, page.heading) == (status, texts["en"])
    assert browser.open(f"{page.address}?lang=ja").heading == texts["ja"]
    trail = house.events()
    assert [event.code for event in trail if isinstance(event, LoginRefused)] == [code]
    assert not [event for event in trail if isinstance(event, SessionOpened)]
    assert not is_logged_in(browser)


@pytest.mark.parametrize(("defect", "code"), DEFECTS.items())
def test_defective_certificate_is_refused(house: SampleHouse, browser: Browser, defect: Defect, code: str) -> None:
    card = house.card(house.pki.a_certificate(defect=defect))
    assert_refused(house, browser, house.present(card, browser, browser.open(house.shop.address())), code)


def test_every_defect_of_the_testbed_is_tried() -> None:
    assert set(Defect) - set(DEFECTS) == {Defect.NOT_REGISTERED}


def test_signature_certificate_does_not_log_in(house: SampleHouse, browser: Browser) -> None:
    card = house.card(house.pki.a_certificate(Authority.SIGNATURE))
    assert_refused(house, browser, house.present(card, browser, browser.open(house.shop.address())), "card.kind")


@pytest.mark.parametrize(
    "certificate",
    [b"", b"\0", b"\x30\x82\xff\xff", b"\x30\x80" + bytes(50), b"-----BEGIN CERTIFICATE-----", bytes(9000)],
    ids=["empty", "nul", "endless", "indefinite", "PEM", "oversized"],
)
def test_bytes_that_are_no_certificate_are_refused(house: SampleHouse, browser: Browser, certificate: bytes) -> None:
    page = browser.open(house.shop.address())
    sent = base64.b64encode(certificate).decode()
    page = house.present(house.card(), browser, page, unverified_certificate=sent)
    assert_refused(house, browser, page, "card.untrusted")


def test_certificate_with_any_byte_changed_is_refused(house: SampleHouse) -> None:
    card = house.card()
    for _ in range(15):
        place = secrets.randbelow(len(card.certificate))
        spoilt = bytearray(card.certificate)
        spoilt[place] ^= 1 << secrets.randbelow(8)
        browser = house.browser()
        page = browser.open(house.shop.address())
        page = house.present(card, browser, page, unverified_certificate=base64.b64encode(spoilt).decode())
        assert page.status == 403, f"byte {place}"
    assert not [event for event in house.events() if isinstance(event, SessionOpened)]


def test_certificate_of_an_authority_itself_is_refused(house: SampleHouse, browser: Browser) -> None:
    page = browser.open(house.shop.address())
    own = house.pki.trust(Authority.AUTHENTICATION)[-1]
    page = house.present(house.card(), browser, page, unverified_certificate=base64.b64encode(own).decode())
    assert_refused(house, browser, page, "card.untrusted")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (RevocationReason.KEY_COMPROMISE, "card.revoked"),
        (RevocationReason.CESSATION_OF_OPERATION, "card.revoked"),
        (RevocationReason.CERTIFICATE_HOLD, "card.hold"),
    ],
)
@pytest.mark.parametrize("source", ["list", "responder"])
def test_revoked_certificate_is_refused(
    house: SampleHouse, browser: Browser, *, source: str, reason: RevocationReason, code: str
) -> None:
    card: Card = house.card()
    (house.revocation.on_list if source == "list" else house.revocation.revoked)[card.serial] = reason
    assert_refused(house, browser, house.present(card, browser, browser.open(house.shop.address())), code)


def test_certificate_unknown_to_the_responder_is_refused(house: SampleHouse, browser: Browser) -> None:
    card = house.card()
    house.revocation.unknown.add(card.serial)
    house.revocation.has_list = True
    page = house.present(card, browser, browser.open(house.shop.address()))
    assert_refused(house, browser, page, "card.unchecked", status=503)


def test_revocation_is_not_asked_for_a_card_that_proved_nothing(house: SampleHouse, browser: Browser) -> None:
    """Or anybody could make us ask the national service about anybody."""
    card = house.card()
    house.present(card, browser, browser.open(house.shop.address()), signature="AAAA")
    spoilt = house.card(house.pki.a_certificate(defect=Defect.UNTRUSTED_AUTHORITY))
    house.present(spoilt, browser, browser.open(house.shop.address()))
    assert house.revocation.asked == []


def test_card_that_was_good_at_registration_is_checked_again_at_login(house: SampleHouse, browser: Browser) -> None:
    card = house.card()
    house.log_in(house.browser(), house.shop, card)
    house.clock.move(house.settings.revocation.ocsp_max_age)
    house.revocation.revoked[card.serial] = RevocationReason.KEY_COMPROMISE
    page = house.present(card, browser, browser.open(house.shop.address()))
    assert page.heading == house.heading("card.revoked")
    assert not is_logged_in(browser)
