from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from idp.adapters.db.audit import decode_event
from idp.adapters.db.tables import AuditEventRow
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.events import (
    AuditEvent,
    SectorDefined,
    ServiceProviderApplied,
    ServiceProviderRemoved,
    ServiceProviderResumed,
    ServiceProviderSuspended,
)
from idp.domain.registration import Remark
from idp.domain.service_provider import SectorCode, ServiceProvider, ServiceProviderId, Standing, SuspensionReason, Tier
from idp.usecases.admission import SiteRefused
from idp.usecases.differences import Difference
from idp.usecases.orders import Entries, Entry, Order
from idp.usecases.service_providers import Change, ServiceProviders
from tests.support.builders import NOW, a_sector
from tests.support.onboarding import ENTITY, EVERYTHING, READERS, a_description, an_order
from tests.support.sources import FEDERATION

MINISTRY = ServiceProviderId("ministry")
ORDER = an_order(replace(EVERYTHING, id=MINISTRY))
OTHER = an_order(replace(EVERYTHING, id=ServiceProviderId("other")), id="https://other.example")
LATER = NOW + timedelta(minutes=5)


class Register:
    """The use case, and what the database holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sites = ServiceProviders(work=SqlUnitOfWork(engine), readers=READERS)
        self.sites.add_sector(a_sector(), now=NOW)
        self._seen = 0
        self.news()

    def news(self) -> list[AuditEvent]:
        """The audit events since the last look."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(AuditEventRow.kind, AuditEventRow.body).order_by(AuditEventRow.id)).all()
        new, self._seen = rows[self._seen :], len(rows)
        return [decode_event(kind, body) for kind, body in new]

    def version(self) -> int:
        """Of the register."""
        with self.sites.work.reading() as stores:
            return stores.service_providers.version()

    def ministry(self) -> ServiceProvider:
        """As it is registered."""
        return self.sites.show(MINISTRY).site


@pytest.fixture
def register(sqlite_engine: Engine) -> Register:
    return Register(sqlite_engine)


@pytest.fixture
def ministry(register: Register) -> Register:
    """With the ministry in it."""
    register.sites.add(ORDER, now=NOW)
    register.news()
    return register


def test_site_is_added_with_its_event(register: Register) -> None:
    before = register.version()
    outcome = register.sites.add(ORDER, now=LATER)
    assert (outcome.change, outcome.site) == (Change.ADDED, register.ministry())
    assert outcome.facts is not None
    assert register.news() == [ServiceProviderApplied(service_provider=MINISTRY, change="added", at=LATER)]
    assert register.version() > before


def test_site_that_is_refused_leaves_nothing_behind(register: Register) -> None:
    before = register.version()
    with pytest.raises(SiteRefused):
        register.sites.add(an_order(EVERYTHING, faults=["is too short"]), now=NOW)
    assert (register.sites.all(), register.news(), register.version()) == ((), [], before)


def test_site_cannot_follow_a_source_that_is_not_kept(register: Register) -> None:
    """It may have been removed while the site was being looked up there."""
    followed = replace(a_description(), source=FEDERATION.name)
    order = Order(description=followed, entries=replace(EVERYTHING, id=MINISTRY))
    with pytest.raises(SiteRefused, match="no source federation"):
        register.sites.add(order, now=NOW)
    assert register.sites.all() == ()


def test_rehearsal_shows_the_same_and_writes_nothing(register: Register) -> None:
    before = register.version()
    rehearsed = register.sites.add(ORDER, now=NOW, rehearsed=True)
    assert (register.sites.all(), register.news(), register.version()) == ((), [], before)
    assert register.sites.add(ORDER, now=NOW) == rehearsed


def test_site_cannot_be_added_twice(ministry: Register) -> None:
    with pytest.raises(SiteRefused) as refused:
        ministry.sites.add(ORDER, now=NOW)
    assert [fault.place for fault in refused.value.faults] == [Entry.ID, Entry.ENTITY]


def test_update_tells_what_changes(ministry: Register) -> None:
    order = an_order(Entries(tier=Tier.HIGH), keys=["b"], receives=["NameID", "acr"])
    outcome = ministry.sites.update(MINISTRY, order, now=LATER)
    assert outcome.change is Change.CHANGED
    assert outcome.differences[:3] == (
        Difference(what="tier", before="standard", after="high"),
        Difference(what="receives", before="NameID", after="NameID, acr"),
        Difference(what="keys", before="signing " + "a" * 64, after="signing " + "b" * 64),
    )
    assert [difference.what for difference in outcome.differences[3:]] == ["description (SHA-256)"]
    assert ministry.ministry() == outcome.site
    assert ministry.news() == [ServiceProviderApplied(service_provider=MINISTRY, change="changed", at=LATER)]


