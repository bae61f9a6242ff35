import itertools
from datetime import UTC, datetime, timedelta

import pytest

from jpki.revocation import (
    Good,
    RevocationReason,
    RevocationStatus,
    Revoked,
    StatusSource,
    Unknown,
    WhyUnknown,
    decide,
)

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def good(source: StatusSource) -> Good:
    return Good(
        source=source, checked_at=NOW, this_update=NOW, next_update=NOW + timedelta(hours=1), may_be_reused=True
    )


def revoked(source: StatusSource, reason: RevocationReason) -> Revoked:
    return Revoked(source=source, checked_at=NOW, at=NOW - timedelta(days=1), reason=reason)


def every_status(source: StatusSource) -> list[RevocationStatus]:
    return [
        good(source),
        *(revoked(source, reason) for reason in RevocationReason),
        *(Unknown(checked_at=NOW, why=why) for why in WhyUnknown),
    ]


PAIRS = list(itertools.product(every_status(StatusSource.CRL), every_status(StatusSource.OCSP)))


def test_revoked_in_either_source_is_revoked_whatever_the_other_says() -> None:
    for crl, ocsp in PAIRS:
        if isinstance(crl, Revoked) or isinstance(ocsp, Revoked):
            assert isinstance(decide(crl, ocsp), Revoked)


def test_revoked_is_never_invented() -> None:
    for crl, ocsp in PAIRS:
        decided = decide(crl, ocsp)
        if isinstance(decided, Revoked):
            assert decided in (crl, ocsp)


def test_good_from_ocsp_is_good_unless_the_list_revokes() -> None:
    for crl, ocsp in PAIRS:
        if isinstance(ocsp, Good) and not isinstance(crl, Revoked):
            assert decide(crl, ocsp) is ocsp


def test_responder_that_does_not_know_the_certificate_refuses_it_although_the_list_is_good() -> None:
    not_known = Unknown(checked_at=NOW, why=WhyUnknown.NOT_KNOWN)
    assert decide(good(StatusSource.CRL), not_known) is not_known


@pytest.mark.parametrize("why", [why for why in WhyUnknown if why is not WhyUnknown.NOT_KNOWN])
def test_without_a_valid_ocsp_answer_a_good_list_decides(why: WhyUnknown) -> None:
    crl = good(StatusSource.CRL)
    assert decide(crl, Unknown(checked_at=NOW, why=why)) is crl


def test_nothing_known_from_both_is_unknown() -> None:
    for crl, ocsp in PAIRS:
        if isinstance(crl, Unknown) and isinstance(ocsp, Unknown):
            decided = decide(crl, ocsp)
            assert isinstance(decided, Unknown)
            assert decided.why is ocsp.why


def test_both_reasons_are_kept_when_neither_source_helps() -> None:
    decided = decide(
        Unknown(checked_at=NOW, why=WhyUnknown.LIST_STALE), Unknown(checked_at=NOW, why=WhyUnknown.TIMED_OUT)
    )
    assert decided == Unknown(checked_at=NOW, why=WhyUnknown.TIMED_OUT, list_why=WhyUnknown.LIST_STALE)


def test_final_revocation_by_ocsp_outweighs_a_hold_on_the_list() -> None:
    hold = revoked(StatusSource.CRL, RevocationReason.CERTIFICATE_HOLD)
    final = revoked(StatusSource.OCSP, RevocationReason.KEY_COMPROMISE)
    assert decide(hold, final) is final


@pytest.mark.parametrize("reason", RevocationReason)
def test_only_certificate_hold_is_a_hold(reason: RevocationReason) -> None:
    assert revoked(StatusSource.OCSP, reason).is_on_hold == (reason == RevocationReason.CERTIFICATE_HOLD)
