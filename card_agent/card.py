"""The JPKI application of a My Number Card, as seen by one open connection."""

import hashlib

from card_agent import apdu
from card_agent.pin import Pin
from card_agent.transport import CardConnection, ReaderError

JPKI_AID = bytes.fromhex("D392F000260100000001")
TOKEN_INFO = 0x0006
AUTHENTICATION_CERTIFICATE = 0x000A
SIGNATURE_CERTIFICATE = 0x0001
AUTHENTICATION_KEY = 0x0017
AUTHENTICATION_PIN = 0x0018
SIGNATURE_PASSWORD = 0x001B

LARGEST_CERTIFICATE = 8192
_LABEL_BYTES = 32
_CHUNK = 256
_HEAD_BYTES = 4
_LENGTH_BYTES = {"3081": 1, "3082": 2}  # a DER sequence whose length takes one or two bytes more
_SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class CardError(Exception):
    """The card answered, and the answer ends this attempt. This family is closed."""


class OtherCard(CardError):
    """The card has no JPKI application: another kind of card."""


class NoCertificate(CardError):
    """The wanted certificate is not on the card."""


class CertificateProtected(CardError):
    """The card gives this certificate only after its PIN (tokens on phones; every signature certificate)."""


class CardRefused(CardError):
    """The card answered a status that it should not answer here."""

    def __init__(self, step: str, status: int) -> None:
        super().__init__(f"{step}: status {status:04X}")


class WrongPin(CardError):
    """The card compared the PIN, and it differs: one try is gone."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"{tries_left} tries left")
        self.tries_left = tries_left


class PinLocked(CardError):
    """No try is left; only the municipality can reset the PIN."""


class LastTryUnconfirmed(CardError):
    """One try is left and the citizen has not said to go on. Nothing was sent."""


class PinUnanswered(CardError):
    """The PIN was sent and no answer came back: nobody knows if a try is gone."""


class JpkiCard:
    """A selected JPKI application. Every method may raise `ReaderError`, and `CardRefused` for a strange status."""

    def __init__(self, connection: CardConnection) -> None:
        """Select by AID: the ATR of a contactless card is the reader's invention. Raises `OtherCard`."""
        self._connection = connection
        if not self._send(apdu.select_application(JPKI_AID)).is_ok:
            raise OtherCard

    def token_label(self) -> str:
        """`JPKIAPICCTOKEN` on a card, other words on phones; empty where the card has no token information."""
        if not self._select(TOKEN_INFO).is_ok:
            return ""
        answer = self._send(apdu.read_binary(offset=0, length=_LABEL_BYTES))
        return answer.data.rstrip(b" \0").decode("ascii", errors="replace") if answer.is_ok else ""

    def certificate(self, file_id: int) -> bytes:
        """The DER bytes in `file_id`, without the file's padding. Raises `NoCertificate`, `CertificateProtected`."""
        self._select_certificate(file_id)
        head = self._read(0, _HEAD_BYTES)
        length = _der_length(head)
        content = b""
        while len(content) < length:
            content += self._read(len(content), min(_CHUNK, length - len(content)))
        return content[:length]

    def has_authentication_certificate(self) -> bool:
        """Whether the certificate for login is there, read or kept behind the PIN; tells it from its first bytes."""
        try:
            self._select_certificate(AUTHENTICATION_CERTIFICATE)
            _der_length(self._read(0, _HEAD_BYTES))
        except NoCertificate:
            return False
        except CertificateProtected:
            return True
        return True

    def tries_left(self, reference: int = AUTHENTICATION_PIN) -> int:
        """Tries left of a PIN, 0 when locked; asking costs none."""
        self._require("choose the PIN", self._select(reference))
        answer = self._send(apdu.ask_tries_left())
        if answer.tries_left is None:
            raise CardRefused("tries left", answer.status)
        return answer.tries_left

    def verify_pin(self, pin: Pin, *, last_try_confirmed: bool = False) -> None:
        """Send the PIN of the user-authentication key, once.

        Raises `PinLocked` and `LastTryUnconfirmed` before anything is sent; `WrongPin` and `PinLocked` after;
        `PinUnanswered` if the card fell silent in between.
        """
        tries_left = self.tries_left()
        if tries_left == 0:
            raise PinLocked
        if tries_left == 1 and not last_try_confirmed:
            raise LastTryUnconfirmed
        try:
            answer = self._send(apdu.verify(pin.digits))
        except ReaderError as error:
            raise PinUnanswered from error
        if answer.is_ok:
            return
        if answer.tries_left is None:
            raise CardRefused("PIN", answer.status)
        if answer.tries_left == 0:
            raise PinLocked
        raise WrongPin(answer.tries_left)

    def sign(self, statement: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over `statement`, by the user-authentication key; the PIN comes first."""
        self._require("choose the key", self._select(AUTHENTICATION_KEY))
        answer = self._send(apdu.compute_signature(_SHA256_DIGEST_INFO + hashlib.sha256(statement).digest()))
        self._require("sign", answer)
        return answer.data

    def _select_certificate(self, file_id: int) -> None:
        answer = self._select(file_id)
        if answer.status == apdu.FILE_NOT_FOUND:
            raise NoCertificate
        self._require("choose the certificate", answer)

    def _read(self, offset: int, length: int) -> bytes:
        answer = self._send(apdu.read_binary(offset=offset, length=length))
        if answer.status == apdu.SECURITY_STATUS_NOT_SATISFIED:
            raise CertificateProtected
        self._require("read", answer)
        if not answer.data:
            raise CardRefused("read", answer.status)
        return answer.data

    def _select(self, file_id: int) -> apdu.Answer:
        return self._send(apdu.select_file(file_id))

    def _send(self, command: bytes) -> apdu.Answer:
        return apdu.exchange(self._connection, command)

    @staticmethod
    def _require(step: str, answer: apdu.Answer) -> None:
        if not answer.is_ok:
            raise CardRefused(step, answer.status)


def _der_length(head: bytes) -> int:
    """The whole length of the DER sequence whose first `_HEAD_BYTES` bytes are `head`.

    Raises `NoCertificate` for a file that holds none (it may be filled with zeros or ones), and for anything longer
    than a certificate ever is. A certificate of fewer than 128 bytes does not exist.
    """
    length_form = head[:2].hex()
    if len(head) < _HEAD_BYTES or length_form not in _LENGTH_BYTES:
        raise NoCertificate
    length_bytes = _LENGTH_BYTES[length_form]
    length = 2 + length_bytes + int.from_bytes(head[2 : 2 + length_bytes], "big")
    if length > LARGEST_CERTIFICATE:
        raise NoCertificate
    return length
