"""A newer description for a site that is admitted: taken if the operator need not decide anything anew."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from idp.domain.metadata_source import (
    EntityDescription,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    WhyRefused,
)
from idp.domain.registration import RegistrationFacts, RegistrationRefused
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId
from idp.usecases.admission import OPERATORS_MARKS, Readers, SiteRefused, draft
from idp.usecases.admission_checks import Neighbours
from idp.usecases.orders import Description, Entries, Order
from idp.usecases.ports import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What `source` says of a site now."""

    source: MetadataSource
    entity: EntityDescription
    now: datetime


def is_still_valid(offer: Offer, site: ServiceProvider, facts: RegistrationFacts) -> None:
    """The document may be good while this part of it is over."""
    del site
    ends = [end for end in (offer.entity.ends_at, facts.ends_at) if end is not None]
    if any(offer.now >= end for end in ends):
        raise MetadataRefused(WhyRefused.EXPIRED)


def is_the_same_site(offer: Offer, site: ServiceProvider, facts: RegistrationFacts) -> None:
    """Its text says so itself."""
    del offer
    if facts.protocol_id != site.protocol_id:
        raise MetadataRefused(WhyRefused.WRONG_ENTITY)


def lowers_nothing(offer: Offer, site: ServiceProvider, facts: RegistrationFacts) -> None:
    """A mark that the site does not have yet is a decision of the operator, such as to answer unsigned requests."""
    del offer
    if facts.marks - site.marks:
        raise MetadataRefused(WhyRefused.LOWERED)


CHECKS: tuple[Callable[[Offer, ServiceProvider, RegistrationFacts], None], ...] = (
    is_still_valid,
    is_the_same_site,
    lowers_nothing,
)


def renew(stores: Stores, site_id: ServiceProviderId, offer: Offer, readers: Readers) -> bool:
    """Save what is offered, in the transaction of `stores` and by its state of the register; True for a newer text.

    Raises `MetadataRefused`.
    """
    stores.service_providers.hold()
    sites = stores.service_providers.all()
    old = next((site for site in sites if site.id == site_id and is_follower(site, offer.source.name)), None)
    if old is None:
        return False
    neighbours = Neighbours(sites=sites, sectors=frozenset(each.code for each in stores.service_providers.sectors()))
    new = _checked(old, offer, readers, neighbours)
    if new != old:
        stores.service_providers.save(new)
    return new.registration != old.registration


def is_follower(site: ServiceProvider, source: MetadataSourceName) -> bool:
    """Whether newer descriptions of the site are to come from there. A removed site follows nobody."""
    return site.source == source and site.protocol is FederationProtocol.SAML


def _checked(old: ServiceProvider, offer: Offer, readers: Readers, neighbours: Neighbours) -> ServiceProvider:
    """The site with what is offered, after our checks and those of its admission."""
    description = Description(
        protocol=old.protocol, text=offer.entity.text, source=offer.source.name, source_ends_at=offer.entity.ends_at
    )
    try:
        facts = readers[old.protocol].read(description.text, marks=old.marks & OPERATORS_MARKS)
        for check in CHECKS:
            check(offer, old, facts)
        order = Order(description=description, entries=Entries())
        return draft(order, old, neighbours, readers, now=offer.now).site
    except (RegistrationRefused, SiteRefused) as error:
        raise MetadataRefused(WhyRefused.REGISTRATION, str(error)) from error
