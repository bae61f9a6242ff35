"""A citizen as one sector knows them: random, never derived from the card, never given to another citizen."""

from dataclasses import dataclass
from typing import NewType

from idp.domain.citizen import CitizenId
from idp.domain.service_provider import SectorCode

SubjectValue = NewType("SubjectValue", str)

SUBJECT_BYTES = 20
"""160 random bits, written as 40 lower-case hexadecimal digits: fits the unique-ID alphabet of the SAML subject
identifier attributes (1.0, section 3.3.1) and survives their case-insensitive comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectIdentifier:
    """One citizen in one sector; OIDC `sub`, SAML persistent NameID and pairwise-id."""

    citizen: CitizenId
    sector: SectorCode
    value: SubjectValue
