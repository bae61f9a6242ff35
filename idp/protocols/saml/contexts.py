"""Authentication context references, and the four ways in which a site may compare them (SAML core 3.3.2.2.1)."""

from dataclasses import dataclass
from enum import StrEnum

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.errors import AssuranceUnreachable
from idp.protocols.saml.names import own_context

_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_EIDAS = "http://eidas.europa.eu/LoA/"

SMARTCARD_PKI = _CLASS + "SmartcardPKI"

_CLASS_OF = {AuthenticationContext.CARD_PIN: SMARTCARD_PKI}

_LEVEL_OF_OTHERS = {
    _CLASS + "unspecified": AssuranceLevel.LOW,
    _CLASS + "Password": AssuranceLevel.LOW,
    _CLASS + "PasswordProtectedTransport": AssuranceLevel.LOW,
    _CLASS + "MobileTwoFactorUnregistered": AssuranceLevel.SUBSTANTIAL,
    _CLASS + "MobileTwoFactorContract": AssuranceLevel.SUBSTANTIAL,
    _CLASS + "Smartcard": AssuranceLevel.SUBSTANTIAL,
    _EIDAS + "low": AssuranceLevel.LOW,
    _EIDAS + "substantial": AssuranceLevel.SUBSTANTIAL,
    _EIDAS + "high": AssuranceLevel.HIGH,
}
"""References that we never state ourselves, but can compare with."""


class Comparison(StrEnum):
    """How a requested reference limits the answer."""

    EXACT = "exact"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    BETTER = "better"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextWish:
    """A site's RequestedAuthnContext; `references` are class references, none if it asked by declaration only."""

    comparison: Comparison
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextChoice:
    """What the login must reach, and the reference to answer with if the site named one of ours."""

    required: AssuranceLevel
    reference: str | None


class Contexts:
    """Our contexts and their references. A way to log in is known by its class and by a URI under our issuer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._offered = {
            reference: context
            for context in AuthenticationContext
            for reference in (_CLASS_OF[context], self.own(context))
        }

    def own(self, context: AuthenticationContext) -> str:
        """Our own URI of `context`."""
        return own_context(self._issuer, context.value)

    def stated(self, context: AuthenticationContext, wanted: str | None) -> str:
        """The reference to state for `context`: the one the site wanted if it means this context, else the class."""
        if wanted is not None and self._offered.get(wanted) is context:
            return wanted
        return _CLASS_OF[context]

    def choose(self, wish: ContextWish | None) -> ContextChoice:
        """What must be reached to fulfil `wish`. Raises `AssuranceUnreachable` if nothing that we offer would do."""
        if wish is None:
            return ContextChoice(required=AssuranceLevel.LOW, reference=None)
        named = next((reference for reference in wish.references if reference in self._offered), None)
        return ContextChoice(required=self._required(wish, named), reference=named)

    def _required(self, wish: ContextWish, named: str | None) -> AssuranceLevel:
        best = max(context.level for context in AuthenticationContext)
        levels = [level for reference in wish.references if (level := self._level(reference)) is not None]
        all_known = len(levels) == len(wish.references)
        if not levels or (wish.comparison is Comparison.BETTER and not all_known):
            raise AssuranceUnreachable
        match wish.comparison:
            case Comparison.EXACT:
                if named is None:
                    raise AssuranceUnreachable
                return self._offered[named].level
            case Comparison.MINIMUM:
                return min(levels)
            case Comparison.BETTER:
                if max(levels) >= best:
                    raise AssuranceUnreachable
                return AssuranceLevel(max(levels) + 1)
            case Comparison.MAXIMUM:
                within = [context.level for context in AuthenticationContext if context.level <= max(levels)]
                if not within:
                    raise AssuranceUnreachable
                return max(within)

    def _level(self, reference: str) -> AssuranceLevel | None:
        context = self._offered.get(reference)
        return context.level if context is not None else _LEVEL_OF_OTHERS.get(reference)
