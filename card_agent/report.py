"""The card in words, for the command line: kinds of certificates, until when, tries left. No names, no serials."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from cryptography import x509

from card_agent.card import (
    AUTHENTICATION_CERTIFICATE,
    AUTHENTICATION_PIN,
    SIGNATURE_CERTIFICATE,
    SIGNATURE_PASSWORD,
    CardError,
    CertificateProtected,
    JpkiCard,
    NoCertificate,
)
from card_agent.messages import STATE_MESSAGES
from card_agent.readers import CardState, Readers, state_of
from card_agent.transport import CardTransport, ReaderError
from foundation.texts import Message, Texts

_JAPAN = ZoneInfo("Asia/Tokyo")
_CERTIFICATES = (("authentication", AUTHENTICATION_CERTIFICATE), ("signature", SIGNATURE_CERTIFICATE))
_TRIES = (("pin", AUTHENTICATION_PIN), ("password", SIGNATURE_PASSWORD))


def reader_lines(transport: CardTransport, texts: Texts) -> list[str]:
    """The readers, or in words why there are none."""
    try:
        readers = transport.readers()
    except ReaderError as error:
        return [_state_words(state_of(error), texts)]
    if not readers:
        return [_state_words(CardState.NO_READER, texts)]
    return [texts("command.reader", name=reader) for reader in readers]


def card_lines(transport: CardTransport, texts: Texts) -> list[str]:
    """Each reader with what its card tells without any PIN, or in words why it tells nothing."""
    readers = Readers(transport)
    try:
        names = transport.readers()
    except ReaderError as error:
        return [_state_words(state_of(error), texts)]
    lines = [] if names else [_state_words(CardState.NO_READER, texts)]
    for name in names:
        lines.append(texts("command.reader", name=name))
        try:
            with readers.card(name) as card:
                lines += [f"  {line}" for line in _about(card, texts)]
        except (ReaderError, CardError) as error:
            lines.append(f"  {_state_words(state_of(error), texts)}")
    return lines


def _about(card: JpkiCard, texts: Texts) -> Iterator[str]:
    yield texts("command.label", label=card.token_label())
    for kind, file_id in _CERTIFICATES:
        yield _certificate_words(card, kind, file_id, texts)
    for name, reference in _TRIES:
        yield texts(f"command.tries.{name}", n=card.tries_left(reference))


def _certificate_words(card: JpkiCard, kind: str, file_id: int, texts: Texts) -> str:
    try:
        certificate = x509.load_der_x509_certificate(card.certificate(file_id))
    except NoCertificate:
        return texts("command.certificate.none", kind=texts(f"command.kind.{kind}"))
    except CertificateProtected:
        return texts("command.certificate.protected", kind=texts(f"command.kind.{kind}"))
    except ValueError:
        return _state_words(CardState.UNREADABLE, texts)
    until = certificate.not_valid_after_utc.astimezone(_JAPAN)
    return texts(f"command.certificate.{kind}", until=f"{until:%Y-%m-%d}")


def _state_words(state: CardState, texts: Texts) -> str:
    message: Message = texts.message(STATE_MESSAGES[state])
    return f"{message.heading} {message.body}".strip()