def test_update_that_changes_nothing_is_no_event(ministry: Register) -> None:
    before = ministry.version()
    outcome = ministry.sites.update(MINISTRY, ORDER, now=LATER)
    assert (outcome.change, outcome.differences) == (Change.UNCHANGED, ())
    assert (ministry.news(), ministry.version()) == ([], before)


def test_rehearsed_update_writes_nothing(ministry: Register) -> None:
    order = Order(description=None, entries=Entries(tier=Tier.HIGH))
    assert ministry.sites.update(MINISTRY, order, now=NOW, rehearsed=True).site.tier is Tier.HIGH
    assert (ministry.ministry().tier, ministry.news()) == (Tier.STANDARD, [])


def test_update_of_a_site_whose_old_description_cannot_be_read_any_more(ministry: Register) -> None:
    broken = replace(ministry.ministry(), registration='{"faults": ["is too short"]}')
    with ministry.sites.work.writing() as stores:
        stores.service_providers.save(broken)
    assert ministry.sites.show(MINISTRY).faults == (Remark(place="line 7, md:KeyDescriptor", words="is too short"),)
    outcome = ministry.sites.update(MINISTRY, an_order(Entries()), now=NOW)
    assert Difference(what="receives", before="", after="NameID") in outcome.differences


def test_suspended_site_stays_suspended_by_an_update(ministry: Register) -> None:
    ministry.sites.suspend(MINISTRY, SuspensionReason.INCIDENT, now=NOW)
    ministry.sites.update(MINISTRY, an_order(Entries(), keys=["b"]), now=NOW)
    assert ministry.ministry().standing is Standing.SUSPENDED


def test_site_is_suspended_and_resumed_with_its_events(ministry: Register) -> None:
    versions = [ministry.version()]
    assert ministry.sites.suspend(MINISTRY, SuspensionReason.RULES, now=NOW).change is Change.SUSPENDED
    assert ministry.ministry().standing is Standing.SUSPENDED
    versions.append(ministry.version())
    assert ministry.sites.resume(MINISTRY, now=LATER).change is Change.RESUMED
    assert ministry.ministry().standing is Standing.ACTIVE
    versions.append(ministry.version())
    assert versions == sorted(set(versions))
    assert ministry.news() == [
        ServiceProviderSuspended(service_provider=MINISTRY, why=SuspensionReason.RULES, at=NOW),
        ServiceProviderResumed(service_provider=MINISTRY, at=LATER),
    ]


def test_suspending_and_resuming_twice_changes_nothing_the_second_time(ministry: Register) -> None:
    assert ministry.sites.resume(MINISTRY, now=NOW).change is Change.UNCHANGED
    ministry.sites.suspend(MINISTRY, SuspensionReason.RULES, now=NOW)
    assert ministry.sites.suspend(MINISTRY, SuspensionReason.OTHER, now=NOW).change is Change.UNCHANGED
    assert len(ministry.news()) == 1


def test_site_that_would_not_be_accepted_today_is_not_resumed(register: Register) -> None:
    register.sites.add(an_order(replace(EVERYTHING, id=MINISTRY), ends_at=LATER.isoformat()), now=NOW)
    register.sites.suspend(MINISTRY, SuspensionReason.REQUEST, now=NOW)
    with pytest.raises(SiteRefused, match="valid until"):
        register.sites.resume(MINISTRY, now=LATER)
    assert register.ministry().standing is Standing.SUSPENDED


def test_removed_site_keeps_its_row_and_nothing_that_serves_logins(ministry: Register) -> None:
    with ministry.sites.work.writing() as stores:
        stores.metadata_sources.save(FEDERATION, now=NOW)
    followed = replace(a_description(), source=FEDERATION.name, source_ends_at=LATER + timedelta(days=30))
    ministry.sites.update(MINISTRY, Order(description=followed, entries=Entries()), now=NOW)
    ministry.news()
    outcome = ministry.sites.remove(MINISTRY, now=LATER)
    site = ministry.ministry()
    assert outcome.site == site
    assert (site.standing, site.protocol_id, site.registration) == (Standing.REMOVED, "removed/ministry", "")
    assert (site.source, site.registration_ends_at) == (None, None)
    assert ministry.news() == [ServiceProviderRemoved(service_provider=MINISTRY, at=LATER)]
    assert ministry.sites.show(MINISTRY).facts is None


def test_entity_of_a_removed_site_can_be_added_under_another_id(ministry: Register) -> None:
    ministry.sites.remove(MINISTRY, now=NOW)
    outcome = ministry.sites.add(an_order(), now=NOW)
    assert (outcome.site.id, outcome.site.protocol_id) == ("ministry.example", ENTITY)


