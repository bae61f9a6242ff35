"""Authentication context references, and the four ways in which a site may compare them (SAML core 3.3.2.2.1)."""

from dataclasses import dataclass
from enum import StrEnum

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.errors import AssuranceUnreachable
from idp.protocols.saml.names import own_context

_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
_EIDAS = "http://eidas.europa.eu/LoA/"

_UNSPECIFIED = _CLASS + "unspecified"
SMARTCARD_PKI = _CLASS + "SmartcardPKI"

_CLASSES_OF = {AuthenticationContext.CARD_PIN: (SMARTCARD_PKI, _CLASS + "Smartcard")}
"""The classes that are true of a context. The first is stated unasked, because it says most."""

_LOW, _SUBSTANTIAL, _HIGH = AssuranceLevel
_LEVEL_OF_OTHERS = {
    _CLASS + "InternetProtocol": _LOW,  # an address, which is no factor; there is no level below
    _CLASS + "InternetProtocolPassword": _LOW,  # a password, and an address
    _CLASS + "Kerberos": _LOW,  # a password, by way of a ticket
    _CLASS + "MobileOneFactorUnregistered": _LOW,  # a device
    _CLASS + "MobileTwoFactorUnregistered": _SUBSTANTIAL,  # a device, and a PIN or the body
    _CLASS + "MobileOneFactorContract": _LOW,  # a device; a contract with its owner is no factor
    _CLASS + "MobileTwoFactorContract": _SUBSTANTIAL,  # a device, and a PIN or the body
    _CLASS + "Password": _LOW,  # a password
    _CLASS + "PasswordProtectedTransport": _LOW,  # a password, out of the network's sight
    _CLASS + "PreviousSession": _LOW,  # a login before, by whatever means
    _CLASS + "X509": _SUBSTANTIAL,  # a key, and the password that opens it
    _CLASS + "PGP": _SUBSTANTIAL,  # the same
    _CLASS + "SPKI": _SUBSTANTIAL,  # the same
    _CLASS + "XMLDSig": _SUBSTANTIAL,  # the same
    _CLASS + "SoftwarePKI": _SUBSTANTIAL,  # a key in memory, which can be copied, and its PIN
    _CLASS + "Telephony": _LOW,  # a line, which is no factor
    _CLASS + "NomadTelephony": _LOW,  # a password, and a line
    _CLASS + "PersonalTelephony": _LOW,  # a line, and a suffix to its number
    _CLASS + "PersonalizedTelephony": _LOW,  # the same; so the class's schema is named
    _CLASS + "AuthenticatedTelephony": _LOW,  # a password, and a line
    _CLASS + "SecureRemotePassword": _LOW,  # a password that is never sent
    _CLASS + "TLSClient": _SUBSTANTIAL,  # a key, and the password that opens it
    _CLASS + "TimeSyncToken": _LOW,  # a device; the class asks for no PIN
    _EIDAS + "low": _LOW,
    _EIDAS + "substantial": _SUBSTANTIAL,
    _EIDAS + "high": _HIGH,
}
"""References that we never state, but can compare with: the classes of SAML authn-context 3.4, and eIDAS levels.

A class is worth what its schema requires of every login: one factor at most is low, two factors are substantial. No
class here asks for a key that cannot be copied, so none is high. How people were enrolled is not compared.
"""


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
    """Our contexts and their references. A way to log in is known by its classes and by a URI under our issuer."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._offered = {
            reference: context
            for context in AuthenticationContext
            for reference in (*_CLASSES_OF[context], self.own(context))
        }

    def own(self, context: AuthenticationContext) -> str:
        """Our own URI of `context`."""
        return own_context(self._issuer, context.value)

    def stated(self, context: AuthenticationContext, wanted: str | None) -> str:
        """The reference to state for `context`: the one the site wanted if it is true of that, else our first."""
        if wanted is not None and self._offered.get(wanted) is context:
            return wanted
        return _CLASSES_OF[context][0]

    def choose(self, wish: ContextWish | None) -> ContextChoice:
        """What must be reached to fulfil `wish`. Raises `AssuranceUnreachable` if nothing that we offer would do.

        A reference that we do not know can be satisfied by nothing, so among others it is passed over; nothing can be
        shown to be better than it. Unspecified means are a wish for nothing, and nothing is worse than they are.
        """
        if wish is None:
            return ContextChoice(required=AssuranceLevel.LOW, reference=None)
        named = next((reference for reference in wish.references if reference in self._offered), None)
        return ContextChoice(required=self._required(wish, named), reference=named)

    def _required(self, wish: ContextWish, named: str | None) -> AssuranceLevel:
        limits = [reference for reference in wish.references if reference != _UNSPECIFIED]
        asks_for_nothing = len(limits) < len(wish.references)
        if asks_for_nothing and (not limits or wish.comparison is not Comparison.BETTER):
            return AssuranceLevel.LOW
        levels = [level for reference in limits if (level := self._level(reference)) is not None]
        if not levels:
            raise AssuranceUnreachable
        match wish.comparison:
            case Comparison.EXACT:
                return self._exactly(named)
            case Comparison.MINIMUM:
                return min(levels)
            case Comparison.BETTER:
                return _above(max(levels), all_known=len(levels) == len(limits))
            case Comparison.MAXIMUM:
                return _highest_within(max(levels))

    def _exactly(self, named: str | None) -> AssuranceLevel:
        if named is None:
            raise AssuranceUnreachable
        return self._offered[named].level

    def _level(self, reference: str) -> AssuranceLevel | None:
        context = self._offered.get(reference)
        return context.level if context is not None else _LEVEL_OF_OTHERS.get(reference)


def _above(limit: AssuranceLevel, *, all_known: bool) -> AssuranceLevel:
    if not all_known or limit >= max(context.level for context in AuthenticationContext):
        raise AssuranceUnreachable
    return AssuranceLevel(limit + 1)


def _highest_within(limit: AssuranceLevel) -> AssuranceLevel:
    within = [context.level for context in AuthenticationContext if context.level <= limit]
    if not within:
        raise AssuranceUnreachable
    return max(within)
