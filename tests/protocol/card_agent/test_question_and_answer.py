"""docs/contracts/card-channel.md, seen from outside."""

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.support.agent_browser import NONCE, NONCE_TEXT, AgentBrowser, question_fields
from tests.support.fake_reader import NOW, PIN, FakeReader, FakeTransport, a_card, a_key_pair


def a_browser() -> AgentBrowser:
    return AgentBrowser(FakeTransport(FakeReader(a_card())))


@pytest.mark.parametrize(
    ("origin", "address", "purpose"),
    [
        ("https://login.example.jp", "https://login.example.jp/card/answer", "login"),
        ("http://127.0.0.2:8472", "http://127.0.0.2:8472/back", "registration"),
    ],
)
def test_the_answer_goes_to_the_asking_site_and_verifies_over_its_origin(
    origin: str, address: str, purpose: str
) -> None:
    browser = a_browser()
    browser.ask(question_fields(purpose=purpose), origin=origin)
    page = browser.send_pin(PIN)
    assert page.form_address == address
    assert list(page.fields) == ["format", "nonce", "outcome", "algorithm", "unverified_certificate", "signature"]
    assert page.fields | {"unverified_certificate": "", "signature": ""} == {
        "format": "jpki-auth:1",
        "nonce": NONCE_TEXT,
        "outcome": "signed",
        "algorithm": "RS256",
        "unverified_certificate": "",
        "signature": "",
    }
    der = base64.b64decode(page.fields["unverified_certificate"], validate=True)
    assert der == a_key_pair().certificate
    parts = (origin.encode(), purpose.encode(), NONCE)
    statement = b"jpki-auth:1\0" + b"".join(hashlib.sha256(part).digest() for part in parts)
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(page.fields["signature"], validate=True)
    key.verify(signature, statement, padding.PKCS1v15(), hashes.SHA256())


def test_the_answer_fits_the_limit_of_the_contract() -> None:
    browser = a_browser()
    browser.ask()
    assert sum(len(name) + 3 * len(value) for name, value in browser.send_pin(PIN).fields.items()) < 16 * 1024


def test_cancelling_is_answered_without_touching_the_pin() -> None:
    reader = FakeReader(a_card())
    browser = AgentBrowser(FakeTransport(reader))
    browser.ask()
    page = browser.leave("cancelled")
    assert page.fields == {"format": "jpki-auth:1", "nonce": NONCE_TEXT, "outcome": "cancelled"}
    assert page.heading == "Login stopped"
    assert reader.verifications == []


def test_an_old_challenge_is_seen_before_any_pin_or_card() -> None:
    reader = FakeReader(a_card())
    browser = AgentBrowser(FakeTransport(reader))
    page = browser.ask(question_fields(expires_at=NOW))
    assert page.heading == "Time is up"
    assert page.fields["outcome"] == "expired"
    assert reader.apdus == []


def test_a_locked_card_has_no_pin_field_and_is_answered_on_leaving() -> None:
    browser = AgentBrowser(FakeTransport(FakeReader(a_card(tries_left=0))))
    page = browser.ask()
    assert page.heading == "The PIN is locked"
    assert not page.has_pin_field
    assert browser.leave("locked").fields["outcome"] == "locked"


def test_a_card_without_a_certificate_for_login_is_answered_on_leaving() -> None:
    browser = AgentBrowser(FakeTransport(FakeReader(a_card(has_login=False))))
    page = browser.ask()
    assert page.heading == "The card has no certificate for login"
    assert not page.has_pin_field
    assert browser.leave("unusable").fields["outcome"] == "unusable"


@pytest.mark.parametrize("outcome", ["signed", "expired", "success", ""])
def test_no_other_outcome_can_be_chosen(outcome: str) -> None:
    browser = a_browser()
    browser.ask()
    assert browser.leave(outcome).path.startswith("/confirm/")


@pytest.mark.parametrize("name", ["format", "purpose", "nonce", "expires", "lang"])
def test_a_damaged_question_gets_no_way_on(name: str) -> None:
    page = a_browser().ask(question_fields(**{name: "?"}))
    assert page.response.status_code == 400
    assert page.heading == "The request cannot be read"
    assert "<form" not in page.text


def test_a_question_of_another_encoding_is_damaged() -> None:
    browser = a_browser()
    response = browser.client.post(
        "/login",
        base_url=browser.settings.own_origin,
        headers={"Origin": "https://login.example.jp"},
        data=question_fields(),
        content_type="multipart/form-data",
    )
    assert response.status_code == 400


def test_the_page_speaks_the_language_of_the_question() -> None:
    page = a_browser().ask(question_fields(lang="ja"))
    assert page.heading == "暗証番号を入力してください"
    assert '<html lang="ja">' in page.text
