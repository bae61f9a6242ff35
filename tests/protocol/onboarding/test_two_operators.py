"""Two operators, or an operator and the worker, at the same moment, on each database: one after the other."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.service_provider import ServiceProviderId, Standing, SuspensionReason
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Entries
from idp.usecases.service_providers import Outcome, ServiceProviders
from tests.support.builders import NOW, a_sector
from tests.support.onboarding import EVERYTHING, READERS, an_order
from tests.support.racing import race

MINISTRY = ServiceProviderId("ministry")


@pytest.fixture
def sites(engine: Engine) -> ServiceProviders:
    register = ServiceProviders(work=SqlUnitOfWork(engine), readers=READERS)
    register.add_sector(a_sector(), now=NOW)
    return register


def test_one_entity_is_added_once(sites: ServiceProviders) -> None:
    orders = [an_order(replace(EVERYTHING, id=ServiceProviderId(f"site-{number}"))) for number in range(3)]
    outcomes = race(*[lambda order=order: sites.add(order, now=NOW) for order in orders])
    assert [type(outcome) for outcome in outcomes].count(Outcome) == 1
    assert [type(outcome) for outcome in outcomes].count(SiteRefused) == 2
    assert len(sites.all()) == 1


def test_a_newer_description_never_undoes_a_suspension(sites: ServiceProviders) -> None:
    for turn in range(5):
        site = ServiceProviderId(f"site-{turn}")
        sites.add(an_order(replace(EVERYTHING, id=site), id=f"https://{turn}.example"), now=NOW)
        newer = an_order(Entries(), id=f"https://{turn}.example", keys=["b"])
        race(
            lambda site=site: sites.suspend(site, SuspensionReason.INCIDENT, now=NOW),
            lambda site=site, newer=newer: sites.update(site, newer, now=NOW),
        )
        shown = sites.show(site)
        assert shown.site.standing is Standing.SUSPENDED
        assert shown.facts is not None
        assert shown.facts.keys[0].fingerprint.startswith("b")


def test_removal_and_update_end_as_a_removal(sites: ServiceProviders) -> None:
    sites.add(an_order(replace(EVERYTHING, id=MINISTRY)), now=NOW)
    race(
        lambda: sites.remove(MINISTRY, now=NOW),
        lambda: sites.update(MINISTRY, an_order(Entries(), keys=["b"]), now=NOW),
    )
    site = sites.show(MINISTRY).site
    assert (site.standing, site.registration, site.protocol_id) == (Standing.REMOVED, "", "removed/ministry")
