"""Every refusal as a SAML status (SAML core 3.2.2.2): by family, with rows for the leaves that differ.

The site learns no more than this. Why a card was refused is the citizen's affair and stands on our page.

Statuses of the specification that we never have reason to send, because of what we do not do:

- NoAvailableIDP: we pass no request on to another provider (core 3.4.1.5), so none of them can be out of reach.
- PartialLogout: answers a LogoutRequest only (core 3.7.3).
- RequestVersionDeprecated: there is one version that we speak, and none that we only put up with.
- ResourceNotRecognized, TooManyResponses, UnknownAttrProfile: answer queries (core 3.3); we answer no queries.
"""

from dataclasses import dataclass

from idp.domain.errors import (
    AssuranceUnreachable,
    AttributesUnknown,
    BindingUnsupported,
    CardRejected,
    EnrolmentRefused,
    ForwardingForbidden,
    IdentifierUnavailable,
    IdpError,
    InteractionRequired,
    OtherCitizen,
    OtherProviderWanted,
    ReleaseRefused,
    RequestInvalid,
    RequestRejected,
    Unavailable,
    VersionTooHigh,
    VersionTooLow,
)

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A top-level status code, and the second one that details it."""

    top: str
    detail: str | None


def _requester(detail: str) -> Status:
    """The fault is in what the site asked."""
    return Status(top=_STATUS + "Requester", detail=_STATUS + detail)


def _responder(detail: str) -> Status:
    """We could not, or may not."""
    return Status(top=_STATUS + "Responder", detail=_STATUS + detail)


def _version(detail: str) -> Status:
    return Status(top=_STATUS + "VersionMismatch", detail=_STATUS + detail)


SUCCEEDED = Status(top=_STATUS + "Success", detail=None)

STATUSES: dict[type[IdpError], Status] = {
    RequestRejected: _requester("RequestDenied"),
    RequestInvalid: _requester("RequestUnsupported"),
    VersionTooLow: _version("RequestVersionTooLow"),  # core 4.1.3.2
    VersionTooHigh: _version("RequestVersionTooHigh"),
    BindingUnsupported: _requester("UnsupportedBinding"),  # core 3.4.1, ProtocolBinding
    AttributesUnknown: _requester("InvalidAttrNameOrValue"),  # core 3.4.1, AttributeConsumingServiceIndex
    OtherProviderWanted: _responder("NoSupportedIDP"),  # core 3.4.1.3, IDPList
    ForwardingForbidden: _responder("ProxyCountExceeded"),  # core 3.4.1.5.1, ProxyCount
    CardRejected: _responder("AuthnFailed"),
    EnrolmentRefused: _responder("RequestDenied"),
    InteractionRequired: _responder("NoPassive"),  # core 3.4.1, IsPassive
    ReleaseRefused: _responder("RequestDenied"),
    AssuranceUnreachable: _responder("NoAuthnContext"),  # core 3.3.2.2.1
    IdentifierUnavailable: _requester("InvalidNameIDPolicy"),  # core 3.4.1.1
    OtherCitizen: _responder("UnknownPrincipal"),  # core 3.4.1.4, Subject
    Unavailable: Status(top=_STATUS + "Responder", detail=None),
}


def status_of(error: IdpError) -> Status:
    """The row of the error's own class, or of the nearest family. Raises `KeyError` for one that has no row."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None) or _no_row(error)


def _no_row(error: IdpError) -> Status:
    raise KeyError(type(error).__name__)
