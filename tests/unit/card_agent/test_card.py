from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from card_agent.card import (
    AUTHENTICATION_CERTIFICATE,
    LARGEST_CERTIFICATE,
    SIGNATURE_CERTIFICATE,
    CardRefused,
    CertificateProtected,
    JpkiCard,
    LastTryUnconfirmed,
    NoCertificate,
    OtherCard,
    PinLocked,
    PinUnanswered,
    WrongPin,
)
from card_agent.pin import Pin
from tests.support.fake_reader import PIN, FakeReader, a_card, a_key_pair, another_card, is_verify


@contextmanager
def opened(reader: FakeReader) -> Iterator[JpkiCard]:
    with reader.connect() as connection:
        yield JpkiCard(connection)


def a_file(content: bytes) -> Callable[[bytes], bytes]:
    """A card on which every file has this content."""

    def answer(apdu: bytes) -> bytes:
        if apdu[1] != 0xB0:
            return b"\x90\x00"
        offset, length = int.from_bytes(apdu[2:4], "big"), apdu[4] or 256
        return content[offset : offset + length] + b"\x90\x00"

    return answer


def test_the_certificate_is_read_to_the_last_byte() -> None:
    with opened(FakeReader(a_card())) as card:
        assert card.certificate(AUTHENTICATION_CERTIFICATE) == a_key_pair().certificate


def test_padding_after_the_certificate_is_left_behind() -> None:
    certificate = a_key_pair().certificate
    with opened(FakeReader(a_file(certificate + b"\xff" * 500))) as card:
        assert card.certificate(AUTHENTICATION_CERTIFICATE) == certificate


def test_the_signature_verifies_with_the_certificate() -> None:
    with opened(FakeReader(a_card())) as card:
        card.verify_pin(Pin(PIN))
        signature = card.sign(b"statement")
    key = x509.load_der_x509_certificate(a_key_pair().certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signature, b"statement", padding.PKCS1v15(), hashes.SHA256())


def test_another_kind_of_card_is_told_apart() -> None:
    with pytest.raises(OtherCard), opened(FakeReader(another_card)):
        pytest.fail("no application was selected")


@pytest.mark.parametrize("content", [b"\0" * 40, b"\xff" * 40, b"", b"\x30\x84\x7f\xff\xff\xff" + b"\0" * 40])
def test_a_file_without_a_certificate_holds_none(content: bytes) -> None:
    with opened(FakeReader(a_file(content or b"\0"))) as card, pytest.raises(NoCertificate):
        card.certificate(AUTHENTICATION_CERTIFICATE)


def test_a_certificate_beyond_the_bound_is_not_read() -> None:
    head = b"\x30\x82" + LARGEST_CERTIFICATE.to_bytes(2, "big")
    reader = FakeReader(a_file(head + b"\0" * LARGEST_CERTIFICATE))
    with opened(reader) as card, pytest.raises(NoCertificate):
        card.certificate(AUTHENTICATION_CERTIFICATE)
    assert sum(apdu[1] == 0xB0 for apdu in reader.apdus) == 1


def test_a_card_that_stops_in_the_middle_of_a_certificate_is_refused() -> None:
    with opened(FakeReader(a_file(a_key_pair().certificate[:300]))) as card, pytest.raises(CardRefused):
        card.certificate(AUTHENTICATION_CERTIFICATE)


def test_a_missing_certificate_is_named() -> None:
    with opened(FakeReader(a_card(has_login=False))) as card:
        assert not card.has_authentication_certificate()
        with pytest.raises(NoCertificate):
            card.certificate(SIGNATURE_CERTIFICATE)


def test_a_certificate_behind_the_pin_is_there_and_not_readable() -> None:
    with opened(FakeReader(a_card(label="JPKIAPGPSETOKEN"))) as card:
        assert card.has_authentication_certificate()
        assert card.token_label() == "JPKIAPGPSETOKEN"
        with pytest.raises(CertificateProtected):
            card.certificate(AUTHENTICATION_CERTIFICATE)


def test_asking_for_the_tries_left_costs_none() -> None:
    with opened(FakeReader(a_card(tries_left=2))) as card:
        assert [card.tries_left(), card.tries_left()] == [2, 2]


def test_a_wrong_pin_is_sent_once_and_the_tries_left_are_told() -> None:
    reader = FakeReader(a_card())
    with opened(reader) as card, pytest.raises(WrongPin) as caught:
        card.verify_pin(Pin("0000"))
    assert caught.value.tries_left == 2
    assert len(reader.verifications) == 1


def test_the_last_try_needs_a_confirmation_before_anything_is_sent() -> None:
    reader = FakeReader(a_card(tries_left=1))
    with opened(reader) as card, pytest.raises(LastTryUnconfirmed):
        card.verify_pin(Pin(PIN))
    assert reader.verifications == []


def test_the_last_try_is_sent_once_confirmed_and_locks_when_wrong() -> None:
    reader = FakeReader(a_card(tries_left=1))
    with opened(reader) as card, pytest.raises(PinLocked):
        card.verify_pin(Pin("0000"), last_try_confirmed=True)
    assert len(reader.verifications) == 1


def test_nothing_is_sent_to_a_locked_card() -> None:
    reader = FakeReader(a_card(tries_left=0))
    with opened(reader) as card, pytest.raises(PinLocked):
        card.verify_pin(Pin(PIN), last_try_confirmed=True)
    assert reader.verifications == []


def test_a_card_pulled_while_it_compares_leaves_the_outcome_unknown() -> None:
    reader = FakeReader(a_card())
    reader.pull_at = is_verify
    with opened(reader) as card, pytest.raises(PinUnanswered):
        card.verify_pin(Pin(PIN))


def test_a_strange_status_is_not_taken_for_a_right_pin() -> None:
    def strange(apdu: bytes) -> bytes:
        if is_verify(apdu):
            return b"\x62\x83"
        return b"\x63\xc3" if apdu[1] == 0x20 else b"\x90\x00"

    with opened(FakeReader(strange)) as card, pytest.raises(CardRefused):
        card.verify_pin(Pin(PIN))


def test_a_signature_without_the_pin_is_refused() -> None:
    with opened(FakeReader(a_card())) as card, pytest.raises(CardRefused):
        card.sign(b"statement")
