"""The JPKI application: every command, every refusal, and what the card forgets and remembers."""

import hashlib
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key
from hypothesis import given
from hypothesis import strategies as st

from testbed.card_memory import CardMemory, KeyPair
from testbed.virtual_card import ANDROID_LABEL, JPKI_AID, VirtualCard
from tests.support.cards import PASSWORD, PIN, a_card, public_key

SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
MESSAGE = b"a statement"
DIGEST_INFO = SHA256_PREFIX + hashlib.sha256(MESSAGE).digest()
OK = "9000"


@dataclass
class CardInHand:
    """A powered card with the words of the tests, and what it has saved."""

    memory: CardMemory = field(default_factory=a_card)
    saved: list[CardMemory] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.card = VirtualCard(self.memory, save=self.saved.append)

    def send(self, apdu: str | bytes) -> str:
        """The status of the answer, in hexadecimal."""
        return self.ask(apdu)[1]

    def ask(self, apdu: str | bytes) -> tuple[bytes, str]:
        raw = bytes.fromhex(apdu) if isinstance(apdu, str) else apdu
        answer = self.card.answer(raw)
        return answer[:-2], answer[-2:].hex().upper()

    def select_application(self) -> str:
        return self.send(bytes.fromhex("00A4040C0A") + JPKI_AID)

    def select(self, file_id: str) -> str:
        return self.send("00A4020C02" + file_id)

    def read(self, offset: int = 0, wanted: int = 0) -> tuple[bytes, str]:
        return self.ask(b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([wanted]))

    def read_whole(self, file_id: str) -> bytes:
        assert self.select(file_id) == OK
        content = b""
        while True:
            piece, status = self.read(len(content))
            if status == "6B00":
                return content
            assert status == OK
            content += piece

    def verify(self, secret: str, reference: str = "0018") -> str:
        assert self.select(reference) == OK
        return self.send(b"\x00\x20\x00\x80" + bytes([len(secret)]) + secret.encode())

    def tries_left(self, reference: str = "0018") -> str:
        assert self.select(reference) == OK
        return self.send("00200080")

    def sign(self, digest_info: bytes = DIGEST_INFO, key: str = "0017") -> tuple[bytes, str]:
        assert self.select(key) == OK
        return self.ask(b"\x80\x2a\x00\x80" + bytes([len(digest_info)]) + digest_info + b"\x00")


def a_selected_card(memory: CardMemory | None = None) -> CardInHand:
    hand = CardInHand(memory or a_card())
    assert hand.select_application() == OK
    return hand


def authentication(hand: CardInHand) -> KeyPair:
    assert hand.memory.authentication is not None
    return hand.memory.authentication


def signature(hand: CardInHand) -> KeyPair:
    assert hand.memory.signature is not None
    return hand.memory.signature


# SELECT


@pytest.mark.parametrize(
    "aid", ["D3921000310001010402", "D392F0002601000000", "D392F00026010000000100", "A000000063504B43532D3135"]
)
def test_any_other_application_is_not_found(aid: str) -> None:
    assert CardInHand().send(f"00A4040C{len(aid) // 2:02X}{aid}") == "6A82"


def test_no_file_is_found_before_the_application_is_selected() -> None:
    assert CardInHand().select("000A") == "6A82"


@pytest.mark.parametrize("file_id", ["0000", "0003", "0019", "3F00", "FFFF"])
def test_an_unknown_file_is_not_found(file_id: str) -> None:
    assert a_selected_card().select(file_id) == "6A82"


@pytest.mark.parametrize("parameters", ["0000", "0400", "0200", "000C", "040D", "080C"])
def test_select_takes_only_its_two_forms(parameters: str) -> None:
    assert a_selected_card().send(f"00A4{parameters}02000A") == "6A86"


@pytest.mark.parametrize("data", ["", "010A", "0300000A"])
def test_a_file_identifier_has_two_bytes(data: str) -> None:
    assert a_selected_card().send("00A4020C" + data) == "6700"


def test_a_failed_select_leaves_everything_as_it_was() -> None:
    hand = a_selected_card()
    assert hand.verify(PIN) == OK
    assert hand.send("00A4040C07A0000000031010") == "6A82"
    assert hand.sign()[1] == OK


# READ BINARY


