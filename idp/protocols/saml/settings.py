"""What the operator decides about our SAML side."""

import re
from dataclasses import dataclass
from datetime import timedelta

from idp.domain.service_provider import LocalText

_SCOPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]{0,126}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSettings:
    """`issuer` heads our own attribute and context names; `scope` stands behind the `@` of a pairwise-id.

    `request_max_age` is how old an AuthnRequest may be, `skew` how far another clock may be from ours. The switch
    `unsafe_http_loopback` lets a site have addresses on this computer itself without TLS: for development only.
    """

    issuer: str
    entity_id: str
    sso_url: str
    scope: str
    display_name: LocalText
    request_max_age: timedelta = timedelta(minutes=5)
    skew: timedelta = timedelta(minutes=1)
    assertion_lifetime: timedelta = timedelta(minutes=5)
    metadata_lifetime: timedelta = timedelta(days=7)
    unsafe_http_loopback: bool = False

    def __post_init__(self) -> None:
        """Subject Identifier Attributes 1.0, section 3.4.1, is the source of the scope's alphabet."""
        if not _SCOPE.fullmatch(self.scope):
            raise ValueError("scope must be 1 to 127 letters, digits, dots and hyphens, as a domain name")
        if self.entity_id == self.sso_url:
            raise ValueError("entity_id and sso_url must differ")
