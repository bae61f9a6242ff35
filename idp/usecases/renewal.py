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
from idp.usecases.ports import RegistrationReader, Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What `source` says of a site now."""

    source: MetadataSource
    entity: EntityDescription
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What the checks judge: `facts` are those of the offer, `old_facts` those of `site` as it is registered now.

    `old_facts` is None if its registration is refused today; then nobody is answered by it.
    """

    offer: Offer
    site: ServiceProvider
    facts: RegistrationFacts
    old_facts: RegistrationFacts | None


def is_still_valid(renewal: Renewal) -> None:
    """The document may be good while this part of it is over."""
    ends = [end for end in (renewal.offer.entity.ends_at, renewal.facts.ends_at) if end is not None]
    if any(renewal.offer.now >= end for end in ends):
        raise MetadataRefused(WhyRefused.EXPIRED)


def is_the_same_site(renewal: Renewal) -> None:
    """Its text says so itself."""
    if renewal.facts.protocol_id != renewal.site.protocol_id:
        raise MetadataRefused(WhyRefused.WRONG_ENTITY)


def adds_no_mark(renewal: Renewal) -> None:
    """A mark that the site does not have yet is a decision of the operator, such as to answer unsigned requests."""
    added = renewal.facts.marks - renewal.site.marks
    if added:
        raise MetadataRefused(WhyRefused.LOWERED, f"new: {', '.join(sorted(added))}")


def drops_no_protection(renewal: Renewal) -> None:
    """Whoever can publish in the site's name could else have our answers sent readable, and nobody would see it."""
    before = renewal.old_facts.protections if renewal.old_facts else frozenset()
    dropped = before - renewal.facts.protections
    if dropped:
        raise MetadataRefused(WhyRefused.LOWERED, f"no longer: {', '.join(sorted(dropped))}")


CHECKS: tuple[Callable[[Renewal], None], ...] = (
    is_still_valid,
    is_the_same_site,
    adds_no_mark,
    drops_no_protection,
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
    reader = readers[old.protocol]
    try:
        facts = reader.read(description.text, marks=old.marks & OPERATORS_MARKS)
        old_facts = facts if description.text == old.registration else _facts_today(old, reader)
        renewal = Renewal(offer=offer, site=old, facts=facts, old_facts=old_facts)
        for check in CHECKS:
            check(renewal)
        order = Order(description=description, entries=Entries())
        return draft(order, old, neighbours, readers, now=offer.now).site
    except (RegistrationRefused, SiteRefused) as error:
        raise MetadataRefused(WhyRefused.REGISTRATION, str(error)) from error


def _facts_today(site: ServiceProvider, reader: RegistrationReader) -> RegistrationFacts | None:
    try:
        return reader.read(site.registration, marks=site.marks & OPERATORS_MARKS)
    except RegistrationRefused:
        return None