def test_certificates_are_read_as_they_were_written() -> None:
    hand = a_selected_card()
    assert hand.read_whole("000A") == authentication(hand).certificate
    assert hand.read_whole("000B") == authentication(hand).ca_certificate
    assert hand.read_whole("0002") == signature(hand).ca_certificate


def test_a_piece_begins_at_its_offset_and_has_its_length() -> None:
    hand = a_selected_card()
    hand.select("000A")
    assert hand.read(offset=300, wanted=7) == (authentication(hand).certificate[300:307], OK)


def test_asking_beyond_the_end_gives_the_rest_with_a_warning() -> None:
    hand = a_selected_card()
    hand.select("0008")
    assert hand.read(offset=1, wanted=4) == (b"\x8f\x00", "6282")


def test_an_offset_at_or_after_the_end_is_refused() -> None:
    hand = a_selected_card()
    hand.select("0008")
    assert hand.read(offset=3) == (b"", "6B00")
    assert hand.read(offset=0x7FFF) == (b"", "6B00")


def test_an_extended_read_gives_the_whole_file_at_once() -> None:
    hand = a_selected_card()
    hand.select("000A")
    assert hand.ask("00B00000000000") == (authentication(hand).certificate, OK)


@pytest.mark.parametrize(
    ("file_id", "apdu", "status"),
    [
        ("000A", "00B00000", "6700"),
        ("000A", "00B0000001AA05", "6700"),
        ("000A", "00B08A0000", "6A86"),
        ("0017", "00B0000000", "6981"),
        ("0018", "00B0000000", "6981"),
    ],
)
def test_a_read_that_makes_no_sense_is_refused(file_id: str, apdu: str, status: str) -> None:
    hand = a_selected_card()
    hand.select(file_id)
    assert hand.send(apdu) == status


def test_reading_without_a_file_is_refused() -> None:
    assert a_selected_card().send("00B0000000") == "6986"


def test_signature_certificate_is_read_only_after_its_password() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.select("0001")
    assert hand.read() == (b"", "6982")
    assert hand.verify(PASSWORD, "001B") == OK
    assert hand.read_whole("0001") == signature(hand).certificate


def test_an_android_phone_gives_its_certificate_only_after_the_pin() -> None:
    hand = a_selected_card(a_card(token_label=ANDROID_LABEL))
    hand.select("000A")
    assert hand.read() == (b"", "6982")
    assert hand.verify(PIN) == OK
    assert hand.read_whole("000A") == authentication(hand).certificate


def test_token_information_names_the_kind_of_token() -> None:
    info = a_selected_card(a_card(token_label=ANDROID_LABEL)).read_whole("0006")
    assert len(info) == 160
    assert info[:32] == b"JPKIAPGPSETOKEN".ljust(32)


# VERIFY


def test_asking_for_the_tries_left_costs_none() -> None:
    hand = a_selected_card()
    assert [hand.tries_left(), hand.tries_left(), hand.tries_left("001B")] == ["63C3", "63C3", "63C5"]
    assert hand.saved == []


def test_wrong_pins_count_down_and_lock_even_the_right_one() -> None:
    hand = a_selected_card()
    assert [hand.verify("9999") for _ in range(3)] == ["63C2", "63C1", "63C0"]
    assert hand.verify(PIN) == "6984"
    assert hand.tries_left() == "63C0"


def test_wrong_passwords_count_down_on_their_own() -> None:
    hand = a_selected_card()
    assert [hand.verify("WRONG1", "001B") for _ in range(5)] == ["63C4", "63C3", "63C2", "63C1", "63C0"]
    assert hand.verify(PASSWORD, "001B") == "6984"
    assert hand.tries_left() == "63C3"


def test_password_is_compared_letter_by_letter() -> None:
    assert a_selected_card().verify(PASSWORD.lower(), "001B") == "63C4"


def test_the_right_pin_gives_all_tries_back() -> None:
    hand = a_selected_card()
    hand.verify("9999")
    assert hand.verify(PIN) == OK
    assert hand.tries_left() == "63C3"


@pytest.mark.parametrize("pin", ["123", "12345", "1" * 16])
def test_a_pin_of_the_wrong_length_is_refused_at_no_cost(pin: str) -> None:
    hand = a_selected_card()
    assert hand.verify(pin) == "6700"
    assert hand.tries_left() == "63C3"


def test_a_wrong_pin_takes_back_the_right_one() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.verify("9999")
    assert hand.sign()[1] == "6982"


