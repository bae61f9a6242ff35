"""What we know of a SAML site, taken from its metadata by `site_metadata`, and kept ready for requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from foundation.keys import PublicKey
from idp.domain.attribute import AttributeName
from idp.domain.errors import ServiceFault, SiteUnknown
from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import Mark, ServiceProvider, ServiceProviderId
from idp.protocols.saml.xml.encryption import EncryptionTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionConsumer:
    """An AssertionConsumerService. `binding` is HTTP-POST or HTTP-Artifact."""

    index: int
    binding: str
    url: str
    is_default: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeSet:
    """An AttributeConsumingService: what the site may ask for by `index`, of that what we have."""

    index: int
    is_default: bool | None
    attributes: tuple[AttributeName, ...]


Choice = TypeVar("Choice", AssertionConsumer, AttributeSet)


class SubjectIdNeed(Enum):
    """The site's subject-id requirement (SAML Subject Identifier Attributes 1.0, section 2.3.1)."""

    UNSTATED = None
    NONE = "none"
    PAIRWISE = "pairwise-id"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the metadata says. Consumers and attribute sets stand in its order; there is at least one consumer.

    `signing_keys` may be empty only if `signs_requests` is False. Assertions are encrypted to `encryption` if there is
    one. `signs_response` asks for a signature over the whole Response besides the assertion's.
    """

    entity_id: str
    consumers: tuple[AssertionConsumer, ...]
    signing_keys: tuple[PublicKey, ...]
    signs_requests: bool
    signs_response: bool
    encryption: EncryptionTarget | None
    attribute_sets: tuple[AttributeSet, ...]
    subject_id: SubjectIdNeed
    name_id_formats: tuple[str, ...]
    valid_until: datetime | None

    def default_consumer(self) -> AssertionConsumer:
        """Where a site is answered that does not say where."""
        return default_of(self.consumers)

    def default_attribute_set(self) -> AttributeSet | None:
        """What a site is told that does not say what; None if it names no sets."""
        return default_of(self.attribute_sets) if self.attribute_sets else None


def default_of(choices: Sequence[Choice]) -> Choice:
    """SAML metadata 2.2.3: the one marked as default, else the first not marked as no default, else the first."""
    marked = [choice for choice in choices if choice.is_default]
    unmarked = [choice for choice in choices if choice.is_default is None]
    return (marked or unmarked or list(choices))[0]


ReadRegistration = Callable[[str, frozenset[Mark]], Registration]
"""From metadata and the site's marks; raises `RegistrationRefused`."""


class Registrations:
    """Registrations of the sites in the register, each parsed when first needed and again when its text changes."""

    def __init__(self, read: ReadRegistration) -> None:
        self._read = read
        self._known: dict[ServiceProviderId, tuple[str, frozenset[Mark], Registration]] = {}

    def of(self, site: ServiceProvider, *, now: datetime) -> Registration:
        """The site's registration.

        Raises `SiteSuspended`, `SiteUnknown` once its end is reached, `ServiceFault` if it is unusable.
        """
        site.require_active()
        text, marks, registration = self._known.get(site.id, ("", frozenset(), None))
        if registration is None or text != site.registration or marks != site.marks:
            registration = self._parse(site)
            self._known[site.id] = (site.registration, site.marks, registration)
        ends = [end for end in (registration.valid_until, site.registration_ends_at) if end is not None]
        if ends and now >= min(ends):
            raise SiteUnknown("the site's registration is over")
        return registration

    def _parse(self, site: ServiceProvider) -> Registration:
        try:
            registration = self._read(site.registration, site.marks)
        except RegistrationRefused as error:
            raise ServiceFault from error
        if registration.entity_id != site.protocol_id:
            raise ServiceFault
        return registration
