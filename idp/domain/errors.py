"""Every reason to refuse. A leaf names the fact; its `code` is also the id of the text that the citizen reads.

Families decide what follows: which page, which protocol status, whether it is audited.
"""

from datetime import datetime
from typing import ClassVar


class IdpError(Exception):
    """Root of all refusals; only leaves are raised."""

    code: ClassVar[str]
    why = ""
    """Which of a leaf's reasons it was, for logs and developers: no value out of the message stands in it."""

    def __init__(self, *, minutes: int | None = None, date: datetime | None = None) -> None:
        """`minutes` and `date` fill places of the text; nothing personal has a place there."""
        super().__init__(self.code)
        self.minutes = minutes
        self.date = date


class RequestRejected(IdpError):
    """The message or page request itself will not do."""


class CardRejected(IdpError):
    """The card's answer or certificate will not do."""


class EnrolmentRefused(IdpError):
    """No registration came about."""


class InteractionRequired(IdpError):
    """The site forbade pages, but the citizen would have to do something."""


class ReleaseRefused(IdpError):
    """Nothing is told to the site."""


class Unavailable(IdpError):
    """Something of ours, or something we depend on, is not there."""


class RequestInvalid(RequestRejected):
    """Malformed, incomplete, wrongly signed, meant for somebody else, or forged."""

    code = "request.invalid"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class RequestExpired(RequestRejected):
    """The login's time is over. Fact: `minutes` it had."""

    code = "request.expired"


class RequestAlreadyUsed(RequestRejected):
    """A one-time thing came a second time."""

    code = "request.used"


class OtherBrowser(RequestRejected):
    """The login began in another browser."""

    code = "request.otherbrowser"


class SiteUnknown(RequestRejected):
    """The site is not registered, or not for this: another return address, a time after its end."""

    code = "request.site"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class SiteSuspended(RequestRejected):
    """The site is registered, but its connection is suspended."""

    code = "request.suspended"


class VersionTooLow(RequestRejected):
    """The message is of an older version of the protocol."""

    code = "request.oldversion"


class VersionTooHigh(RequestRejected):
    """The message is of a version of the protocol that we do not speak yet."""

    code = "request.newversion"


class BindingUnsupported(RequestRejected):
    """The site wants its answer in a way that we do not offer."""

    code = "request.binding"


class AttributesUnknown(RequestRejected):
    """The site asks for a set of attributes that its registration does not name."""

    code = "request.attributes"


class OtherProviderWanted(RequestRejected):
    """The site lists the identity providers it trusts, and we are not among them."""

    code = "request.otherprovider"


class ForwardingForbidden(RequestRejected):
    """Only another identity provider would do, and the request must not be passed on."""

    code = "request.forwarding"


class CookiesOff(RequestRejected):
    """The browser keeps no cookies."""

    code = "request.cookies"


class PageNotFound(RequestRejected):
    """No such page."""

    code = "request.notfound"


class ChallengeExpired(CardRejected):
    """The card answered too late; the login itself may go on."""

    code = "login.late"


class CardExpired(CardRejected):
    """The certificate's time is over. Fact: `date`, its last day."""

    code = "card.expired"


class CardNotYetValid(CardRejected):
    """The certificate's time has not begun. Fact: `date`, its first day."""

    code = "card.early"


class CardRevoked(CardRejected):
    """Revoked for good."""

    code = "card.revoked"


class CardOnHold(CardRejected):
    """Suspended; may become good again."""

    code = "card.hold"


class CardUntrusted(CardRejected):
    """Not issued by a CA we trust, or not under a policy we accept, or not readable at all."""

    code = "card.untrusted"


class CardWrongKind(CardRejected):
    """A certificate that is not for logging in."""

    code = "card.kind"


class CardMismatch(CardRejected):
    """The signature is not this key's over this login's statement."""

    code = "card.mismatch"


class CardLocked(CardRejected):
    """The agent found the PIN locked."""

    code = "card.locked"


class CardUnusable(CardRejected):
    """The agent found a card that cannot log in."""

    code = "card.unusable"


class CardUnchecked(Unavailable):
    """Nobody could say whether the certificate is revoked. Unknown is not good. Fact: `minutes` to wait."""

    code = "card.unchecked"


class EnrolmentDeclined(EnrolmentRefused):
    """The citizen does not want to be registered."""

    code = "enrol.declined"


class LoginNeeded(InteractionRequired):
    """A passive request, but no session may serve it (OpenID Connect `login_required`, SAML `NoPassive`)."""

    code = "login.needed"


class LoginStopped(ReleaseRefused):
    """The citizen stopped the login."""

    code = "login.stopped"


class AssuranceUnreachable(ReleaseRefused):
    """The site asks for an authentication context that we do not offer."""

    code = "release.context"


class IdentifierUnavailable(ReleaseRefused):
    """The site asks for a kind of identifier that we do not give."""

    code = "release.identifier"


class OtherCitizen(ReleaseRefused):
    """The site named one citizen; another one logged in."""

    code = "release.citizen"


class ServiceFault(Unavailable):
    """A defect of ours."""

    code = "service.error"


def leaves() -> dict[str, type[IdpError]]:
    """Every leaf by its code."""
    families = IdpError.__subclasses__()
    return {leaf.code: leaf for family in families for leaf in family.__subclasses__()}
