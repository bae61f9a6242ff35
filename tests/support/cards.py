"""Cards for tests of the card and its reader; their certificates are self-made and prove nothing.

    card = a_card()                                   # 番号 花子's card "hanako", PIN 1234, password ABC123
    card = a_card(card_id="child", signature=None)    # any field of `CardMemory`
    save_card(folder, card)

The keys are made once in each process.
"""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TypedDict, Unpack

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from testbed.card_memory import CardMemory, KeyPair

PIN = "1234"
PASSWORD = "ABC123"  # noqa: S105 (a sample person's)


class CardFields(TypedDict, total=False):
    """What a test may choose about a card."""

    card_id: str
    holder: str
    pin: str
    password: str
    authentication: KeyPair | None
    signature: KeyPair | None
    token_label: str
    pin_tries_left: int
    password_tries_left: int


def a_card(**fields: Unpack[CardFields]) -> CardMemory:
    card = CardMemory(
        card_id="hanako",
        holder="番号 花子",
        pin=PIN,
        password=PASSWORD,
        authentication=a_key_pair("user authentication"),
        signature=a_key_pair("digital signature"),
    )
    return replace(card, **fields)


@cache
def a_key_pair(subject: str) -> KeyPair:
    """A key with two certificates, one under the name of the citizen and one under that of a CA."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return KeyPair(
        private_key=key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate=_self_signed(key, subject),
        ca_certificate=_self_signed(key, f"{subject} CA"),
    )


def public_key(pair: KeyPair | None) -> rsa.RSAPublicKey:
    """The key that the certificate on the card names."""
    assert pair is not None
    key = x509.load_der_x509_certificate(pair.certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _self_signed(key: rsa.RSAPrivateKey, subject: str) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = x509.CertificateBuilder(
        subject_name=name,
        issuer_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2036, 1, 1, tzinfo=UTC),
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)
