"""Values of the use cases, and stores that keep them in memory."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from idp.domain.assurance import AssuranceLevel
from idp.domain.citizen import CardFingerprint, VerifiedCard
from idp.domain.errors import RequestAlreadyUsed, RequestExpired, RequestInvalid
from idp.domain.events import AuditEvent
from idp.domain.login import BrowserHandle, IdentifierKind, LoginRequest
from idp.domain.service_provider import LocalText, ServiceProvider
from idp.settings import DatabaseSettings, IdpSettings, KeySettings, Profile, RevocationSettings, TrustSettings
from tests.support.builders import NOW, a_check, a_fingerprint, a_service_provider

T = TypeVar("T")

BROWSER = BrowserHandle("b" * 43)
OTHER_BROWSER = BrowserHandle("o" * 43)

SETTINGS = IdpSettings(
    profile=Profile.DEVELOPMENT,
    issuer="http://127.0.0.2:8472",
    listen="127.0.0.2:8472",
    service_name=LocalText(ja="見本ログイン", en="Sample Login"),
    database=DatabaseSettings(file=Path() / "idp.sqlite3"),
    keys=KeySettings(folder=Path()),
    trust=TrustSettings(authentication=Path()),
    revocation=RevocationSettings(ocsp_url="http://127.0.0.5:8475/ocsp", crl_urls=(), folder=Path()),
)


@dataclass(slots=True)
class _Kept(Generic[T]):
    value: T
    expires_at: datetime
    is_used: bool = False


class MemoryOneTimeStore(Generic[T]):
    """Fulfils `OneTimeStore`; the suite in `tests/conformance` runs on the real one."""

    def __init__(self) -> None:
        self.kept: dict[str, _Kept[T]] = {}

    def put(self, key: str, value: T, *, now: datetime, expires_at: datetime) -> None:
        old = self.kept.get(key)
        if old is not None and old.expires_at > now:
            raise RequestAlreadyUsed
        self.kept[key] = _Kept(value, expires_at)

    def read(self, key: str, *, now: datetime) -> T:
        kept = self.kept.get(key)
        if kept is None:
            raise RequestInvalid("never put")
        if kept.is_used:
            raise RequestAlreadyUsed
        if kept.expires_at <= now:
            raise RequestExpired(minutes=1)
        return kept.value

    def take(self, key: str, *, now: datetime) -> T:
        value = self.read(key, now=now)
        self.kept[key].is_used = True
        return value


class MemoryAudit:
    """Fulfils `AuditLog`."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)


def a_request(site: ServiceProvider | None = None, *, forced: bool = False, passive: bool = False) -> LoginRequest:
    """Of the ministry, or of `site`."""
    return LoginRequest(
        service_provider=(site or a_service_provider()).id,
        required=AssuranceLevel.HIGH,
        identifier=IdentifierKind.PERSISTENT,
        forced=forced,
        passive=passive,
        max_age=None,
        reply="reply",
    )


def a_verified_card(fingerprint: CardFingerprint | None = None, *, at: datetime = NOW) -> VerifiedCard:
    """Checked by OCSP at `at`."""
    return VerifiedCard(
        fingerprint=fingerprint or a_fingerprint(),
        check=a_check(checked_at=at),
        verified_at=at,
        certificate_ends=at + timedelta(days=365),
    )
