"""What a refusal of the certificate library means to a citizen."""

from idp.domain.errors import CardExpired, CardMismatch, CardNotYetValid, CardRejected, CardUntrusted, CardWrongKind
from jpki.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    JpkiError,
    KeyUsageNotAllowed,
    StatementSignatureInvalid,
    WrongCertificateKind,
)


def as_card_rejection(error: JpkiError) -> CardRejected:
    """The citizen's side of `error`; what has no row of its own is a card that we do not trust."""
    match error:
        case CertificateExpired(until=until):
            return CardExpired(date=until)
        case CertificateNotYetValid(since=since):
            return CardNotYetValid(date=since)
        case WrongCertificateKind() | KeyUsageNotAllowed():
            return CardWrongKind()
        case StatementSignatureInvalid():
            return CardMismatch()
        case _:
            return CardUntrusted()