def test_a_try_is_counted_before_the_answer_leaves() -> None:
    def cut_the_power(_: CardMemory) -> None:
        raise OSError

    counted = VirtualCard(a_card(), save=cut_the_power)
    counted.answer(bytes.fromhex("00A4040C0A") + JPKI_AID)
    counted.answer(bytes.fromhex("00A4020C020018"))
    with pytest.raises(OSError):  # noqa: PT011 (it is our own, and has no message)
        counted.answer(bytes.fromhex("0020008004") + b"9999")


def test_the_counter_outlives_a_reset_and_a_new_card_program() -> None:
    hand = a_selected_card()
    hand.verify("9999")
    hand.card.reset()
    hand.select_application()
    assert hand.tries_left() == "63C2"
    assert a_selected_card(hand.saved[-1]).tries_left() == "63C2"


def test_a_card_can_come_locked() -> None:
    assert a_selected_card(a_card(pin_tries_left=0)).verify(PIN) == "6984"


@pytest.mark.parametrize(("apdu", "status"), [("00200081", "6A86"), ("00200180", "6A86"), ("00200000", "6A86")])
def test_verify_takes_only_the_current_reference(apdu: str, status: str) -> None:
    hand = a_selected_card()
    hand.select("0018")
    assert hand.send(apdu) == status


def test_verify_needs_a_reference_to_be_selected() -> None:
    hand = a_selected_card()
    assert hand.send("0020008004" + PIN.encode().hex()) == "6986"
    hand.select("000A")
    assert hand.send("0020008004" + PIN.encode().hex()) == "6985"


# COMPUTE DIGITAL SIGNATURE


def test_the_authentication_key_signs_after_the_pin() -> None:
    hand = a_selected_card()
    assert hand.sign()[1] == "6982"
    hand.verify(PIN)
    signed, status = hand.sign()
    assert status == OK
    public_key(hand.memory.authentication).verify(signed, MESSAGE, padding.PKCS1v15(), SHA256())


def test_the_signature_key_signs_after_the_password_only() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    assert hand.sign(key="001A")[1] == "6982"
    hand.verify(PASSWORD, "001B")
    signed, _ = hand.sign(key="001A")
    public_key(hand.memory.signature).verify(signed, MESSAGE, padding.PKCS1v15(), SHA256())


def test_password_does_not_open_the_authentication_key() -> None:
    hand = a_selected_card()
    hand.verify(PASSWORD, "001B")
    assert hand.sign()[1] == "6982"


def test_the_card_pads_the_digest_info_as_given() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    signed, _ = hand.sign()
    key = public_key(hand.memory.authentication).public_numbers()
    block = pow(int.from_bytes(signed, "big"), key.e, key.n).to_bytes(256, "big")
    assert block == b"\x00\x01" + b"\xff" * (253 - len(DIGEST_INFO)) + b"\x00" + DIGEST_INFO


