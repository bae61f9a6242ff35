"""Every refusal has its place everywhere: a page, words in both languages, a SAML status, an OpenID Connect code."""

import ast
from datetime import UTC, datetime

import pytest

from foundation.texts import LANGUAGES, load_texts
from idp.domain.errors import IdpError, RequestInvalid, SiteUnknown, leaves
from idp.protocols.oidc.errors import OAuthError, authorization_error
from idp.protocols.saml.errors import status_of as saml_status
from idp.web.app import TRANSLATIONS
from idp.web.errors import message_of
from idp.web.errors import status_of as page_status
from tests.support.source import makers_of, modules

TEXTS = load_texts(TRANSLATIONS)
LEAVES = sorted(leaves().values(), key=lambda leaf: leaf.__name__)
every_leaf = pytest.mark.parametrize("leaf", LEAVES)

AUTHORIZATION_CODES = {
    OAuthError.INVALID_REQUEST,
    OAuthError.ACCESS_DENIED,
    OAuthError.LOGIN_REQUIRED,
    OAuthError.UNMET_AUTHENTICATION_REQUIREMENTS,
    OAuthError.TEMPORARILY_UNAVAILABLE,
    OAuthError.SERVER_ERROR,
}
"""Those of an authorization response; the others of the enumeration belong to other endpoints or to the request."""


def an_error(leaf: type[IdpError]) -> IdpError:
    return leaf("why") if issubclass(leaf, RequestInvalid | SiteUnknown) else leaf()


def below(kind: type[IdpError]) -> set[type[IdpError]]:
    """All that descend from `kind`."""
    return {kind for child in kind.__subclasses__() for kind in {child, *below(child)}}


def test_leaves_are_two_floors_below_the_root_and_have_their_own_codes() -> None:
    families = set(IdpError.__subclasses__())
    assert below(IdpError) - families == set(LEAVES)
    assert not any(hasattr(family, "code") for family in families)
    assert len({leaf.code for leaf in LEAVES}) == len(LEAVES)


@every_leaf
def test_leaf_has_a_page(leaf: type[IdpError]) -> None:
    assert 400 <= page_status(leaf) < 600


@every_leaf
@pytest.mark.parametrize("language", LANGUAGES)
def test_leaf_has_words(leaf: type[IdpError], language: str) -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    message = message_of(TEXTS[language], leaf.code, request_id="123456789012", minutes=7, date=moment)
    assert message.heading
    assert message.body
    assert not {"{", "}"} & set(message.heading + message.body)


@every_leaf
def test_leaf_has_a_saml_status(leaf: type[IdpError]) -> None:
    status = saml_status(an_error(leaf))
    assert status.top.startswith("urn:oasis:names:tc:SAML:2.0:status:")
    assert not status.top.endswith("Success")


@every_leaf
def test_leaf_has_an_authorization_error(leaf: type[IdpError]) -> None:
    assert authorization_error(an_error(leaf)) in AUTHORIZATION_CODES


@every_leaf
def test_leaf_is_met_somewhere(leaf: type[IdpError]) -> None:
    """Raised as a class or made with facts; a refusal that nothing refuses is a word without a use."""
    assert makers_of(leaf.__name__, "idp") or raised_somewhere(leaf.__name__)


def test_reason_for_not_knowing_a_site_holds_no_value() -> None:
    """It is written to the log before anything is proven, so it is one of our own sentences."""
    made = [
        call
        for path, tree in modules("idp")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "SiteUnknown"
    ]
    assert made
    assert all(len(call.args) == 1 and isinstance(call.args[0], ast.Constant) for call in made)
    assert not raised_somewhere("SiteUnknown"), "without a reason"


def raised_somewhere(name: str) -> bool:
    """Whether `raise Name` stands anywhere, without a call."""
    return any(
        isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id == name
        for _, tree in modules("idp")
        for node in ast.walk(tree)
    )
