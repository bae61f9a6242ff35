"""Every refusal as a SAML status (SAML core 3.2.2.2): by family, with rows for the leaves that differ.

The site learns no more than this. Why a card was refused is the citizen's affair and stands on our page.
"""

from dataclasses import dataclass

from idp.domain.errors import (
    AssuranceUnreachable,
    CardRejected,
    EnrolmentRefused,
    IdentifierUnavailable,
    IdpError,
    InteractionRequired,
    ReleaseRefused,
    RequestInvalid,
    RequestRejected,
    Unavailable,
)

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS = _STATUS + "Success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A top-level status code, and the second one that details it."""

    top: str
    detail: str | None


def _requester(detail: str) -> Status:
    return Status(top=_STATUS + "Requester", detail=_STATUS + detail)


def _responder(detail: str) -> Status:
    return Status(top=_STATUS + "Responder", detail=_STATUS + detail)


STATUSES: dict[type[IdpError], Status] = {
    RequestRejected: _requester("RequestDenied"),
    RequestInvalid: _requester("RequestUnsupported"),
    CardRejected: _responder("AuthnFailed"),
    EnrolmentRefused: _responder("RequestDenied"),
    InteractionRequired: _responder("NoPassive"),
    ReleaseRefused: _responder("RequestDenied"),
    AssuranceUnreachable: _responder("NoAuthnContext"),
    IdentifierUnavailable: _requester("InvalidNameIDPolicy"),
    Unavailable: Status(top=_STATUS + "Responder", detail=None),
}


def status_of(error: IdpError) -> Status:
    """The row of the error's own class, or of the nearest family. Raises `KeyError` for one that has no row."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None) or _no_row(error)


def _no_row(error: IdpError) -> Status:
    raise KeyError(type(error).__name__)
