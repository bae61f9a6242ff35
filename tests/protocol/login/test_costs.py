"""What each request of a login asks of the database, as exact numbers: a change of one is a decision.

Statements are counted without the beginning and ending of transactions; commits include those of reading transactions.
The register of sites has just been read: it is looked at once a second, whatever the load.
"""

from collections.abc import Callable

from tests.support.browser import Browser, Page
from tests.support.house import AGENT, Card, SampleHouse
from tests.support.statements import count_statements

Costs = dict[str, tuple[int, int]]
"""Statements and commits of each step."""

FIRST_LOGIN: Costs = {
    "request of the site": (2, 2),
    "login page": (2, 2),
    "card answer": (3, 3),
    "arrival": (4, 4),
    "consent page": (2, 2),
    "consent": (9, 4),
    "answer to the site": (8, 4),
}
LATER_LOGIN: Costs = {
    "request of the site": (2, 2),
    "login page": (2, 2),
    "card answer": (3, 3),
    "arrival": (6, 3),
    "answer to the site": (7, 4),
}
NEXT_SITE: Costs = {"request of the site": (6, 2)}
SAME_SITE: Costs = {"request of the site": (4, 1)}
CODE: Costs = {"token request": (3, 3)}


class Meter:
    """A browser that goes one request at a time, and what each costs."""

    def __init__(self, house: SampleHouse) -> None:
        self.browser: Browser = house.browser()
        self.browser.follows = False
        self.costs: Costs = {}
        self._house = house

    def measure(self, name: str, step: Callable[[], object]) -> None:
        """Do `step` and keep its cost under `name`."""
        self._house.services.register.all()
        with count_statements(self._house.engine) as counted:
            step()
        assert counted.rollbacks == 0
        self.costs[name] = (len(counted.statements), counted.commits)

    def go(self, name: str, address: str) -> Page:
        """Open `address`."""
        pages: list[Page] = []
        self.measure(name, lambda: pages.append(self.browser.open(address)))
        return pages[0]

    def send(self, name: str, action: str, fields: dict[str, str], *, origin: str) -> Page:
        """Post a form."""
        pages: list[Page] = []
        self.measure(name, lambda: pages.append(self.browser.send(action, fields, origin=origin)))
        return pages[0]


def next_place(page: Page) -> str:
    assert page.status == 303
    return page.response.headers["Location"]


def to_arrival(house: SampleHouse, meter: Meter, card: Card, address: str) -> Page:
    """From the site's request to the card's arrival."""
    page = meter.go("request of the site", address)
    page = meter.go("login page", next_place(page))
    page = meter.send("card answer", "/card/answer", card.answer(page), origin=AGENT)
    assert house.revocation.asked
    return meter.go("arrival", next_place(page))


def test_first_login(house: SampleHouse) -> None:
    meter = Meter(house)
    page = to_arrival(house, meter, house.card(), house.ministry.address())
    page = meter.go("consent page", next_place(page))
    page = meter.send("consent", page.form("/enrolment/").action, {"agree": "yes"}, origin=house.settings.issuer)
    page = meter.go("answer to the site", next_place(page))
    assert house.ministry.read(page).status == "Success"
    assert meter.costs == FIRST_LOGIN


def test_later_login(house: SampleHouse) -> None:
    card, meter = house.card(), Meter(house)
    house.log_in(house.browser(), house.ministry, card)
    house.clock.move(house.settings.revocation.ocsp_max_age)
    page = to_arrival(house, meter, card, house.ministry.address())
    page = meter.go("answer to the site", next_place(page))
    assert house.ministry.read(page).status == "Success"
    assert meter.costs == LATER_LOGIN


def test_next_site_in_the_same_session(house: SampleHouse) -> None:
    meter = Meter(house)
    meter.browser.follows = True
    house.log_in(meter.browser, house.ministry, house.card())
    meter.browser.follows = False
    page = meter.go("request of the site", house.shop.address())
    assert next_place(page).startswith(house.shop.client.redirect_uri)
    assert meter.costs == NEXT_SITE


def test_same_site_in_the_same_session(house: SampleHouse) -> None:
    meter = Meter(house)
    meter.browser.follows = True
    house.log_in(meter.browser, house.ministry, house.card())
    page = meter.go("request of the site", house.ministry.address())
    assert house.ministry.read(page).status == "Success"
    assert meter.costs == SAME_SITE


def test_code_to_token(house: SampleHouse) -> None:
    meter = Meter(house)
    page = house.log_in(house.browser(), house.shop, house.card())
    meter.measure("token request", lambda: house.shop.claims(page))
    assert meter.costs == CODE
