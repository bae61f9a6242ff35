"""What the operator decides about our SAML side."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from idp.domain.service_provider import LocalText

SHORTEST_LIFETIME = timedelta(hours=1)
LONGEST_LIFETIME = timedelta(days=28)

_SCOPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{0,126}")
_DESCRIPTION = LocalText(
    ja="マイナンバーカードで、ご本人であることを確認します", en="Confirms with the My Number Card that it is you"
)
_MAILBOX = re.compile(r"[!-9;-?A-~]+@[!-9;-?A-~]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who runs this service, and the address of its own site in each language."""

    name: LocalText
    site: LocalText


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A mailbox of a function, such as a help desk; never of one person."""

    name: str
    email: str

    def __post_init__(self) -> None:
        """It is written as a `mailto:` address."""
        if not _MAILBOX.fullmatch(self.email):
            raise ValueError("email must be one address, as name@host")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMetadataSettings:
    """What our metadata tells of us beside what follows from the other settings.

    Sites trust a copy for `lifetime`: so long it takes until all of them know a new key, or no longer trust an old one.
    `assurance_certifications` are URIs of schemes by which somebody certified this operation (SAML V2.0 Identity
    Assurance Profiles 1.0); the program itself claims none.
    """

    lifetime: timedelta = timedelta(days=7)
    description: LocalText = _DESCRIPTION
    organisation: Organisation | None = None
    technical_contact: Contact | None = None
    support_contact: Contact | None = None
    security_contact: Contact | None = None
    assurance_certifications: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Long enough that keeping a signed copy for some minutes means nothing, short enough to revoke a key."""
        if not SHORTEST_LIFETIME <= self.lifetime <= LONGEST_LIFETIME:
            raise ValueError("lifetime must be from 3600 (one hour) to 2419200 seconds (four weeks)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings:
    """`issuer` heads our own attribute and context names; `scope` stands behind the `@` of a pairwise-id.

    `help_url` and `privacy_url` are pages of ours, in a language if `?lang=ja` or `?lang=en` is added, `icon_url` a
    square picture.
    `authenticating_authorities` names the certification authorities on whose word our logins rest.

    `request_max_age` is how old an AuthnRequest may be, `skew` how far another clock may be from ours. The switch
    `unsafe_http_loopback` lets a site have addresses on this computer itself without TLS: for development only.
    """

    issuer: str
    entity_id: str
    sso_url: str
    artifact_url: str
    help_url: str
    privacy_url: str
    icon_url: str
    scope: str
    display_name: LocalText
    authenticating_authorities: tuple[str, ...] = ()
    request_max_age: timedelta = timedelta(minutes=5)
    skew: timedelta = timedelta(minutes=1)
    assertion_lifetime: timedelta = timedelta(minutes=5)
    own_metadata: OwnMetadataSettings = field(default_factory=OwnMetadataSettings)
    unsafe_http_loopback: bool = False

    def __post_init__(self) -> None:
        """Subject Identifier Attributes 1.0, section 3.4.1, is the source of the scope's alphabet."""
        if not _SCOPE.fullmatch(self.scope):
            raise ValueError("scope must be 1 to 127 letters, digits, dots and hyphens, as a domain name")
        if self.entity_id == self.sso_url:
            raise ValueError("entity_id and sso_url must differ")
