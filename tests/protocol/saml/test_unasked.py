"""SAML profiles 4.1.5: logins that begin at our own pages, to sites that the operator has marked for it."""

import base64
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from idp.domain.service_provider import Mark, ServiceProvider, Standing
from idp.protocols.contract import FormPost
from tests.support.house import SampleHouse, register_sites
from tests.support.saml import RETURN_URL, Outcome, a_door, a_registration, a_site

FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
PLACE = "/saml/start/ministry"


def marked(registration: str | None = None) -> ServiceProvider:
    return replace(a_site(registration=registration), marks=frozenset({Mark.STARTS_HERE}))


def response(outcome: Outcome) -> etree._Element:
    assert isinstance(outcome, FormPost), outcome
    return etree.fromstring(base64.b64decode(dict(outcome.fields)["SAMLResponse"]))


def test_answer_answers_no_request_and_goes_to_the_default_address() -> None:
    outcome = a_door(marked()).start(query=b"RelayState=a%20b&lang=ja")
    assert isinstance(outcome, FormPost)
    assert (outcome.action, dict(outcome.fields)["RelayState"]) == (RETURN_URL, "a b")
    assert [element for element in response(outcome).iter() if "InResponseTo" in element.attrib] == []


@pytest.mark.parametrize(
    ("formats", "expected"),
    [
        ((), "persistent"),
        ((FORMAT + "transient", FORMAT + "persistent"), "transient"),
        (("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", FORMAT + "persistent"), "persistent"),
    ],
)
def test_name_id_is_of_the_first_format_that_both_have(formats: tuple[str, ...], expected: str) -> None:
    outcome = a_door(marked(a_registration(formats=formats))).start()
    (name_id,) = response(outcome).iter("{*}NameID")
    assert name_id.get("Format") == FORMAT + expected


@pytest.mark.parametrize(
    ("site", "code"),
    [
        (a_site(), "request.site"),
        (replace(marked(), standing=Standing.SUSPENDED), "request.suspended"),
        (replace(marked(), standing=Standing.REMOVED), "request.site"),
    ],
)
def test_site_that_is_not_marked_or_not_served_gets_none(site: ServiceProvider, code: str) -> None:
    assert a_door(site).start() == code


def test_relay_state_has_the_same_bounds_here() -> None:
    door = a_door(marked())
    assert isinstance(door.start(query=b"RelayState=" + b"x" * 2048), FormPost)
    for query in (b"RelayState=" + b"x" * 2049, b"RelayState=%0a", b"RelayState=a&RelayState=b"):
        assert door.start(query=query) == "request.invalid"


def starts_here(house: SampleHouse, change: Callable[[ServiceProvider], ServiceProvider] = lambda site: site) -> None:
    register_sites(house.services.releases.work, change(marked()))
    house.clock.move(timedelta(seconds=1))


def test_citizen_logs_in_from_our_own_link(house: SampleHouse) -> None:
    starts_here(house)
    browser = house.browser()
    page = house.log_in(browser, house.ministry, house.card(), f"{PLACE}?RelayState=form-7")
    answer = house.ministry.read(page)
    assert (answer.status, answer.relay_state) == ("Success", "form-7")
    assert house.ministry.read(browser.open(PLACE)).name_id == answer.name_id


@pytest.mark.parametrize("place", [PLACE, "/saml/start/shop", "/saml/start/nobody", "/saml/start/"])
def test_no_other_site_can_be_started(house: SampleHouse, place: str) -> None:
    page = house.browser().open(place)
    assert page.heading == house.heading("request.notfound" if place.endswith("/") else "request.site")
    assert house.events() == []


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (PLACE, "no login to the site begins here"),
        ("/saml/start/shop", "the site does not speak SAML"),
        ("/saml/start/nobody", "no site has this id"),
    ],
)
def test_log_says_why_a_site_cannot_be_started(
    house: SampleHouse, caplog: pytest.LogCaptureFixture, place: str, why: str
) -> None:
    caplog.set_level(logging.INFO, "idp.refusals")
    house.browser().open(place)
    (line,) = (record.getMessage() for record in caplog.records if record.name == "idp.refusals")
    assert line.startswith("refused request.site request=")
    assert line.endswith(why)
