"""The JPKI application of a My Number Card: a command APDU in, a response APDU out. No sockets, no clock, no files.

It answers as real cards have been seen to; where nobody has published what they do, as ISO/IEC 7816-4 says. No
command reads a key or a PIN. Only the try counters outlive a reset; they are saved before the answer leaves the card,
so pulling the card out cannot give a try back.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from testbed.card_memory import PASSWORD_TRIES, PIN_TRIES, CardMemory, KeyPair
from testbed.iso7816 import Command, Refusal, Status, parse_command, response

JPKI_AID = bytes.fromhex("D392F000260100000001")
CONTACT_ATR = bytes.fromhex("3BE000FF8131FE4514")
CONTACTLESS_ATR = bytes.fromhex("3B88800100000000337181905A")
"""What a contactless reader makes up for a Type B card: it says nothing about the application inside."""

ANDROID_LABEL = "JPKIAPGPSETOKEN"
_SIGNATURE_BYTES = 256
_LABEL_BYTES = 32
_BASIC, _PROPRIETARY = 0x00, 0x80
_DIGEST_INFOS: tuple[tuple[bytes, HashAlgorithm], ...] = (
    (bytes.fromhex("3031300d060960864801650304020105000420"), SHA256()),
    (bytes.fromhex("3041300d060960864801650304020205000430"), SHA384()),
    (bytes.fromhex("3051300d060960864801650304020305000440"), SHA512()),
)


class Secret(Enum):
    """The two secrets of the holder: what they may look like, and how often one may err."""

    PIN = (4, 4, PIN_TRIES)
    PASSWORD = (6, 16, PASSWORD_TRIES)

    def __init__(self, shortest: int, longest: int, tries: int) -> None:
        self.shortest = shortest
        self.longest = longest
        self.tries = tries


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readable:
    """A transparent file; `after` names the secret that must be verified first."""

    content: bytes
    after: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Key:
    key: rsa.RSAPrivateKey
    after: Secret


_File = _Readable | _Reference | _Key


class VirtualCard:
    """One powered card. `save` is called with the new memory each time a try counter changes."""

    def __init__(self, memory: CardMemory, *, save: Callable[[CardMemory], None]) -> None:
        self._memory = memory
        self._save = save
        self._files = _files(memory)
        self._is_selected = False
        self._current: _File | None = None
        self._verified: frozenset[Secret] = frozenset()

    @property
    def memory(self) -> CardMemory:
        return self._memory

    def reset(self) -> None:
        """Power off, power on or a warm reset: nothing is selected, nobody has shown a secret."""
        self._is_selected = False
        self._forget()

    def answer(self, apdu: bytes) -> bytes:
        """Obey one command. Every fault of the command is an answer too; nothing is raised."""
        try:
            return self._obey(parse_command(apdu))
        except Refusal as refusal:
            return response(refusal.status)

    def _obey(self, command: Command) -> bytes:
        _check_class(command)
        match (command.cla, command.ins):
            case (0x00, 0xA4):
                return self._select(command)
            case (0x00, 0xB0):
                return self._read_binary(command)
            case (0x00, 0x20):
                return self._verify(command)
            case (0x80, 0x2A):
                return self._compute_signature(command)
            case (_, 0xA4 | 0xB0 | 0x20 | 0x2A):
                raise Refusal(Status.UNKNOWN_CLASS)
            case _:
                raise Refusal(Status.UNKNOWN_INSTRUCTION)

    def _select(self, command: Command) -> bytes:
        match command.parameters:
            case 0x040C:
                return self._select_application(command.data)
            case 0x020C:
                return self._select_file(command.data)
            case _:
                raise Refusal(Status.WRONG_P1_P2)

    def _select_application(self, aid: bytes) -> bytes:
        if aid != JPKI_AID:
            raise Refusal(Status.NOT_FOUND)
        self._is_selected = True
        self._forget()
        return response(Status.OK)

    def _select_file(self, file_id: bytes) -> bytes:
        if len(file_id) != 2:  # noqa: PLR2004 (a file identifier is two bytes)
            raise Refusal(Status.WRONG_LENGTH)
        found = self._files.get(int.from_bytes(file_id, "big"))
        if found is None or not self._is_selected:
            raise Refusal(Status.NOT_FOUND)
        self._current = found
        return response(Status.OK)

    def _read_binary(self, command: Command) -> bytes:
        """ISO/IEC 7816-4 section 11.3.3. The high bit of P1 would name a file by its short identifier: not offered."""
        if command.data or not command.wanted:
            raise Refusal(Status.WRONG_LENGTH)
        if command.p1 & 0x80:
            raise Refusal(Status.WRONG_P1_P2)
        file = self._current_file()
        if not isinstance(file, _Readable):
            raise Refusal(Status.NOT_TRANSPARENT)
        self._require(file.after)
        if command.parameters >= len(file.content):
            raise Refusal(Status.WRONG_OFFSET)
        piece = file.content[command.parameters : command.parameters + command.wanted]
        asks_for_all = command.wanted in (0x100, 0x10000)
        is_short = len(piece) < command.wanted and not asks_for_all
        return response(Status.END_OF_FILE if is_short else Status.OK, piece)

    def _verify(self, command: Command) -> bytes:
        if command.parameters != 0x0080:  # noqa: PLR2004 (P1-P2 of VERIFY against the current file)
            raise Refusal(Status.WRONG_P1_P2)
        file = self._current_file()
        if not isinstance(file, _Reference):
            raise Refusal(Status.CONDITIONS)
        secret, tries_left = file.secret, self._tries_left(file.secret)
        if not command.data:
            raise Refusal(Status.WRONG_PIN + tries_left)
        if tries_left == 0:
            raise Refusal(Status.BLOCKED)
        if not secret.shortest <= len(command.data) <= secret.longest:
            raise Refusal(Status.WRONG_LENGTH)
        if hmac.compare_digest(command.data, self._value(secret)):
            self._set_tries(secret, secret.tries)
            self._verified |= {secret}
            return response(Status.OK)
        self._verified -= {secret}
        self._set_tries(secret, tries_left - 1)
        raise Refusal(Status.WRONG_PIN + tries_left - 1)

    def _compute_signature(self, command: Command) -> bytes:
        """The DigestInfo comes from outside, the padding of PKCS#1 v1.5 (RFC 8017 section 9.2) from the card."""
        if command.parameters != 0x0080:  # noqa: PLR2004 (P1 = 00: sign as given; P2 = 80: by the current file)
            raise Refusal(Status.WRONG_P1_P2)
        if not command.data or not command.wanted:
            raise Refusal(Status.WRONG_LENGTH)
        if command.wanted < _SIGNATURE_BYTES:
            raise Refusal(Status.EXACT_LENGTH)
        file = self._current_file()
        if not isinstance(file, _Key):
            raise Refusal(Status.CONDITIONS)
        self._require(file.after)
        algorithm, digest = _parse_digest_info(command.data)
        signature = file.key.sign(digest, padding.PKCS1v15(), utils.Prehashed(algorithm))
        return response(Status.OK, signature)

    def _current_file(self) -> _File:
        if self._current is None:
            raise Refusal(Status.NO_CURRENT_FILE)
        return self._current

    def _require(self, secret: Secret | None) -> None:
        if secret is not None and secret not in self._verified:
            raise Refusal(Status.SECURITY_STATUS)

    def _forget(self) -> None:
        self._current = None
        self._verified = frozenset()

    def _value(self, secret: Secret) -> bytes:
        return (self._memory.pin if secret is Secret.PIN else self._memory.password).encode("ascii")

    def _tries_left(self, secret: Secret) -> int:
        return self._memory.pin_tries_left if secret is Secret.PIN else self._memory.password_tries_left

    def _set_tries(self, secret: Secret, tries: int) -> None:
        if tries == self._tries_left(secret):
            return
        if secret is Secret.PIN:
            self._memory = replace(self._memory, pin_tries_left=tries)
        else:
            self._memory = replace(self._memory, password_tries_left=tries)
        self._save(self._memory)


