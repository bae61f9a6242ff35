"""The whole front door on SQLite and on PostgreSQL: one setting is all that differs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.settings import DatabaseSettings
from tests.support.databases import open_database
from tests.support.house import (
    Foundations,
    SampleHouse,
    a_house,
    house_settings,
    is_logged_in,
    register_sites,
    sample_sites,
)


def _log_in_everywhere(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    at_ministry = house.ministry.read(house.log_in(browser, house.ministry, card))
    assert at_ministry.status == "Success"
    claims = house.shop.claims(browser.open(house.shop.address()))
    assert claims["sub"] not in (None, at_ministry.name_id)
    again = house.ministry.read(house.log_in(house.browser(), house.ministry, card))
    assert again.name_id == at_ministry.name_id
    assert is_logged_in(browser)
    house.clock.move(timedelta(hours=1))
    assert not is_logged_in(browser)


def test_citizen_registers_and_reaches_both_sites(foundations: Foundations, database_url: str, tmp_path: Path) -> None:
    with open_database(database_url) as engine:
        register_sites(SqlUnitOfWork(engine), *sample_sites())
    settings = replace(house_settings(foundations, tmp_path), database=DatabaseSettings(url=database_url))
    with a_house(foundations, settings) as house:
        _log_in_everywhere(house)
