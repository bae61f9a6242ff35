"""The checks of a site that is to be registered or changed: one for each rule, each in words for the operator."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.registration import RegisteredKey, RegistrationFacts, Remark
from idp.domain.service_provider import Mark, Sector, SectorCode, ServiceProvider, Standing, Tier
from idp.domain.web_address import is_link
from idp.usecases.orders import Entries, Entry

ENDS_SOON = timedelta(days=14)
ENDS_SOON_ALTHOUGH_FOLLOWED = timedelta(days=1)
"""A description that ends within this time is worth a warning: a source has newer ones for a site long before."""
LONGEST_ID = 64
LONGEST_NAME = 200

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_ID_RULE = f"must be 1 to {LONGEST_ID} letters, digits, dots, hyphens and underscores, a letter or digit first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What is registered already."""

    sites: Collection[ServiceProvider]
    sectors: Collection[SectorCode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the checks judge: `site` as it would be, empty where nothing is known. `facts` is None if unreadable."""

    entries: Entries
    site: ServiceProvider
    facts: RegistrationFacts | None
    old: ServiceProvider | None
    neighbours: Neighbours
    now: datetime


def sector_faults(sector: Sector) -> Iterator[Remark]:
    """What is wrong with the definition of a sector."""
    if not _is_id(sector.code):
        yield Remark(place=Entry.SECTOR, words=_ID_RULE)
    texts = ((Entry.OWNER, sector.owner), (Entry.PURPOSE, sector.purpose), (Entry.LEGAL_BASIS, sector.legal_basis))
    for entry, text in texts:
        if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable():
            yield Remark(place=entry, words=f"must be 1 to {LONGEST_NAME} readable characters in one line")


def _is_id(text: str) -> bool:
    return len(text) <= LONGEST_ID and _ID.fullmatch(text) is not None


def ends_soon(site: ServiceProvider, *, now: datetime) -> bool:
    """Whether somebody must do something about the site's description."""
    soon = ENDS_SOON if site.source is None else ENDS_SOON_ALTHOUGH_FOLLOWED
    return site.registration_ends_at is not None and site.registration_ends_at < now + soon


def certificate_ends_soon(key: RegisteredKey, *, now: datetime) -> str | None:
    """A certificate only carries its key for us, but other software of the site may look at its dates."""
    if key.ends_at is None or key.ends_at >= now + ENDS_SOON:
        return None
    tense = "ended" if key.ends_at <= now else "ends"
    return f"its certificate {tense} on {key.ends_at:%Y-%m-%d}; the key still counts for us"


def _id_is_fit(case: Case) -> Iterator[Remark]:
    if not _is_id(case.site.id) and (case.facts is not None or case.site.id):
        yield Remark(place=Entry.ID, words=_ID_RULE)


def _id_is_free(case: Case) -> Iterator[Remark]:
    other = next((site for site in case.neighbours.sites if site.id == case.site.id), None)
    if other is None or case.old is not None:
        return
    if other.standing is Standing.REMOVED:
        yield Remark(place=Entry.ID, words=f"{other.id} was a site that is removed now; an id is never given again")
    else:
        yield Remark(place=Entry.ID, words=f"{other.id} is another site's already")


def _protocol_id_is_told(case: Case) -> Iterator[Remark]:
    if case.facts is not None and not case.site.protocol_id:
        yield Remark(place=Entry.CLIENT_ID, words="is missing: the site's description does not tell it")


def _protocol_id_is_the_one_asked_for(case: Case) -> Iterator[Remark]:
    wanted = case.entries.client_id
    if wanted is not None and case.site.protocol_id not in {"", wanted}:
        yield Remark(place=Entry.CLIENT_ID, words=f"the site's description says {case.site.protocol_id}")


def _protocol_id_stays(case: Case) -> Iterator[Remark]:
    """One that takes another name in its protocol is another site."""
    if case.facts is not None and case.old is not None and case.site.protocol_id != case.old.protocol_id:
        words = f"{case.old.id} is {case.old.protocol_id}; {case.site.protocol_id} must be added as a site of its own"
        yield Remark(place=Entry.DESCRIPTION, words=words)


def _protocol_id_is_free(case: Case) -> Iterator[Remark]:
    for other in case.neighbours.sites:
        same = (other.protocol, other.protocol_id) == (case.site.protocol, case.site.protocol_id)
        if same and case.site.protocol_id and (case.old is None or case.old.id != other.id):
            yield Remark(place=Entry.ENTITY, words=f"{other.protocol_id} is registered already, as {other.id}")


def _protocol_is_the_same(case: Case) -> Iterator[Remark]:
    if case.old is not None and case.old.protocol is not case.site.protocol:
        words = f"{case.old.id} speaks {case.old.protocol.value}, and this is of another protocol"
        yield Remark(place=Entry.DESCRIPTION, words=words)


def _sector_is_known(case: Case) -> Iterator[Remark]:
    if case.site.sector in case.neighbours.sectors:
        return
    known = ", ".join(sorted(case.neighbours.sectors)) or "none yet"
    why = f"there is no sector {case.site.sector}" if case.site.sector else "is missing"
    yield Remark(place=Entry.SECTOR, words=f"{why}; known are: {known}")


def _circle_is_fit(case: Case) -> Iterator[Remark]:
    if len(case.site.circle) > LONGEST_ID or not case.site.circle.isprintable():
        yield Remark(place=Entry.CIRCLE, words=f"must be at most {LONGEST_ID} characters in one line")


def _names_are_told(case: Case) -> Iterator[Remark]:
    """All four stand on our pages, in the reader's language."""
    site = case.site
    for entry, text in (
        (Entry.NAME_JA, site.name.ja),
        (Entry.NAME_EN, site.name.en),
        (Entry.OPERATOR_JA, site.operator.ja),
        (Entry.OPERATOR_EN, site.operator.en),
    ):
        if not text and case.facts is not None:
            yield Remark(place=entry, words="is missing: the site's description tells none that can be shown")
        elif len(text) > LONGEST_NAME or not text.isprintable():
            yield Remark(place=entry, words=f"must be at most {LONGEST_NAME} readable characters in one line")


def _home_url_is_told(case: Case) -> Iterator[Remark]:
    """It becomes a link on our pages."""
    url = case.site.home_url
    if not url and case.facts is not None:
        yield Remark(
            place=Entry.HOME_URL, words="is missing: the site's description tells none that people can be sent to"
        )
    elif url and not is_link(url):
        yield Remark(place=Entry.HOME_URL, words="must be an address that begins with https:// or http://, with a host")


def _registration_is_not_over(case: Case) -> Iterator[Remark]:
    end = case.site.registration_ends_at
    if end is not None and end <= case.now:
        yield Remark(place=Entry.DESCRIPTION, words=f"it was valid until {_minute(end)}; ask the site for a newer one")


def _high_tier_signs(case: Case) -> Iterator[Remark]:
    if case.site.tier is Tier.HIGH and Mark.UNSIGNED_REQUESTS in case.site.marks:
        words = "a site that does not sign its requests cannot be of the high tier"
        yield Remark(place=Entry.TIER, words=words)


Check = Callable[[Case], Iterator[Remark]]

CHECKS: tuple[Check, ...] = (
    _id_is_fit,
    _id_is_free,
    _protocol_is_the_same,
    _protocol_id_is_told,
    _protocol_id_is_the_one_asked_for,
    _protocol_id_stays,
    _protocol_id_is_free,
    _sector_is_known,
    _high_tier_signs,
    _circle_is_fit,
    _names_are_told,
    _home_url_is_told,
    _registration_is_not_over,
)
"""Each yields what it finds wrong; all are asked."""


def _ends_soon(case: Case) -> Iterator[Remark]:
    end = case.site.registration_ends_at
    if end is not None and ends_soon(case.site, now=case.now):
        words = f"it is valid until {_minute(end)}; from then on the site is refused, unless a newer one came"
        yield Remark(place=Entry.DESCRIPTION, words=words)


def _citizens_get_new_identifiers(case: Case) -> Iterator[Remark]:
    if case.old is not None and case.old.sector != case.site.sector:
        words = "citizens have other identifiers in another sector: the site will recognise nobody"
        yield Remark(place=Entry.SECTOR, words=words)


def _home_page_is_not_private(case: Case) -> Iterator[Remark]:
    if case.site.home_url.lower().startswith("http:"):
        yield Remark(place=Entry.HOME_URL, words="is not https; others on the way can change what people see there")


def _certificates_end_soon(case: Case) -> Iterator[Remark]:
    for key in case.facts.keys if case.facts else ():
        words = certificate_ends_soon(key, now=case.now)
        if words is not None:
            yield Remark(place=f"{key.use} key {key.fingerprint[:16]}", words=words)


WARNINGS: tuple[Check, ...] = (
    _ends_soon,
    _citizens_get_new_identifiers,
    _home_page_is_not_private,
    _certificates_end_soon,
)


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
