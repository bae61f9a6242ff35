"""A client that is suspended, whatever it has in hand already, is told nothing more."""

from dataclasses import replace

import pytest

from idp.domain.service_provider import Standing
from tests.support.oidc import (
    AdapterDoor,
    FakeClock,
    FakeRegister,
    TestClient,
    a_client_site,
    an_adapter,
    query_of,
)

every_standing = pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.REMOVED])


class Shop:
    """A client, and the register in which it stands."""

    def __init__(self) -> None:
        self.register = FakeRegister(sites=[a_client_site()])
        clock = FakeClock()
        self.door = AdapterDoor(adapter=an_adapter(register=self.register), clock=clock)
        self.client = TestClient(clock=clock)

    def stand(self, standing: Standing) -> None:
        """From now on."""
        self.register.sites[0] = replace(self.register.sites[0], standing=standing)

    def code(self) -> str:
        """For a citizen who is logged in."""
        address = self.door.authorize(self.client.request())
        assert address is not None
        return query_of(address)["code"]


@every_standing
def test_no_code_is_given_and_no_browser_sent_back(standing: Standing) -> None:
    shop = Shop()
    shop.stand(standing)
    assert shop.door.authorize(shop.client.request()) is None


@every_standing
def test_code_that_was_given_before_buys_nothing(standing: Standing) -> None:
    shop = Shop()
    code = shop.code()
    shop.stand(standing)
    answer = shop.door.token(shop.client.exchange(code))
    assert answer.body["error"] == "invalid_client"


@every_standing
def test_token_that_was_given_before_opens_nothing(standing: Standing) -> None:
    shop = Shop()
    bought = shop.door.token(shop.client.exchange(shop.code()))
    bearer = f"Bearer {bought.body['access_token']}"
    assert shop.door.userinfo(bearer).status == 200
    shop.stand(standing)
    answer = shop.door.userinfo(bearer)
    assert (answer.status, answer.body["error"]) == (401, "invalid_token")


def test_client_that_is_resumed_goes_on() -> None:
    shop = Shop()
    shop.stand(Standing.SUSPENDED)
    shop.stand(Standing.ACTIVE)
    assert shop.door.token(shop.client.exchange(shop.code())).status == 200
