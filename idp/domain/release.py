"""All that one service provider is told about one login. What is not in a `Release` cannot leave the house."""

from dataclasses import dataclass
from datetime import datetime

from idp.domain.assurance import AuthenticationContext
from idp.domain.attribute import AttributeName
from idp.domain.citizen import CertificateCheck
from idp.domain.login import IdentifierKind
from idp.domain.service_provider import SectorCode, ServiceProviderId
from idp.domain.session import ParticipationHandle
from idp.domain.subject import SubjectValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Made only by `usecases.releases`; protocol adapters translate it and add nothing.

    `subject` is the sector's identifier, or for `IdentifierKind.TRANSIENT` a random value of this release alone.
    `lasting` is the sector's identifier if `attributes` has `AttributeName.SUBJECT`, else None.
    """

    service_provider: ServiceProviderId
    sector: SectorCode
    subject: SubjectValue
    lasting: SubjectValue | None
    identifier: IdentifierKind
    attributes: tuple[AttributeName, ...]
    context: AuthenticationContext
    authenticated_at: datetime
    check: CertificateCheck
    session: ParticipationHandle
    session_expires_at: datetime
    released_at: datetime
