import pytest

from idp.domain.errors import (
    CardExpired,
    CardMismatch,
    CardNotYetValid,
    CardRejected,
    CardUntrusted,
    CardWrongKind,
)
from idp.usecases.card_errors import as_card_rejection
from jpki import errors
from jpki.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    JpkiError,
    KeyUsageNotAllowed,
    StatementSignatureInvalid,
    WrongCertificateKind,
)
from tests.support.builders import NOW

OWN_ROWS = {
    WrongCertificateKind: CardWrongKind,
    KeyUsageNotAllowed: CardWrongKind,
    StatementSignatureInvalid: CardMismatch,
}
ALL = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, JpkiError) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in {CertificateExpired, CertificateNotYetValid}])
def test_every_refusal_of_the_library_is_a_rejection_of_the_card(kind: type[JpkiError]) -> None:
    rejection = as_card_rejection(kind("why"))
    assert isinstance(rejection, CardRejected)
    assert type(rejection) is OWN_ROWS.get(kind, CardUntrusted)


def test_certificate_outside_its_time_says_which_day() -> None:
    for error, kind in ((CertificateExpired(NOW), CardExpired), (CertificateNotYetValid(NOW), CardNotYetValid)):
        rejection = as_card_rejection(error)
        assert type(rejection) is kind
        assert rejection.date == NOW
