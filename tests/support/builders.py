"""Values of the identity provider's domain for tests, each good as it is; a test names what it is about."""

import hashlib
from datetime import UTC, datetime, timedelta

from idp.domain.assurance import AuthenticationContext
from idp.domain.attribute import ABOUT_THE_LOGIN, AttributeName
from idp.domain.citizen import CardBinding, CardFingerprint, CertificateCheck, CheckSource, Citizen, CitizenId
from idp.domain.login import IdentifierKind
from idp.domain.release import Release
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    Sector,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Tier,
    TrustCircle,
)
from idp.domain.session import Participation, ParticipationHandle, Session, SessionId
from idp.domain.subject import SubjectIdentifier, SubjectValue

NOW = datetime(2026, 11, 21, 9, 0, 0, 123456, tzinfo=UTC)
"""With microseconds, so that a store that drops them is found out."""


def a_check(*, source: CheckSource = CheckSource.OCSP, checked_at: datetime = NOW) -> CertificateCheck:
    """A certificate was good at `checked_at`."""
    return CertificateCheck(
        source=source,
        checked_at=checked_at,
        issued_at=checked_at - timedelta(seconds=3),
        next_update=checked_at + timedelta(hours=12),
    )


def a_fingerprint(card: str = "card of hanako", *, key_id: str = "key-1") -> CardFingerprint:
    """Of the certificate named `card`."""
    return CardFingerprint(key_id=key_id, value=hashlib.sha256(card.encode()).digest())


def a_citizen(name: str = "hanako") -> Citizen:
    """Whose id is made of `name`."""
    return Citizen(id=CitizenId(f"citizen-{name}"), registered_at=NOW)


def a_binding(citizen: Citizen, fingerprint: CardFingerprint | None = None) -> CardBinding:
    """Of `citizen`'s card."""
    return CardBinding(
        citizen=citizen.id, fingerprint=fingerprint or a_fingerprint(), bound_at=NOW, last_check=a_check()
    )


def a_sector(code: str = "tax") -> Sector:
    """With the id `code`."""
    return Sector(code=SectorCode(code), owner="国税サンプル庁", purpose="申告", legal_basis="見本法第1条")


def a_service_provider(
    name: str = "ministry",
    *,
    protocol: FederationProtocol = FederationProtocol.SAML,
    protocol_id: str | None = None,
    sector: str = "tax",
    home_url: str = "https://ministry.example/",
) -> ServiceProvider:
    """With the id `name`."""
    return ServiceProvider(
        id=ServiceProviderId(name),
        protocol=protocol,
        protocol_id=protocol_id or f"https://{name}.example/metadata",
        sector=SectorCode(sector),
        tier=Tier.HIGH,
        circle=TrustCircle("government"),
        name=LocalText(ja="見本省", en="Sample Ministry"),
        operator=LocalText(ja="見本省", en="Sample Ministry"),
        home_url=home_url,
        registration='{"sample": "登録"}',
    )


def a_session(citizen: Citizen, *, name: str = "1", expires_at: datetime = NOW + timedelta(hours=1)) -> Session:
    """Of `citizen`, opened at `NOW`."""
    return Session(
        id=SessionId(f"session-{name}"),
        citizen=citizen.id,
        context=AuthenticationContext.CARD_PIN,
        authenticated_at=NOW,
        check=a_check(),
        tier=Tier.HIGH,
        circle=TrustCircle("government"),
        expires_at=expires_at,
    )


def a_participation(
    session: Session, site: ServiceProvider, *, handle: str = "participation-1", since: datetime = NOW
) -> Participation:
    """Of `site` in `session`."""
    return Participation(session=session.id, service_provider=site.id, handle=ParticipationHandle(handle), since=since)


def a_subject(citizen: Citizen, *, sector: str = "tax", digit: str = "a") -> SubjectIdentifier:
    """Whose value is 40 times `digit`."""
    return SubjectIdentifier(citizen=citizen.id, sector=SectorCode(sector), value=SubjectValue(digit * 40))


def a_release(session: Session, site: ServiceProvider) -> Release:
    """Of `session` to `site`, with a persistent identifier."""
    return Release(
        service_provider=site.id,
        sector=site.sector,
        subject=SubjectValue("a" * 40),
        lasting=SubjectValue("a" * 40),
        identifier=IdentifierKind.PERSISTENT,
        attributes=(AttributeName.SUBJECT, *ABOUT_THE_LOGIN),
        context=session.context,
        authenticated_at=session.authenticated_at,
        check=session.check,
        session=ParticipationHandle("participation-1"),
        session_expires_at=session.expires_at,
        released_at=NOW,
    )
