"""Revocation by cause, and holds. Only the certificates now on the card are touched; old ones keep their reasons."""

from datetime import datetime
from enum import StrEnum

from cryptography.x509 import ReasonFlags

from testbed.profiles import Authority
from testbed.register import Changes, IssuedCertificate, Revocation, UnknownCardError
from testbed.state import Pki


class Cause(StrEnum):
    """Why certificates are revoked for good."""

    MOVE = "move"
    DEATH = "death"
    LOSS = "loss"
    HOLDER_REQUEST = "holder-request"


class NotPossibleError(ValueError):
    """The certificate's state does not allow this step; the message says which."""


_BOTH = tuple(Authority)
_EFFECTS = {
    # A move or a change of name makes the four attributes wrong; the user-authentication certificate has none.
    Cause.MOVE: (ReasonFlags.affiliation_changed, (Authority.SIGNATURE,)),
    Cause.DEATH: (ReasonFlags.cessation_of_operation, _BOTH),
    Cause.LOSS: (ReasonFlags.key_compromise, _BOTH),
    Cause.HOLDER_REQUEST: (ReasonFlags.cessation_of_operation, _BOTH),
}


def revoke(pki: Pki, card_id: str, cause: Cause, *, now: datetime) -> None:
    """Revoke for good what `cause` touches; a hold becomes final.

    Raises `UnknownCardError`, and `NotPossibleError` where everything is revoked already.
    """
    reason, authorities = _EFFECTS[cause]
    with pki.register.changing() as changes:
        touched = [issued for issued in _on_card(changes, card_id) if issued.authority in authorities]
        open_ones = [issued for issued in touched if issued.revocation is None or issued.revocation.is_hold]
        if not open_ones:
            raise NotPossibleError(f"card {card_id} has no certificate left that a {cause.value} could revoke")
        for issued in open_ones:
            changes.set_revocation(issued, Revocation(at=now, reason=reason))


def hold(pki: Pki, card_id: str, *, now: datetime) -> None:
    """Suspend the user-authentication certificate. Raises `UnknownCardError`, `NotPossibleError`."""
    with pki.register.changing() as changes:
        issued = _authentication(changes, card_id)
        if issued.revocation is not None:
            raise NotPossibleError(f"the certificate of card {card_id} is revoked or on hold already")
        changes.set_revocation(issued, Revocation(at=now, reason=ReasonFlags.certificate_hold))


def release_hold(pki: Pki, card_id: str) -> None:
    """Make a suspended certificate valid again. Raises `UnknownCardError`, `NotPossibleError`."""
    with pki.register.changing() as changes:
        issued = _authentication(changes, card_id)
        if issued.revocation is None or not issued.revocation.is_hold:
            raise NotPossibleError(f"the certificate of card {card_id} is not on hold")
        changes.set_revocation(issued, None)


def _authentication(changes: Changes, card_id: str) -> IssuedCertificate:
    for issued in _on_card(changes, card_id):
        if issued.authority is Authority.AUTHENTICATION:
            return issued
    raise NotPossibleError(f"card {card_id} has no registered user-authentication certificate")


def _on_card(changes: Changes, card_id: str) -> list[IssuedCertificate]:
    if not changes.has_card(card_id):
        raise UnknownCardError(f"no card is called {card_id}")
    return changes.on_card(card_id)
