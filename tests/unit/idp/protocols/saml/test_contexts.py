"""Comparison of authentication contexts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.errors import AssuranceUnreachable
from idp.protocols.saml.contexts import SMARTCARD_PKI, Comparison, ContextChoice, Contexts, ContextWish

CONTEXTS = Contexts("https://idp.example")
OWN = "https://idp.example/acr/card-pin"
CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
PASSWORD = CLASS + "Password"
SMARTCARD = CLASS + "Smartcard"
UNSPECIFIED = CLASS + "unspecified"
CARD = AuthenticationContext.CARD_PIN
OURS = (SMARTCARD_PKI, SMARTCARD, OWN)

LOW = (
    "InternetProtocol",
    "InternetProtocolPassword",
    "Kerberos",
    "MobileOneFactorUnregistered",
    "MobileOneFactorContract",
    "Password",
    "PasswordProtectedTransport",
    "PreviousSession",
    "Telephony",
    "NomadTelephony",
    "PersonalTelephony",
    "PersonalizedTelephony",
    "AuthenticatedTelephony",
    "SecureRemotePassword",
    "TimeSyncToken",
)
SUBSTANTIAL = (
    "MobileTwoFactorUnregistered",
    "MobileTwoFactorContract",
    "X509",
    "PGP",
    "SPKI",
    "XMLDSig",
    "SoftwarePKI",
    "TLSClient",
)
OTHERS = [(CLASS + name, AssuranceLevel.LOW) for name in LOW] + [
    (CLASS + name, AssuranceLevel.SUBSTANTIAL) for name in SUBSTANTIAL
]
"""With Smartcard, SmartcardPKI and unspecified, the classes of SAML authn-context 3.4."""

KNOWN = st.sampled_from([reference for reference, _ in OTHERS] + [*OURS])


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
@pytest.mark.parametrize("references", [(), ("urn:unknown",), ("urn:unknown", "urn:other")])
def test_nothing_that_we_know_cannot_be_met(comparison: Comparison, references: tuple[str, ...]) -> None:
    with pytest.raises(AssuranceUnreachable):
        CONTEXTS.choose(wish(comparison, *references))


@pytest.mark.parametrize(("reference", "level"), OTHERS)
def test_every_class_is_a_limit(reference: str, level: AssuranceLevel) -> None:
    assert CONTEXTS.choose(wish(Comparison.MINIMUM, reference)).required is level
    assert CONTEXTS.choose(wish(Comparison.BETTER, reference)).required == level + 1
    for comparison in (Comparison.MAXIMUM, Comparison.EXACT):
        with pytest.raises(AssuranceUnreachable):
            CONTEXTS.choose(wish(comparison, reference))


@pytest.mark.parametrize("reference", OURS)
@pytest.mark.parametrize("comparison", [Comparison.EXACT, Comparison.MINIMUM, Comparison.MAXIMUM])
def test_every_name_of_a_card_login_is_met_by_one_and_stated(reference: str, comparison: Comparison) -> None:
    choice = CONTEXTS.choose(wish(comparison, reference))
    assert (choice.required, choice.reference) == (CARD.level, reference)
    assert CONTEXTS.stated(CARD, choice.reference) == reference


@pytest.mark.parametrize("reference", OURS)
def test_nothing_is_better_than_a_card_login(reference: str) -> None:
    with pytest.raises(AssuranceUnreachable):
        CONTEXTS.choose(wish(Comparison.BETTER, reference))


@pytest.mark.parametrize("comparison", list(Comparison))
def test_unspecified_is_no_wish(comparison: Comparison) -> None:
    assert CONTEXTS.choose(wish(comparison, UNSPECIFIED)) == CONTEXTS.choose(None)


@pytest.mark.parametrize("comparison", [Comparison.EXACT, Comparison.MINIMUM, Comparison.MAXIMUM])
def test_unspecified_among_others_leaves_their_name(comparison: Comparison) -> None:
    choice = CONTEXTS.choose(wish(comparison, PASSWORD, SMARTCARD, UNSPECIFIED))
    assert (choice.required, choice.reference) == (AssuranceLevel.LOW, SMARTCARD)


def test_unspecified_does_not_soften_what_must_be_bettered() -> None:
    assert CONTEXTS.choose(wish(Comparison.BETTER, UNSPECIFIED, PASSWORD)).required is AssuranceLevel.SUBSTANTIAL
    for references in ((UNSPECIFIED, SMARTCARD_PKI), (UNSPECIFIED, "urn:unknown")):
        with pytest.raises(AssuranceUnreachable):
            CONTEXTS.choose(wish(Comparison.BETTER, *references))


def test_unknown_reference_cannot_be_bettered() -> None:
    with pytest.raises(AssuranceUnreachable):
        CONTEXTS.choose(wish(Comparison.BETTER, PASSWORD, "urn:unknown"))


@given(
    comparison=st.sampled_from([Comparison.EXACT, Comparison.MINIMUM, Comparison.MAXIMUM]),
    references=st.lists(KNOWN),
    place=st.integers(min_value=0, max_value=4),
)
def test_unknown_reference_among_others_changes_nothing(
    comparison: Comparison, references: list[str], place: int
) -> None:
    with_unknown = [*references[:place], "urn:unknown", *references[place:]]
    assert outcome(comparison, with_unknown) == outcome(comparison, references)


@given(comparison=st.sampled_from(Comparison), references=st.lists(KNOWN))
def test_order_decides_only_the_name(comparison: Comparison, references: list[str]) -> None:
    one, other = outcome(comparison, references), outcome(comparison, references[::-1])
    assert (one is None) == (other is None)
    assert one is None or other is None or one.required is other.required


def outcome(comparison: Comparison, references: list[str]) -> ContextChoice | None:
    try:
        return CONTEXTS.choose(wish(comparison, *references))
    except AssuranceUnreachable:
        return None


@pytest.mark.parametrize(
    ("wanted", "stated"),
    [
        (None, SMARTCARD_PKI),
        (OWN, OWN),
        (SMARTCARD_PKI, SMARTCARD_PKI),
        (SMARTCARD, SMARTCARD),
        (UNSPECIFIED, SMARTCARD_PKI),
        ("urn:x", SMARTCARD_PKI),
    ],
)
def test_stated_reference_is_true_and_as_wanted(wanted: str | None, stated: str) -> None:
    assert CONTEXTS.stated(CARD, wanted) == stated
