"""The identity provider's settings, read once. What a production profile must not be given stops the start."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from foundation.settings import SettingsError, load
from idp.domain.service_provider import LocalText
from idp.protocols.saml.settings import OwnMetadataSettings
from jpki.profile import CARD_AUTHENTICATION_POLICY, CARD_SIGNATURE_POLICY

LONGEST_LOGIN = timedelta(hours=1)
LONGEST_DOWNLOAD = timedelta(minutes=5)
"""A worker must be done with a source within the time that its claim on the work lasts, reading included."""


class Profile(StrEnum):
    """`development` allows plain HTTP, development keys and the testbed's trust anchors; `production` refuses them."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Either a SQLite `file`, or a `url` such as `postgresql+psycopg://…`."""

    file: Path | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        """Refuse a choice of none or two."""
        if (self.file is None) == (self.url is None):
            raise ValueError("give either file (SQLite) or url (PostgreSQL)")

    @property
    def address(self) -> str:
        """As SQLAlchemy writes it."""
        return self.url or f"sqlite:///{self.file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """Folder of the private keys that `idp init` makes; secrets are files, never values."""

    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Where the card agent listens on the citizen's computer."""

    origin: str = "http://127.0.0.1:8471"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustSettings:
    """Folder of the user-authentication CAs (PEM), and the certificate policies that are accepted.

    `authorities` are URIs by which sites are told on whose word a login rests (SAML core 2.7.2.2).
    """

    authentication: Path
    authorities: tuple[str, ...] = ("https://www.jpki.go.jp/",)
    authentication_policies: tuple[str, ...] = (CARD_AUTHENTICATION_POLICY,)
    signature_policies: tuple[str, ...] = (CARD_SIGNATURE_POLICY,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationSettings:
    """Where revocation is asked, and how long that may take. URLs are ours, never the certificate's."""

    ocsp_url: str
    crl_urls: tuple[str, ...]
    folder: Path
    ocsp_deadline: timedelta = timedelta(seconds=2)
    ocsp_waiting: int = 4
    ocsp_max_age: timedelta = timedelta(minutes=15)
    crl_refresh: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSettings:
    """How sources of site metadata are followed, and the bounds of one document: about a federation, or one site.

    A source is asked again after `refresh`, sooner if it says so (`cacheDuration`), and after trouble, but never before
    `retry`. No document may be valid for longer than `longest_validity`. A federation's may have no fewer service
    providers than `least_percent` of what it had.
    """

    refresh: timedelta = timedelta(hours=1)
    retry: timedelta = timedelta(minutes=5)
    longest_validity: timedelta = timedelta(days=30)
    least_percent: int = 50
    aggregate_bytes: int = 200 * 1024 * 1024
    aggregate_deadline: timedelta = LONGEST_DOWNLOAD
    single_bytes: int = 1024 * 1024
    single_deadline: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuse what would ask without a pause, or never again."""
        if not timedelta(0) < self.retry <= self.refresh <= self.longest_validity:
            raise ValueError("retry must not be longer than refresh, nor refresh longer than longest_validity")
        if not 0 <= self.least_percent <= 100:  # noqa: PLR2004 (a percentage)
            raise ValueError("least_percent must be between 0 and 100")
        if max(self.single_deadline, self.aggregate_deadline) > LONGEST_DOWNLOAD:
            raise ValueError(f"no deadline may be longer than {LONGEST_DOWNLOAD}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeSettings:
    """How long things last: a login on its way, a question to the card, a session, a code, and the clocks' skew."""

    login: timedelta = timedelta(minutes=30)
    challenge: timedelta = timedelta(minutes=5)
    session: timedelta = timedelta(hours=1)
    code: timedelta = timedelta(seconds=60)
    access_token: timedelta = timedelta(minutes=10)
    skew: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """gunicorn's part. `trusted_proxy` is the one address from which forwarded headers are accepted."""

    workers: int = 2
    threads: int = 8
    trusted_proxy: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    request_deadline: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpSettings:
    """Everything. `issuer` is the origin of this service: scheme, host and port, without a path or trailing slash.

    `service_name` heads every page and stands in the SAML metadata.
    `loss_hotline` is the telephone number, open at any hour, that stops a lost card.
    """

    profile: Profile
    issuer: str
    listen: str
    service_name: LocalText
    database: DatabaseSettings
    keys: KeySettings
    trust: TrustSettings
    revocation: RevocationSettings
    agent: AgentSettings = field(default_factory=AgentSettings)
    lifetimes: LifetimeSettings = field(default_factory=LifetimeSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    own_metadata: OwnMetadataSettings = field(default_factory=OwnMetadataSettings)
    metadata: MetadataSettings = field(default_factory=MetadataSettings)
    loss_hotline: str = "0120-95-0178"

    def __post_init__(self) -> None:
        """Refuse what cannot work, and in production what must not be."""
        issuer = urlsplit(self.issuer)
        if issuer.scheme not in ("http", "https") or self.issuer != _origin_of(issuer):
            raise ValueError("issuer must be scheme://host[:port] as browsers write it, without a trailing slash")
        if not self.lifetimes.challenge <= self.lifetimes.login <= LONGEST_LOGIN:
            raise ValueError("lifetimes: a challenge lasts no longer than its login, and a login at most an hour")
        if self.revocation.ocsp_waiting >= self.server.threads:
            raise ValueError("revocation.ocsp_waiting must be below server.threads: a slow responder must not take all")
        if self.profile is Profile.PRODUCTION and issuer.scheme != "https":
            raise ValueError("issuer must be https in a production profile")

    @property
    def host(self) -> str:
        """The issuer's host name alone."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies can be `Secure`."""
        return self.issuer.startswith("https:")


def _origin_of(address: SplitResult) -> str:
    """RFC 6454 section 6.2: lower case, no default port. Cards sign it as the browser writes it."""
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    is_default = address.port in (None, {"http": 80, "https": 443}.get(address.scheme))
    return f"{address.scheme}://{host}" + ("" if is_default else f":{address.port}")


def load_settings(file: Path) -> IdpSettings:
    """Read `file`. Raises `SettingsError` with every fault."""
    return load(IdpSettings, file)


__all__ = ["IdpSettings", "Profile", "SettingsError", "load_settings"]
