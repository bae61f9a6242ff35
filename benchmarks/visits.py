"""What a citizen and two sites do, again and again: a card login, then single sign-on by both protocols."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from werkzeug.test import TestResponse

from benchmarks.figures import require
from tests.support.browser import Browser, Page
from tests.support.house import ISSUER, Card, SampleHouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What the sites were told at the end of a visit, for a verification that is not timed."""

    saml_response: str
    id_token: str


class Visits:
    """Citizens in turn, each with a new browser at every visit. Raises `BenchmarkFailed` if a step did not succeed."""

    def __init__(self, house: SampleHouse, cards: Sequence[Card]) -> None:
        self.house = house
        self._cards = cards
        self._turn = count()

    def register_all(self) -> None:
        """The first login of each citizen, with consent."""
        for _ in self._cards:
            self.log_in_by_card()

    def log_in_by_card(self) -> tuple[Browser, str]:
        """The browser with its open session, and the SAMLResponse field."""
        browser = self.house.browser()
        card = self._cards[next(self._turn) % len(self._cards)]
        return browser, self._ministry_reads(self.house.log_in(browser, self.house.ministry, card))

    def whole(self) -> Proofs:
        """A card login, and in the same session: SAML again, authorize, token, userinfo."""
        browser, _ = self.log_in_by_card()
        saml_response = self.saml_again(browser)
        page = browser.open(self.house.shop.address())
        tokens = _good(self._buy(self.house.shop.read(page)["code"])).get_json()
        claims = _good(self._userinfo(tokens["access_token"])).get_json()
        require(claims, lambda claims: bool(claims["sub"]), "userinfo")
        return Proofs(saml_response=saml_response, id_token=tokens["id_token"])

    def saml_again(self, browser: Browser) -> str:
        """Single sign-on at the ministry."""
        return self._ministry_reads(browser.open(self.house.ministry.address()))

    def _ministry_reads(self, page: Page) -> str:
        require(self.house.ministry.read(page).status, lambda status: status == "Success", "SAML status")
        return page.forms[0].fields["SAMLResponse"]

    def _buy(self, code: str) -> TestResponse:
        pairs = dict(self.house.shop.client.exchange(code))
        return self.house.app.test_client().post("/oidc/token", data=pairs, base_url=ISSUER)

    def _userinfo(self, access_token: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.house.app.test_client().get("/oidc/userinfo", headers=headers, base_url=ISSUER)


def _good(response: TestResponse) -> TestResponse:
    return require(response, lambda response: response.status_code == 200, "an endpoint for sites")  # noqa: PLR2004 (OK)