def test_removed_site_stays_removed(ministry: Register) -> None:
    ministry.sites.remove(MINISTRY, now=NOW)
    acts = (
        lambda: ministry.sites.add(ORDER, now=NOW),
        lambda: ministry.sites.update(MINISTRY, ORDER, now=NOW),
        lambda: ministry.sites.apply([], [ORDER], now=NOW),
        lambda: ministry.sites.suspend(MINISTRY, SuspensionReason.OTHER, now=NOW),
        lambda: ministry.sites.resume(MINISTRY, now=NOW),
        lambda: ministry.sites.remove(MINISTRY, now=NOW),
    )
    for act in acts:
        with pytest.raises(SiteRefused, match="removed"):
            act()
    assert len(ministry.news()) == 1


def test_site_that_is_not_there_is_named(register: Register) -> None:
    with pytest.raises(SiteRefused, match="no service provider has the id ministry"):
        register.sites.show(MINISTRY)


def test_file_is_applied_and_again_changes_nothing(register: Register) -> None:
    before = register.version()
    outcomes = register.sites.apply([a_sector("shop")], [ORDER, OTHER], now=NOW)
    assert [(outcome.site.id, outcome.change) for outcome in outcomes] == [
        ("ministry", Change.ADDED),
        ("other", Change.ADDED),
    ]
    assert register.news() == [
        SectorDefined(sector=SectorCode("shop"), change="added", at=NOW),
        ServiceProviderApplied(service_provider=MINISTRY, change="added", at=NOW),
        ServiceProviderApplied(service_provider=ServiceProviderId("other"), change="added", at=NOW),
    ]
    applied = register.version()
    again = register.sites.apply([a_sector("shop")], [ORDER, OTHER], now=LATER)
    assert {outcome.change for outcome in again} == {Change.UNCHANGED}
    assert (register.news(), register.version()) == ([], applied)
    assert applied > before


def test_site_that_a_file_leaves_out_stays(ministry: Register) -> None:
    ministry.sites.apply([], [OTHER], now=NOW)
    assert [site.id for site in ministry.sites.all()] == ["ministry", "other"]


def test_file_may_use_the_sector_that_it_defines(register: Register) -> None:
    order = an_order(replace(EVERYTHING, id=MINISTRY, sector=SectorCode("shop")))
    assert register.sites.apply([a_sector("shop")], [order], now=NOW)[0].site.sector == "shop"


def test_file_with_one_site_that_will_not_do_changes_nothing(register: Register) -> None:
    with pytest.raises(SiteRefused):
        register.sites.apply([a_sector("shop")], [ORDER, an_order(Entries(id=ServiceProviderId("b")), id="b")], now=NOW)
    assert (register.sites.all(), register.news()) == ((), [])
    assert [sector.code for sector in register.sites.sectors()] == ["tax"]


def test_faults_of_all_sites_of_a_file_are_told_at_once(register: Register) -> None:
    broken = an_order(replace(EVERYTHING, id=ServiceProviderId("broken")), id="x", faults=["is too short"])
    high = an_order(replace(EVERYTHING, id=ServiceProviderId("high"), tier=Tier.HIGH), id="y", unsigned=True)
    with pytest.raises(SiteRefused) as refused:
        register.sites.apply([], [broken, high], now=NOW)
    assert [fault.place for fault in refused.value.faults] == ["broken, line 7, md:KeyDescriptor", "high, tier"]


def test_two_sites_of_one_file_cannot_be_one_entity(register: Register) -> None:
    twin = an_order(replace(EVERYTHING, id=ServiceProviderId("twin")))
    with pytest.raises(SiteRefused, match="registered already, as ministry"):
        register.sites.apply([], [ORDER, twin], now=NOW)


def test_sector_is_defined_once(register: Register) -> None:
    assert register.sites.add_sector(a_sector("shop"), now=NOW) is Change.ADDED
    assert register.sites.add_sector(a_sector("shop"), now=NOW) is Change.UNCHANGED
    with pytest.raises(SiteRefused, match="with other words"):
        register.sites.add_sector(replace(a_sector("shop"), purpose="another"), now=NOW)
    assert len(register.news()) == 1


def test_sector_is_changed_by_a_file(register: Register) -> None:
    register.sites.apply([replace(a_sector(), purpose="another")], [], now=NOW)
    assert register.news() == [SectorDefined(sector=SectorCode("tax"), change="changed", at=NOW)]


def test_sector_that_says_nothing_is_refused(register: Register) -> None:
    with pytest.raises(SiteRefused, match="owner"):
        register.sites.add_sector(replace(a_sector("shop"), owner=""), now=NOW)
