"""`ServiceProviderStore`, and `ServiceProviderRegister` in front of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from idp.adapters.db.register import CachedRegister
from idp.domain.errors import SiteUnknown
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId
from idp.usecases.ports import ServiceProviderRegister, UnitOfWork
from tests.support.builders import NOW, a_sector, a_service_provider
from tests.support.racing import race
from tests.support.statements import count_statements

MINISTRY = a_service_provider("ministry")
SHOP = a_service_provider("shop", protocol=FederationProtocol.OIDC, protocol_id="shop-client")


class MovableClock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def register(work: UnitOfWork, clock: MovableClock) -> ServiceProviderRegister:
    return CachedRegister(work, clock)


def _save(work: UnitOfWork, *sites: ServiceProvider) -> None:
    with work.writing() as stores:
        stores.service_providers.save_sector(a_sector())
        for site in sites:
            stores.service_providers.save(site)


def test_all_come_back_as_they_were_saved_by_id(work: UnitOfWork) -> None:
    _save(work, SHOP, MINISTRY)
    with work.reading() as stores:
        assert stores.service_providers.all() == (MINISTRY, SHOP)
        assert stores.service_providers.sectors() == (a_sector(),)


def test_saving_again_replaces_the_site(work: UnitOfWork) -> None:
    changed = replace(MINISTRY, home_url="https://moved.example/", registration="<new/>")
    _save(work, MINISTRY, changed)
    with work.reading() as stores:
        assert stores.service_providers.all() == (changed,)


def test_saving_a_sector_again_replaces_it(work: UnitOfWork) -> None:
    changed = replace(a_sector(), purpose="another")
    with work.writing() as stores:
        stores.service_providers.save_sector(a_sector())
        stores.service_providers.save_sector(changed)
        assert stores.service_providers.sectors() == (changed,)


def test_version_grows_with_every_change(work: UnitOfWork) -> None:
    versions = []
    for change in (partial(_save, work), partial(_save, work, MINISTRY), partial(_save, work, MINISTRY)):
        with work.reading() as stores:
            versions.append(stores.service_providers.version())
        change()
    with work.reading() as stores:
        versions.append(stores.service_providers.version())
    assert versions == sorted(set(versions))


def test_writers_who_hold_the_register_change_it_one_after_the_other(work: UnitOfWork) -> None:
    """Each adds a letter to what it read; without the hold on PostgreSQL, letters are lost."""
    _save(work, MINISTRY)

    def add_a_letter() -> None:
        with work.writing() as stores:
            stores.service_providers.hold()
            (site,) = stores.service_providers.all()
            stores.service_providers.save(replace(site, home_url=f"{site.home_url}x"))

    race(*[add_a_letter] * 4)
    with work.reading() as stores:
        assert [site.home_url for site in stores.service_providers.all()] == [f"{MINISTRY.home_url}xxxx"]


def test_two_sites_cannot_have_one_protocol_id(work: UnitOfWork) -> None:
    with pytest.raises(IntegrityError):
        _save(work, MINISTRY, replace(SHOP, protocol=MINISTRY.protocol, protocol_id=MINISTRY.protocol_id))


def test_same_text_may_be_entity_id_and_client_id(work: UnitOfWork) -> None:
    both = (MINISTRY, replace(SHOP, protocol_id=MINISTRY.protocol_id))
    _save(work, *both)
    with work.reading() as stores:
        assert stores.service_providers.all() == both


def test_site_needs_a_known_sector(work: UnitOfWork) -> None:
    with pytest.raises(IntegrityError), work.writing() as stores:
        stores.service_providers.save(MINISTRY)


def test_register_finds_by_id_and_by_protocol_id(work: UnitOfWork, register: ServiceProviderRegister) -> None:
    _save(work, MINISTRY, SHOP)
    assert register.get(MINISTRY.id) == MINISTRY
    assert register.by_protocol_id(FederationProtocol.OIDC, "shop-client") == SHOP


def test_register_refuses_strangers(work: UnitOfWork, register: ServiceProviderRegister) -> None:
    _save(work, MINISTRY, SHOP)
    with pytest.raises(SiteUnknown) as no_id:
        register.get(ServiceProviderId("stranger"))
    with pytest.raises(SiteUnknown) as no_name:
        register.by_protocol_id(FederationProtocol.SAML, "shop-client")
    assert (no_id.value.why, no_name.value.why) == ("no site has this id", "no site of this name is registered")


def test_register_asks_the_database_nothing_within_a_second(
    work: UnitOfWork, register: ServiceProviderRegister, clock: MovableClock, engine: Engine
) -> None:
    _save(work, MINISTRY)
    register.get(MINISTRY.id)
    clock.move(timedelta(milliseconds=999))
    with count_statements(engine) as counted:
        register.get(MINISTRY.id)
    assert counted.statements == []


def test_register_asks_only_the_version_while_nothing_changes(
    work: UnitOfWork, register: ServiceProviderRegister, clock: MovableClock, engine: Engine
) -> None:
    _save(work, MINISTRY)
    register.get(MINISTRY.id)
    clock.move(timedelta(seconds=1))
    with count_statements(engine) as counted:
        register.get(MINISTRY.id)
        register.get(MINISTRY.id)
    assert len(counted.statements) == 1


@pytest.mark.parametrize("passed", [timedelta(seconds=1), timedelta(hours=-1)], ids=["later", "clock put back"])
def test_register_sees_a_change_after_a_second(
    work: UnitOfWork, register: ServiceProviderRegister, clock: MovableClock, passed: timedelta
) -> None:
    _save(work, MINISTRY)
    register.get(MINISTRY.id)
    changed = replace(MINISTRY, home_url="https://moved.example/")
    _save(work, changed)
    assert register.get(MINISTRY.id) == MINISTRY
    clock.move(passed)
    assert register.get(MINISTRY.id) == changed


def test_threads_share_one_reading_of_the_register(
    work: UnitOfWork, register: ServiceProviderRegister, engine: Engine
) -> None:
    _save(work, MINISTRY)
    with count_statements(engine) as counted:
        outcomes = race(*[lambda: register.get(MINISTRY.id)] * 6)
    assert outcomes == [MINISTRY] * 6
    assert len(counted.statements) == 2
