"""White space that XML Schema overlooks around a value must not make it another value for us than for the schema."""

import re
import secrets
from datetime import timedelta

import pytest

from tests.support.house import SampleHouse
from tests.support.saml import SSO_URL


def address_with(house: SampleHouse, **attributes: str) -> str:
    site = house.ministry.site
    request = site.request(ID=f"_{secrets.token_hex(16)}", issued_at=house.clock(), **attributes)
    return f"{SSO_URL}?{site.redirect(request).decode()}"


def test_forced_login_is_forced_however_it_is_written(house: SampleHouse) -> None:
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    house.clock.move(timedelta(minutes=1))
    for written in ("true", " true ", "\t1", "1\n"):
        page = browser.open(address_with(house, ForceAuthn=written))
        assert page.path.startswith("/login/"), written


def test_passive_request_is_passive_however_it_is_written(house: SampleHouse) -> None:
    for written in ("true", " true ", "\t1"):
        page = house.browser().open(address_with(house, IsPassive=written))
        assert house.ministry.read(page).status == "NoPassive", written


@pytest.mark.parametrize("written", [" _x", "_x ", "\r_x", "_x\n", "\t_x"])
def test_white_space_around_an_id_is_refused_before_anything_happens(house: SampleHouse, written: str) -> None:
    """One message would be several to the memory of ids, and a carriage return could not be written into the answer."""
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    before = house.events()
    page = browser.open(house.ministry.address(request_id=written))
    assert (page.status, page.heading) == (400, house.heading("request.invalid"))
    assert house.events() == before
    assert re.search(r"\d{4}-\d{4}-\d{4}", page.text), "a number for enquiries"
