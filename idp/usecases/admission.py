"""From what a site says of itself, and what the operator says of it, to a service provider: or to all that is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from idp.domain.registration import RegistrationFacts, RegistrationRefused, Remark
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    Mark,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Standing,
    Tier,
    TrustCircle,
)
from idp.usecases.admission_checks import CHECKS, LONGEST_ID, WARNINGS, Case, Neighbours
from idp.usecases.orders import Description, Entries, Order
from idp.usecases.ports import RegistrationReader

Readers = Mapping[FederationProtocol, RegistrationReader]

OPERATORS_MARKS = frozenset({Mark.UNSAFE_CBC, Mark.STARTS_HERE})
"""The marks that the operator sets; the others follow from the description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A service provider that passed every check, with what its description says and what the operator should know."""

    site: ServiceProvider
    facts: RegistrationFacts
    warnings: tuple[Remark, ...]


class SiteRefused(Exception):
    """A site cannot be registered or changed like this; `faults` are all of them, in words for the operator.

    The place of a fault is an `Entry`, or where it stands in the description, or empty.
    """

    def __init__(self, *faults: Remark) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def draft(
    order: Order, old: ServiceProvider | None, neighbours: Neighbours, readers: Readers, *, now: datetime
) -> Draft:
    """The service provider that `order` asks for; `old` is the one it changes. Raises `SiteRefused`."""
    description = order.description or _registered(old)
    facts: RegistrationFacts | None = None
    faults: list[Remark] = []
    try:
        facts = readers[description.protocol].read(description.text, marks=_wanted_marks(order.entries, old))
    except RegistrationRefused as error:
        faults += error.faults
    site = _site(description, order.entries, old, facts, neighbours)
    case = Case(entries=order.entries, site=site, facts=facts, old=old, neighbours=neighbours, now=now)
    faults += [fault for check in CHECKS for fault in check(case)]
    if facts is None or faults:
        raise SiteRefused(*faults)
    warnings = [warning for look in WARNINGS for warning in look(case)]
    return Draft(site=site, facts=facts, warnings=(*facts.warnings, *warnings))


def _registered(old: ServiceProvider | None) -> Description:
    if old is None:
        raise SiteRefused(Remark(place="", words="a new site needs its description"))
    return Description(
        protocol=old.protocol, text=old.registration, source=old.source, source_ends_at=old.registration_ends_at
    )


def _wanted_marks(entries: Entries, old: ServiceProvider | None) -> frozenset[Mark]:
    before = old.marks if old else frozenset()
    choices = ((Mark.UNSAFE_CBC, entries.unsafe_cbc), (Mark.STARTS_HERE, entries.starts_here))
    return frozenset(mark for mark, choice in choices if (mark in before if choice is None else choice))


def _site(
    description: Description,
    entries: Entries,
    old: ServiceProvider | None,
    facts: RegistrationFacts | None,
    neighbours: Neighbours,
) -> ServiceProvider:
    """What the operator says goes before what is registered, and that before what the site says of itself."""
    protocol_id = (facts.protocol_id if facts else "") or entries.client_id or (old.protocol_id if old else "")
    own_id = old.id if old else entries.id or _free_id(protocol_id, neighbours)
    name, operator, home_url = (facts.name, facts.operator, facts.home_url) if facts else (None, None, None)
    return ServiceProvider(
        id=own_id,
        protocol=description.protocol,
        protocol_id=protocol_id,
        sector=entries.sector or (old.sector if old else SectorCode("")),
        tier=entries.tier or (old.tier if old else Tier.STANDARD),
        circle=entries.circle or (old.circle if old else TrustCircle(own_id)),
        name=_texts(entries.name_ja, entries.name_en, old.name if old else name),
        operator=_texts(entries.operator_ja, entries.operator_en, old.operator if old else operator),
        home_url=entries.home_url or (old.home_url if old else home_url or ""),
        registration=description.text,
        registration_ends_at=_earliest(description.source_ends_at, facts.ends_at if facts else None),
        source=description.source,
        standing=old.standing if old else Standing.ACTIVE,
        marks=_wanted_marks(entries, old) | (facts.marks if facts else frozenset()),
    )


def _texts(ja: str | None, en: str | None, otherwise: LocalText | None) -> LocalText:
    return LocalText(
        ja=ja or (otherwise.ja if otherwise else ""),
        en=en or (otherwise.en if otherwise else ""),
    )


def _earliest(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _free_id(protocol_id: str, neighbours: Neighbours) -> ServiceProviderId:
    """Made of the host's name, or of the whole where there is none; with a number if it is taken."""
    try:
        host = urlsplit(protocol_id).hostname
    except ValueError:
        host = None
    base = re.sub(r"[^A-Za-z0-9.-]+", "-", host or protocol_id, flags=re.ASCII).strip(".-")[: LONGEST_ID - 8]
    taken = {site.id for site in neighbours.sites}
    names = (ServiceProviderId(base if number == 1 else f"{base}-{number}") for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