@pytest.mark.parametrize(
    ("prefix", "algorithm"),
    [("3041300d060960864801650304020205000430", SHA384()), ("3051300d060960864801650304020305000440", SHA512())],
)
def test_longer_digests_are_signed_too(prefix: str, algorithm: HashAlgorithm) -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    signed, status = hand.sign(bytes.fromhex(prefix) + hashlib.new(algorithm.name, MESSAGE).digest())
    assert status == OK
    public_key(hand.memory.authentication).verify(signed, MESSAGE, padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize(
    "data",
    [
        hashlib.sha256(MESSAGE).digest(),
        DIGEST_INFO[:-1],
        DIGEST_INFO + b"\x00",
        bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20" + hashlib.sha256(MESSAGE).digest(),
        bytes.fromhex("3021300906052b0e03021a05000414") + bytes(20),
        b"\x00",
        b"\xff" * 245,
    ],
    ids=["bare digest", "cut", "longer", "without NULL", "SHA-1", "a byte", "anything"],
)
def test_only_a_digest_info_of_the_list_is_signed(data: bytes) -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    assert hand.sign(data) == (b"", "6A80")


@pytest.mark.parametrize(
    ("tail", "status"), [("", "6700"), ("80", "6C00"), ("FF", "6C00")], ids=["no Le", "half", "one too few"]
)
def test_an_answer_too_short_for_a_signature_is_refused(tail: str, status: str) -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.select("0017")
    assert hand.send(bytes.fromhex("802A008033") + DIGEST_INFO + bytes.fromhex(tail)) == status


def test_the_extended_form_signs_too() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.select("0017")
    signed, status = hand.ask(bytes.fromhex("802A0080000033") + DIGEST_INFO + b"\x00\x00")
    assert (len(signed), status) == (256, OK)


@pytest.mark.parametrize(
    ("file_id", "apdu", "status"),
    [
        ("0017", "802A0080", "6700"),
        ("0017", "802A008000", "6700"),
        ("0017", "802A0180013000", "6A86"),
        ("0017", "802A0097013000", "6A86"),
        ("0017", "802A9E9A013000", "6A86"),
        ("000A", "802A0080013000", "6985"),
        ("0018", "802A0080013000", "6985"),
    ],
)
def test_a_signature_command_that_makes_no_sense_is_refused(file_id: str, apdu: str, status: str) -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.select(file_id)
    assert hand.send(apdu) == status


def test_signing_without_a_key_is_refused() -> None:
    assert a_selected_card().send("802A0080013000") == "6986"


# What the card forgets


def test_a_reset_forgets_pin_and_application() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.card.reset()
    assert hand.select("0017") == "6A82"
    hand.select_application()
    assert hand.sign()[1] == "6982"


def test_selecting_the_application_again_forgets_pin_and_file() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.select("0017")
    hand.select_application()
    assert hand.send("802A0080013000") == "6986"
    assert hand.sign()[1] == "6982"


# Other cards and other commands


def test_a_card_without_signature_certificate_has_none_of_its_files() -> None:
    hand = a_selected_card(a_card(signature=None))
    assert [hand.select(file_id) for file_id in ("0001", "0002", "001A")] == ["6A82"] * 3
    assert hand.read_whole("0008") == b"\x8f\x00\x00"
    assert hand.verify(PIN) == OK
    assert hand.sign()[1] == OK


def test_a_card_without_authentication_certificate_has_none_of_its_files() -> None:
    hand = a_selected_card(a_card(authentication=None))
    assert [hand.select(file_id) for file_id in ("000A", "000B", "0017")] == ["6A82"] * 3
    assert hand.read_whole("0008") == b"\x00\x8f\x00"


@pytest.mark.parametrize(
    ("apdu", "status"),
    [
        ("00CA006E00", "6D00"),
        ("0084000008", "6D00"),
        ("00D6000001AA", "6D00"),
        ("0024000000", "6D00"),
        ("80B0000000", "6E00"),
        ("002A008000", "6E00"),
        ("FFCA000000", "6E00"),
        ("A0A40000023F00", "6E00"),
        ("0CA4020C02000A", "6882"),
        ("10A4020C02000A", "6884"),
        ("01A4020C02000A", "6881"),
        ("", "6700"),
        ("00A4", "6700"),
        ("00A4020C05000A", "6700"),
    ],
)
def test_what_the_card_does_not_know_has_its_own_status(apdu: str, status: str) -> None:
    assert a_selected_card().send(apdu) == status


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_at_all_stop_the_card(apdus: list[bytes]) -> None:
    hand = a_selected_card()
    for apdu in apdus:
        assert len(hand.card.answer(apdu)) >= 2
    hand.select_application()
    assert hand.sign()[1] == "6982"


def test_no_file_gives_a_byte_of_a_key_or_pin() -> None:
    hand = a_selected_card()
    hand.verify(PIN)
    hand.verify(PASSWORD, "001B")
    spoken = b""
    for file_id in range(0x10000):
        if hand.select(f"{file_id:04X}") == OK:
            spoken += hand.ask("00B00000000000")[0]
    assert authentication(hand).certificate in spoken
    assert not [secret for secret in _secrets(hand) if secret in spoken]


def _secrets(hand: CardInHand) -> list[bytes]:
    found = [PASSWORD.encode()]
    for pair in (authentication(hand), signature(hand)):
        key = load_der_private_key(pair.private_key, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        numbers = key.private_numbers()
        for number in (numbers.p, numbers.q, numbers.d, numbers.dmp1, numbers.dmq1, numbers.iqmp):
            whole = number.to_bytes(256, "big").lstrip(b"\0")
            found += [whole[start : start + 8] for start in range(0, len(whole) - 8, 8)]
    return found
