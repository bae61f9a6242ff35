"""Every refusal has a SAML status."""

from collections.abc import Iterator

import pytest

from idp.domain.errors import (
    AssuranceUnreachable,
    AttributesUnknown,
    BindingUnsupported,
    CardRevoked,
    CardUnchecked,
    EnrolmentDeclined,
    ForwardingForbidden,
    IdentifierUnavailable,
    IdpError,
    LoginNeeded,
    LoginStopped,
    OtherBrowser,
    OtherCitizen,
    OtherProviderWanted,
    RequestInvalid,
    SiteSuspended,
    VersionTooHigh,
    VersionTooLow,
)
from idp.protocols.saml import errors
from idp.protocols.saml.errors import STATUSES, status_of

_CODES = "urn:oasis:names:tc:SAML:2.0:status:"


SECOND_LEVEL = (
    "AuthnFailed",
    "InvalidAttrNameOrValue",
    "InvalidNameIDPolicy",
    "NoAuthnContext",
    "NoAvailableIDP",
    "NoPassive",
    "NoSupportedIDP",
    "PartialLogout",
    "ProxyCountExceeded",
    "RequestDenied",
    "RequestUnsupported",
    "RequestVersionDeprecated",
    "RequestVersionTooHigh",
    "RequestVersionTooLow",
    "ResourceNotRecognized",
    "TooManyResponses",
    "UnknownAttrProfile",
    "UnknownPrincipal",
    "UnsupportedBinding",
)


def leaves(family: type[IdpError]) -> Iterator[type[IdpError]]:
    if "code" in vars(family):
        yield family
    for kind in family.__subclasses__():
        yield from leaves(kind)


def made(kind: type[IdpError]) -> IdpError:
    return kind.__new__(kind)


@pytest.mark.parametrize("kind", sorted(leaves(IdpError), key=lambda kind: kind.__name__))
def test_every_leaf_resolves_to_a_status_of_the_specification(kind: type[IdpError]) -> None:
    status = status_of(made(kind))
    assert status.top in {_CODES + "Requester", _CODES + "Responder", _CODES + "VersionMismatch"}
    assert status.detail is None or status.detail.startswith(_CODES)


@pytest.mark.parametrize(
    ("error", "top", "detail"),
    [
        (AssuranceUnreachable(), "Responder", "NoAuthnContext"),
        (LoginNeeded(), "Responder", "NoPassive"),
        (LoginStopped(), "Responder", "RequestDenied"),
        (EnrolmentDeclined(), "Responder", "RequestDenied"),
        (CardRevoked(), "Responder", "AuthnFailed"),
        (CardUnchecked(), "Responder", None),
        (OtherBrowser(), "Requester", "RequestDenied"),
        (RequestInvalid("why"), "Requester", "RequestUnsupported"),
        (SiteSuspended(), "Requester", "RequestDenied"),
        (VersionTooLow(), "VersionMismatch", "RequestVersionTooLow"),
        (VersionTooHigh(), "VersionMismatch", "RequestVersionTooHigh"),
        (BindingUnsupported(), "Requester", "UnsupportedBinding"),
        (AttributesUnknown(), "Requester", "InvalidAttrNameOrValue"),
        (OtherProviderWanted(), "Responder", "NoSupportedIDP"),
        (ForwardingForbidden(), "Responder", "ProxyCountExceeded"),
        (IdentifierUnavailable(), "Requester", "InvalidNameIDPolicy"),
        (OtherCitizen(), "Responder", "UnknownPrincipal"),
    ],
)
def test_statuses_tell_the_site_what_it_can_act_upon(error: IdpError, top: str, detail: str | None) -> None:
    status = status_of(error)
    assert status.top == _CODES + top
    assert status.detail == (None if detail is None else _CODES + detail)


def test_an_error_of_no_family_is_a_fault_of_the_table() -> None:
    with pytest.raises(KeyError, match="IdpError"):
        status_of(made(IdpError))


def test_every_status_of_the_specification_is_sent_or_explained() -> None:
    """SAML core 3.2.2.2: each stands in the table, or in the docstring with the reason why it cannot occur."""
    sent = {status.detail.removeprefix(_CODES) for status in STATUSES.values() if status.detail is not None}
    explained = {name for name in SECOND_LEVEL if name in (errors.__doc__ or "")}
    assert (sent | explained, sent & explained) == (set(SECOND_LEVEL), set())
