"""Comparison of authentication contexts."""

import pytest

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.errors import AssuranceUnreachable
from idp.protocols.saml.contexts import SMARTCARD_PKI, Comparison, Contexts, ContextWish

CONTEXTS = Contexts("https://idp.example")
OWN = "https://idp.example/acr/card-pin"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 (a class of contexts)
CARD = AuthenticationContext.CARD_PIN


def wish(comparison: Comparison, *references: str) -> ContextWish:
    return ContextWish(comparison=comparison, references=references)


def test_no_wish_is_met_by_anything() -> None:
    choice = CONTEXTS.choose(None)
    assert (choice.required, choice.reference) == (AssuranceLevel.LOW, None)


def test_first_reference_of_ours_is_remembered() -> None:
    assert CONTEXTS.choose(wish(Comparison.EXACT, PASSWORD, OWN, SMARTCARD_PKI)).reference == OWN


def test_reference_that_only_bounds_is_not_stated() -> None:
    assert CONTEXTS.choose(wish(Comparison.MINIMUM, PASSWORD)).reference is None


def test_weakest_reference_is_the_minimum() -> None:
    assert CONTEXTS.choose(wish(Comparison.MINIMUM, SMARTCARD_PKI, PASSWORD)).required is AssuranceLevel.LOW


def test_better_is_better_than_all() -> None:
    with pytest.raises(AssuranceUnreachable):
        CONTEXTS.choose(wish(Comparison.BETTER, PASSWORD, SMARTCARD_PKI))


@pytest.mark.parametrize("comparison", list(Comparison))
def test_no_references_cannot_be_met(comparison: Comparison) -> None:
    with pytest.raises(AssuranceUnreachable):
        CONTEXTS.choose(wish(comparison))


@pytest.mark.parametrize(
    ("wanted", "stated"), [(None, SMARTCARD_PKI), (OWN, OWN), (SMARTCARD_PKI, SMARTCARD_PKI), ("urn:x", SMARTCARD_PKI)]
)
def test_stated_reference_is_true_and_as_wanted(wanted: str | None, stated: str) -> None:
    assert CONTEXTS.stated(CARD, wanted) == stated
