"""Card readers for tests of the agent, in this process, with the testbed's virtual card or anything worse in them.

reader = FakeReader(a_card())                     # one reader, one good card
transport = FakeTransport(reader)
transport = FakeTransport(FakeReader(None, name="A"), FakeReader(a_card(), name="B"))
reader.verifications                              # VERIFY commands that carried a PIN
reader.pull_at = is_verify                        # the card leaves before it answers such a command
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from card_agent.transport import CardConnection, CardPulled, NoCard, NoReader, NoReaderService, ReaderBusy, ReaderError
from testbed.card_memory import CardMemory, KeyPair
from testbed.virtual_card import VirtualCard

PIN = "4649"
PASSWORD = "SAMPLE1"  # noqa: S105 (a sample card's)
READER = "Sample Reader 00 00"
NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

Answering = Callable[[bytes], bytes]


@cache
def a_key_pair(name: str = "sample") -> KeyPair:
    """A key with a certificate that it signed itself; one for each `name` and test process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0x5A5A5A5A)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private_key=private, certificate=der, ca_certificate=der)


def a_card(*, tries_left: int = 3, has_login: bool = True, label: str = "JPKIAPICCTOKEN") -> Answering:
    """The commands' end of a virtual card whose PIN is `PIN`."""
    memory = CardMemory(
        card_id="sample",
        holder="番号 花子",
        pin=PIN,
        password=PASSWORD,
        authentication=a_key_pair() if has_login else None,
        signature=None,
        token_label=label,
        pin_tries_left=tries_left,
    )
    return _PoweredCard(VirtualCard(memory, save=lambda _: None))


class _PoweredCard:
    """Forgets, as a card without power does, when the application is selected anew; `FakeReader` resets it as well."""

    def __init__(self, card: VirtualCard) -> None:
        self.card = card

    def __call__(self, apdu: bytes) -> bytes:
        return self.card.answer(apdu)


def another_card(apdu: bytes) -> bytes:
    """A card without the JPKI application, for example for trains: it knows no file."""
    return b"\x6a\x82" if apdu[1] == 0xA4 else b"\x6d\x00"


def is_verify(apdu: bytes) -> bool:
    """Whether `apdu` carries a PIN."""
    return apdu[:2] == b"\x00\x20" and len(apdu) > len(b"\x00\x20\x00\x80")


def is_signature(apdu: bytes) -> bool:
    return apdu[:2] == b"\x80\x2a"


class FakeReader:
    """One reader; set `card`, `failure` (raised by every connect) or `pull_at` at any time."""

    def __init__(self, card: Answering | None, *, name: str = READER) -> None:
        self.name = name
        self.card = card
        self.failure: ReaderError | None = None
        self.pull_at: Callable[[bytes], bool] = lambda _: False
        self.apdus: list[bytes] = []
        self.is_connected = False

    @property
    def verifications(self) -> list[bytes]:
        return [apdu for apdu in self.apdus if is_verify(apdu)]

    def connect(self) -> CardConnection:
        if self.failure is not None:
            raise self.failure
        if self.card is None:
            raise NoCard(self.name)
        if self.is_connected:
            raise ReaderBusy(self.name)
        self.is_connected = True
        return _Connection(self)

    def answer(self, apdu: bytes) -> bytes:
        self.apdus.append(apdu)
        if self.card is None or self.pull_at(apdu):
            self.card = None
            raise CardPulled(self.name)
        return self.card(apdu)

    def release(self) -> None:
        self.is_connected = False
        if isinstance(self.card, _PoweredCard):
            self.card.card.reset()


class FakeTransport:
    """A `CardTransport` over `readers`; without `is_served` the computer has no smart-card service."""

    name = "fake"

    def __init__(self, *readers: FakeReader, is_served: bool = True) -> None:
        self._readers = {reader.name: reader for reader in readers}
        self.is_served = is_served

    def readers(self) -> list[str]:
        if not self.is_served:
            raise NoReaderService
        return list(self._readers)

    def connect(self, reader: str) -> CardConnection:
        if reader not in self._readers:
            raise NoReader(reader)
        return self._readers[reader].connect()


class _Connection:
    def __init__(self, reader: FakeReader) -> None:
        self._reader = reader

    def transmit(self, apdu: bytes) -> bytes:
        return self._reader.answer(apdu)

    def close(self) -> None:
        self._reader.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        self.close()
