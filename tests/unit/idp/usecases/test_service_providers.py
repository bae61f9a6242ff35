from dataclasses import replace

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.service_provider import Tier
from idp.usecases.service_providers import Change, Onboarding, OnboardingConflict
from tests.support.builders import NOW, a_sector, a_service_provider

SITE = a_service_provider()
OTHER = a_service_provider("other")


@pytest.fixture
def onboarding(sqlite_engine: Engine) -> Onboarding:
    return Onboarding(work=SqlUnitOfWork(sqlite_engine))


def test_site_is_added_and_applying_again_changes_nothing(onboarding: Onboarding) -> None:
    assert onboarding.apply([a_sector()], [SITE], now=NOW) == {SITE.id: Change.ADDED}
    assert onboarding.apply([a_sector()], [SITE], now=NOW) == {SITE.id: Change.UNCHANGED}


def test_unchanged_site_does_not_raise_the_registers_version(onboarding: Onboarding) -> None:
    versions = []
    for _ in range(2):
        onboarding.apply([a_sector()], [SITE], now=NOW)
        with onboarding.work.reading() as stores:
            versions.append(stores.service_providers.version())
    assert versions[0] == versions[1]


def test_changed_site_is_replaced(onboarding: Onboarding) -> None:
    onboarding.apply([a_sector()], [SITE], now=NOW)
    changed = replace(SITE, tier=Tier.STANDARD)
    assert onboarding.apply([a_sector()], [changed], now=NOW) == {SITE.id: Change.CHANGED}
    with onboarding.work.reading() as stores:
        assert stores.service_providers.all() == (changed,)


def test_site_that_a_file_leaves_out_stays(onboarding: Onboarding) -> None:
    onboarding.apply([a_sector()], [SITE, OTHER], now=NOW)
    onboarding.apply([a_sector()], [SITE], now=NOW)
    with onboarding.work.reading() as stores:
        assert {site.id for site in stores.service_providers.all()} == {SITE.id, OTHER.id}


def test_file_with_one_site_that_cannot_be_saved_changes_nothing(onboarding: Onboarding) -> None:
    without_sector = a_service_provider("stray", sector="unheard-of")
    with pytest.raises(OnboardingConflict, match=r"stray: .* unheard-of"):
        onboarding.apply([a_sector()], [SITE, without_sector], now=NOW)
    with onboarding.work.reading() as stores:
        assert stores.service_providers.all() == ()
        assert stores.service_providers.sectors() == ()


def test_two_sites_cannot_have_one_name_in_their_protocol(onboarding: Onboarding) -> None:
    twin = replace(OTHER, protocol_id=SITE.protocol_id)
    onboarding.apply([a_sector()], [SITE], now=NOW)
    with pytest.raises(OnboardingConflict, match="other: "):
        onboarding.apply([], [twin], now=NOW)


def test_two_sites_of_one_file_cannot_have_one_name_in_their_protocol(onboarding: Onboarding) -> None:
    twin = replace(OTHER, protocol_id=SITE.protocol_id)
    with pytest.raises(OnboardingConflict, match="other: "):
        onboarding.apply([a_sector()], [SITE, twin], now=NOW)
