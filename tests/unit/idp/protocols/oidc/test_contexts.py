from idp.domain.assurance import AuthenticationContext
from idp.protocols.oidc.contexts import acr_of, acr_values, amr_of, answered_acr

ISSUER = "https://idp.example"
OURS = f"{ISSUER}/acr/card-pin"


def test_every_context_has_a_name_under_our_issuer_and_its_methods() -> None:
    for context in AuthenticationContext:
        assert acr_values(ISSUER)[acr_of(context, issuer=ISSUER)] is context
        assert amr_of(context)


def test_the_card_with_pin_is_a_smart_card_with_two_factors() -> None:
    assert amr_of(AuthenticationContext.CARD_PIN) == ("sc", "hwk", "pin", "mfa")


def test_the_answer_uses_the_name_that_was_asked_for_first() -> None:
    assert answered_acr(AuthenticationContext.CARD_PIN, ("aal3", OURS), issuer=ISSUER) == "aal3"
    assert answered_acr(AuthenticationContext.CARD_PIN, (), issuer=ISSUER) == OURS
