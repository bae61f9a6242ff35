from datetime import timedelta

import pytest
from cryptography.x509 import ReasonFlags

from testbed.lifecycle import Cause, NotPossibleError, hold, release_hold, revoke
from testbed.profiles import Authority
from testbed.register import Revocation, UnknownCardError
from tests.support.pki import A_MOMENT, SamplePki

LATER = A_MOMENT + timedelta(hours=1)


@pytest.fixture
def pki(sample: SamplePki) -> SamplePki:
    sample.a_card()
    return sample


def _states(pki: SamplePki) -> dict[Authority, Revocation | None]:
    return {issued.authority: issued.revocation for issued in pki.pki.register.on_card("c")}


def test_move_revokes_the_signature_certificate_alone(pki: SamplePki) -> None:
    revoke(pki.pki, "c", Cause.MOVE, now=LATER)
    assert _states(pki) == {
        Authority.AUTHENTICATION: None,
        Authority.SIGNATURE: Revocation(at=LATER, reason=ReasonFlags.affiliation_changed),
    }


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.DEATH, ReasonFlags.cessation_of_operation),
        (Cause.LOSS, ReasonFlags.key_compromise),
        (Cause.HOLDER_REQUEST, ReasonFlags.cessation_of_operation),
    ],
)
def test_other_causes_revoke_both_certificates(pki: SamplePki, cause: Cause, reason: ReasonFlags) -> None:
    revoke(pki.pki, "c", cause, now=LATER)
    assert list(_states(pki).values()) == [Revocation(at=LATER, reason=reason)] * 2


def test_hold_suspends_the_login_certificate_until_released(pki: SamplePki) -> None:
    hold(pki.pki, "c", now=LATER)
    held = Revocation(at=LATER, reason=ReasonFlags.certificate_hold)
    assert _states(pki) == {Authority.AUTHENTICATION: held, Authority.SIGNATURE: None}
    release_hold(pki.pki, "c")
    assert _states(pki) == {Authority.AUTHENTICATION: None, Authority.SIGNATURE: None}


def test_revocation_makes_a_hold_final(pki: SamplePki) -> None:
    hold(pki.pki, "c", now=A_MOMENT)
    revoke(pki.pki, "c", Cause.LOSS, now=LATER)
    assert _states(pki)[Authority.AUTHENTICATION] == Revocation(at=LATER, reason=ReasonFlags.key_compromise)
    with pytest.raises(NotPossibleError):
        release_hold(pki.pki, "c")


def test_later_cause_does_not_change_the_reason_of_an_earlier_one(pki: SamplePki) -> None:
    revoke(pki.pki, "c", Cause.MOVE, now=A_MOMENT)
    revoke(pki.pki, "c", Cause.DEATH, now=LATER)
    assert _states(pki) == {
        Authority.AUTHENTICATION: Revocation(at=LATER, reason=ReasonFlags.cessation_of_operation),
        Authority.SIGNATURE: Revocation(at=A_MOMENT, reason=ReasonFlags.affiliation_changed),
    }


def test_what_is_revoked_cannot_be_revoked_again_or_held(pki: SamplePki) -> None:
    revoke(pki.pki, "c", Cause.LOSS, now=A_MOMENT)
    with pytest.raises(NotPossibleError):
        revoke(pki.pki, "c", Cause.DEATH, now=LATER)
    with pytest.raises(NotPossibleError):
        hold(pki.pki, "c", now=LATER)


def test_hold_can_be_released_only_where_there_is_one(pki: SamplePki) -> None:
    with pytest.raises(NotPossibleError, match="not on hold"):
        release_hold(pki.pki, "c")


def test_unknown_card_is_refused(pki: SamplePki) -> None:
    with pytest.raises(UnknownCardError):
        revoke(pki.pki, "nobody", Cause.LOSS, now=LATER)
    with pytest.raises(UnknownCardError):
        hold(pki.pki, "nobody", now=LATER)
    with pytest.raises(UnknownCardError):
        release_hold(pki.pki, "nobody")
