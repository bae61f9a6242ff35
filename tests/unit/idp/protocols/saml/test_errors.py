"""Every refusal has a SAML status."""

from collections.abc import Iterator

import pytest

from idp.domain.errors import (
    AssuranceUnreachable,
    CardRevoked,
    CardUnchecked,
    EnrolmentDeclined,
    IdpError,
    LoginNeeded,
    LoginStopped,
    OtherBrowser,
    RequestInvalid,
)
from idp.protocols.saml.errors import status_of

_CODES = "urn:oasis:names:tc:SAML:2.0:status:"


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
    assert status.top in {_CODES + "Requester", _CODES + "Responder"}
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
    ],
)
def test_statuses_tell_the_site_what_it_can_act_upon(error: IdpError, top: str, detail: str | None) -> None:
    status = status_of(error)
    assert status.top == _CODES + top
    assert status.detail == (None if detail is None else _CODES + detail)


def test_an_error_of_no_family_is_a_fault_of_the_table() -> None:
    with pytest.raises(KeyError, match="IdpError"):
        status_of(made(IdpError))
