"""Names of authentication contexts: `acr` under our own issuer, and `amr` of RFC 8176."""

from collections.abc import Sequence

from idp.domain.assurance import AuthenticationContext

_ALIASES = {"aal3": AuthenticationContext.CARD_PIN}
"""Request tokens of the Digital Agency's authentication service, so that its clients work here unchanged."""

_METHODS = {AuthenticationContext.CARD_PIN: ("sc", "hwk", "pin", "mfa")}


def acr_of(context: AuthenticationContext, *, issuer: str) -> str:
    """Our own name of `context`."""
    return f"{issuer}/acr/{context.value}"


def acr_values(issuer: str) -> dict[str, AuthenticationContext]:
    """Every `acr` that a client may ask for, our own names first."""
    return {acr_of(context, issuer=issuer): context for context in AuthenticationContext} | _ALIASES


def answered_acr(context: AuthenticationContext, asked: Sequence[str], *, issuer: str) -> str:
    """The name that the client itself used for `context`, if it asked for it; else our own."""
    known = acr_values(issuer)
    return next((name for name in asked if known.get(name) is context), acr_of(context, issuer=issuer))


def amr_of(context: AuthenticationContext) -> tuple[str, ...]:
    """The authentication methods of `context` (RFC 8176 section 2)."""
    return _METHODS[context]
