"""Revocation has three values: good, revoked, unknown. Unknown is not good, and says why."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class StatusSource(StrEnum):
    """Which kind of signed evidence was read."""

    CRL = "crl"
    OCSP = "ocsp"


class RevocationReason(IntEnum):
    """CRLReason (RFC 5280 section 5.3.1)."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10


class WhyUnknown(StrEnum):
    """Why nobody can say. The groups are about lists, about reaching a responder, and about its answer."""

    NO_LIST = "no_list"
    LIST_STALE = "list_stale"
    LIST_UNREADABLE = "list_unreadable"

    NO_RESPONDER = "no_responder"
    BUSY = "busy"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    TOO_LARGE = "too_large"

    MALFORMED = "malformed"
    RESPONDER_ERROR = "responder_error"
    BY_A_STRANGER = "by_a_stranger"
    BAD_SIGNATURE = "bad_signature"
    OTHER_CERTIFICATE = "other_certificate"
    OTHER_NONCE = "other_nonce"
    STALE = "stale"
    FROM_THE_FUTURE = "from_the_future"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """Not revoked, as signed evidence told when asked at `checked_at`.

    `this_update` is when the source knew it and `next_update` when the evidence ends (never use it at or after that
    instant). `may_be_reused` is false for an OCSP answer that did not repeat our nonce: it may be an old one, replayed.
    """

    source: StatusSource
    checked_at: datetime
    this_update: datetime
    next_update: datetime
    may_be_reused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Revoked at the instant `at`. A certificate on hold is invalid now, not for ever: never remember it as revoked."""

    source: StatusSource
    checked_at: datetime
    at: datetime
    reason: RevocationReason

    @property
    def is_on_hold(self) -> bool:
        """Suspended: it may become good again."""
        return self.reason is RevocationReason.CERTIFICATE_HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody could say. Where both sources were asked, `why` is about OCSP and `list_why` about the list."""

    checked_at: datetime
    why: WhyUnknown
    list_why: WhyUnknown | None = None


RevocationStatus = Good | Revoked | Unknown


def decide(crl: RevocationStatus, ocsp: RevocationStatus) -> RevocationStatus:
    """The one policy over both sources. A source that is late, stale, unsigned or by a stranger comes in as `Unknown`.

    Revoked in either is revoked; else good from OCSP is good; an OCSP responder that does not know the certificate
    refuses it, whatever the list says; without any valid OCSP answer the list decides.
    """
    match crl, ocsp:
        case Revoked(), Revoked():
            return ocsp if crl.is_on_hold else crl
        case Revoked(), _:
            return crl
        case _, Revoked() | Good() | Unknown(why=WhyUnknown.NOT_KNOWN):
            return ocsp
        case Good(), Unknown():
            return crl
        case Unknown(), Unknown():
            return Unknown(checked_at=ocsp.checked_at, why=ocsp.why, list_why=crl.why)