def is_signature_command(apdu: bytes) -> bool:
    """Whether `apdu` asks for a signature; the reader can be told to lose the card at that very moment."""
    return apdu[:2] == b"\x80\x2a"


def _check_class(command: Command) -> None:
    """ISO/IEC 7816-4 section 5.4.1: what the class byte asks for beyond a plain command is refused by its own name."""
    if command.cla in (_BASIC, _PROPRIETARY):
        return
    if command.cla & 0x60 == 0 and command.cla & 0x80 == 0:
        if command.cla & 0x10:
            raise Refusal(Status.NO_CHAINING)
        if command.cla & 0x0C:
            raise Refusal(Status.NO_SECURE_MESSAGING)
        raise Refusal(Status.NO_LOGICAL_CHANNEL)
    raise Refusal(Status.UNKNOWN_CLASS)


def _parse_digest_info(data: bytes) -> tuple[HashAlgorithm, bytes]:
    """RFC 8017 section 9.2, note 1: the one DER form per digest. Raises `Refusal` (6A80) for anything else."""
    for prefix, algorithm in _DIGEST_INFOS:
        if data.startswith(prefix) and len(data) == len(prefix) + algorithm.digest_size:
            return algorithm, data[len(prefix) :]
    raise Refusal(Status.WRONG_DATA)


def _files(memory: CardMemory) -> dict[int, _File]:
    files: dict[int, _File] = {
        0x0006: _Readable(content=_token_info(memory.token_label)),
        0x0008: _Readable(content=_present(memory.authentication) + _present(memory.signature) + b"\x00"),
        0x0018: _Reference(secret=Secret.PIN),
        0x001B: _Reference(secret=Secret.PASSWORD),
    }
    if memory.authentication is not None:
        before_reading = Secret.PIN if memory.token_label == ANDROID_LABEL else None
        files[0x000A] = _Readable(content=memory.authentication.certificate, after=before_reading)
        files[0x000B] = _Readable(content=memory.authentication.ca_certificate)
        files[0x0017] = _Key(key=_private_key(memory.authentication), after=Secret.PIN)
    if memory.signature is not None:
        files[0x0001] = _Readable(content=memory.signature.certificate, after=Secret.PASSWORD)
        files[0x0002] = _Readable(content=memory.signature.ca_certificate)
        files[0x001A] = _Key(key=_private_key(memory.signature), after=Secret.PASSWORD)
    return files


def _present(pair: KeyPair | None) -> bytes:
    return b"\x00" if pair is None else b"\x8f"


def _token_info(label: str) -> bytes:
    """A CK_TOKEN_INFO with 4-byte numbers (PKCS#11 section 3.2): label, maker, model, serial, numbers, time."""
    texts = label.encode("ascii").ljust(_LABEL_BYTES) + b" " * (32 + 16 + 16)
    numbers = bytes(4 * 11 + 2 + 2)
    return texts + numbers + b" " * 16


def _private_key(pair: KeyPair) -> rsa.RSAPrivateKey:
    # The key was made by our own issuing a moment ago: testing its primes again would cost 50 ms per insertion.
    key = load_der_private_key(pair.private_key, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a JPKI key is an RSA key")
    return key
