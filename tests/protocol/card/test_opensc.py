"""OpenSC, which shares no code with us, takes the virtual card for a My Number Card and works with it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from testbed.card_memory import CardMemory, KeyPair, load_card, save_card
from testbed.virtual_card import ANDROID_LABEL
from tests.support.cards import PASSWORD, PIN, a_card, public_key
from tests.support.reader import RunningReader, a_running_reader, need_reader_stack

TIME_LIMIT = 20
FULL, CHILD, PHONE = (
    a_card(),
    a_card(card_id="child", signature=None),
    a_card(card_id="phone", token_label=ANDROID_LABEL),
)


class OpenSc:
    """OpenSC's tools in front of the reader; each call is a process of its own."""

    def __init__(self, reader: RunningReader, home: Path) -> None:
        self._environment = reader.environment() | {"HOME": str(home)}
        self.home = home

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 (Debian's own tools, arguments of this file)
            command,
            env=self._environment,
            cwd=self.home,
            timeout=TIME_LIMIT,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *command: str) -> str:
        done = self.run(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tries_left(self) -> list[str]:
        lines = self.succeed("pkcs15-tool", "--list-pins").splitlines()
        return [line.rpartition(":")[2].strip() for line in lines if "Tries left" in line]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    for card in (FULL, CHILD, PHONE):
        save_card(folder, card)
    return folder


@pytest.fixture(scope="module")
def reader(cards: Path) -> Iterator[RunningReader]:
    need_reader_stack("opensc-tool", "pkcs15-tool", "pkcs11-tool", "openssl")
    with a_running_reader(cards) as running:
        yield running


@pytest.fixture
def opensc(reader: RunningReader, tmp_path: Path) -> OpenSc:
    """The tools, with the full card in the reader and no try lost."""
    reader.control.unlock(FULL.card_id)
    insert(reader, FULL)
    return OpenSc(reader, tmp_path)


def insert(reader: RunningReader, card: CardMemory, *, contactless: bool = False) -> None:
    state = reader.control.state()
    if (state.card, state.contactless) != (card.card_id, contactless):
        reader.control.swap(card.card_id, contactless=contactless)


@pytest.mark.parametrize("interface", ["contact", "contactless"])
def test_the_card_is_recognised_by_its_atr_and_by_its_application(
    opensc: OpenSc, reader: RunningReader, interface: str
) -> None:
    insert(reader, FULL, contactless=interface == "contactless")
    assert opensc.succeed("opensc-tool", "--name").strip() == "jpki"


def test_four_certificates_are_listed(opensc: OpenSc) -> None:
    listed = opensc.succeed("pkcs15-tool", "--list-certificates").splitlines()
    assert [line for line in listed if line.startswith("X.509")] == [
        "X.509 Certificate [User Authentication Certificate]",
        "X.509 Certificate [Digital Signature Certificate]",
        "X.509 Certificate [User Authentication Certificate CA]",
        "X.509 Certificate [Digital Signature Certificate CA]",
    ]


def test_free_certificates_are_read_byte_for_byte(opensc: OpenSc) -> None:
    assert FULL.authentication is not None
    assert FULL.signature is not None
    assert read_certificate(opensc, "01") == FULL.authentication.certificate
    assert read_certificate(opensc, "03") == FULL.authentication.ca_certificate
    assert read_certificate(opensc, "04") == FULL.signature.ca_certificate


def test_signature_certificate_is_read_after_its_password_only(opensc: OpenSc) -> None:
    assert FULL.signature is not None
    assert opensc.run("pkcs15-tool", "--read-certificate", "02").returncode != 0
    password = ("--verify-pin", "--auth-id", "02", "--pin", PASSWORD)
    assert read_certificate(opensc, "02", *password) == FULL.signature.certificate


def test_tries_left_are_listed(opensc: OpenSc) -> None:
    assert opensc.tries_left() == ["3", "5"]


def test_wrong_pins_count_down_until_the_card_is_locked(opensc: OpenSc, cards: Path) -> None:
    counted = []
    for _ in range(3):
        assert opensc.run("pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", "9999").returncode != 0
        counted.append(opensc.tries_left()[0])
    assert counted == ["2", "1", "0"]
    assert opensc.run("pkcs15-tool", "--verify-pin", "--auth-id", "01", "--pin", PIN).returncode != 0
    assert load_card(cards, FULL.card_id).pin_tries_left == 0


@pytest.mark.parametrize(
    ("token", "secret", "pair"),
    [
        ("JPKI (User Authentication PIN)", PIN, FULL.authentication),
        ("JPKI (Digital Signature PIN)", PASSWORD, FULL.signature),
    ],
    ids=["user authentication", "digital signature"],
)
@pytest.mark.parametrize("digest", ["256", "384", "512"])
def test_openssl_verifies_what_the_card_signed(
    opensc: OpenSc, token: str, secret: str, pair: KeyPair, digest: str
) -> None:
    (opensc.home / "message").write_bytes(b"a statement")
    sign(opensc, token, secret, f"SHA{digest}-RSA-PKCS")
    key = public_key(pair).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (opensc.home / "key.pem").write_bytes(key)
    judged = opensc.succeed(
        "openssl", "dgst", f"-sha{digest}", "-verify", "key.pem", "-signature", "signature", "message"
    )
    assert judged.strip() == "Verified OK"


def test_a_wrong_pin_signs_nothing(opensc: OpenSc) -> None:
    (opensc.home / "message").write_bytes(b"a statement")
    with pytest.raises(AssertionError, match="CKR_PIN_INCORRECT"):
        sign(opensc, "JPKI (User Authentication PIN)", "9999", "SHA256-RSA-PKCS")
    assert opensc.tries_left() == ["2", "5"]


def test_a_card_pulled_out_while_it_signs_gives_no_signature(opensc: OpenSc, reader: RunningReader) -> None:
    (opensc.home / "message").write_bytes(b"a statement")
    reader.control.pull_during_next_signature()
    with pytest.raises(AssertionError, match="CKR_"):
        sign(opensc, "JPKI (User Authentication PIN)", PIN, "SHA256-RSA-PKCS")
    assert reader.control.state().card is None
    assert opensc.run("pkcs15-tool", "--read-certificate", "01").returncode != 0


def test_a_card_that_left_while_it_signed_can_be_put_back_at_once(opensc: OpenSc, reader: RunningReader) -> None:
    (opensc.home / "message").write_bytes(b"a statement")
    reader.control.pull_during_next_signature()
    with pytest.raises(AssertionError, match="CKR_"):
        sign(opensc, "JPKI (User Authentication PIN)", PIN, "SHA256-RSA-PKCS")
    reader.control.insert(FULL.card_id)
    sign(opensc, "JPKI (User Authentication PIN)", PIN, "SHA256-RSA-PKCS")


def test_a_phone_gives_its_certificate_after_the_pin_only(opensc: OpenSc, reader: RunningReader) -> None:
    assert PHONE.authentication is not None
    insert(reader, PHONE)
    assert opensc.run("pkcs15-tool", "--read-certificate", "01").returncode != 0
    pin = ("--verify-pin", "--auth-id", "01", "--pin", PIN)
    assert read_certificate(opensc, "01", *pin) == PHONE.authentication.certificate


def test_a_child_has_no_signature_certificate(opensc: OpenSc, reader: RunningReader) -> None:
    assert CHILD.authentication is not None
    insert(reader, CHILD)
    assert read_certificate(opensc, "01") == CHILD.authentication.certificate
    assert opensc.run("pkcs15-tool", "--read-certificate", "04").returncode != 0


def read_certificate(opensc: OpenSc, identifier: str, *before: str) -> bytes:
    opensc.succeed("pkcs15-tool", *before, "--read-certificate", identifier, "--output", "certificate.pem")
    opensc.succeed("openssl", "x509", "-in", "certificate.pem", "-outform", "DER", "-out", "certificate.der")
    return (opensc.home / "certificate.der").read_bytes()


def sign(opensc: OpenSc, token: str, secret: str, mechanism: str) -> None:
    files = ("--input-file", "message", "--output-file", "signature")
    login = ("--token-label", token, "--login", "--pin", secret)
    opensc.succeed("pkcs11-tool", *login, "--sign", "--mechanism", mechanism, *files)
