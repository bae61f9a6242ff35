import re

import pytest

from idp.domain import errors
from idp.domain.errors import CardRevoked, IdpError, LoginNeeded, LoginStopped, ServiceFault
from idp.protocols.oidc.errors import OAuthError, authorization_error


def leaves(kind: type[IdpError]) -> list[type[IdpError]]:
    below = [leaf for child in kind.__subclasses__() for leaf in leaves(child)]
    return below or [kind]


LEAVES = [leaf for leaf in leaves(IdpError) if leaf.__module__ == errors.__name__]


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_refusal_has_a_code_for_the_client(leaf: type[IdpError]) -> None:
    error = leaf("why") if issubclass(leaf, errors.RequestInvalid | errors.SiteUnknown) else leaf()

    assert isinstance(authorization_error(error), OAuthError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoginNeeded(), "login_required"),
        (LoginStopped(), "access_denied"),
        (CardRevoked(), "access_denied"),
        (errors.CardUnchecked(), "temporarily_unavailable"),
        (ServiceFault(), "server_error"),
        (errors.AssuranceUnreachable(), "unmet_authentication_requirements"),
    ],
)
def test_a_refusal_is_told_by_its_standard_code(error: IdpError, code: str) -> None:
    assert authorization_error(error) == code


def test_the_client_never_learns_what_is_wrong_with_a_card() -> None:
    card = [leaf for leaf in LEAVES if issubclass(leaf, errors.CardRejected)]

    assert {authorization_error(leaf()) for leaf in card} == {"access_denied"}
    assert len(card) > 5


def test_a_refusal_outside_every_family_is_a_defect() -> None:
    class Stranger(IdpError):
        code = "stranger"

    with pytest.raises(KeyError):
        authorization_error(Stranger())


def test_codes_have_only_the_characters_that_a_redirect_may_carry() -> None:
    assert all(re.fullmatch("[a-z_]+", code) for code in OAuthError)
