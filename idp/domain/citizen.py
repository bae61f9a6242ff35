"""The person enrolled here, known by a random number and by the fingerprints of their cards. No name, no address."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

CitizenId = NewType("CitizenId", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFingerprint:
    """A certificate as we keep it: HMAC-SHA-256 over issuer key and serial, and the id of the HMAC key.

    The serial itself is kept nowhere (Act 153 of 2002, article 63 as the source papers cite it).
    """

    key_id: str
    value: bytes


class CheckSource(StrEnum):
    """Where a statement about revocation came from."""

    OCSP = "ocsp"
    CRL = "crl"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCheck:
    """That a certificate was good: by which source, when it was asked, and how old and how lasting its answer is."""

    source: CheckSource
    checked_at: datetime
    issued_at: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCard:
    """A card that signed our challenge with a good certificate. Only `usecases.card` makes one."""

    fingerprint: CardFingerprint
    check: CertificateCheck
    verified_at: datetime
    certificate_ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBinding:
    """The link between a card's user-authentication certificate and a citizen, with its last good check."""

    citizen: CitizenId
    fingerprint: CardFingerprint
    bound_at: datetime
    last_check: CertificateCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """A registered person."""

    id: CitizenId
    registered_at: datetime
