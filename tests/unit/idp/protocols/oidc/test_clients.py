from dataclasses import replace

import pytest

from idp.domain.errors import IdpError, ServiceFault, SiteSuspended, SiteUnknown
from idp.domain.service_provider import Standing
from idp.protocols.oidc.clients import Clients
from tests.support.oidc import CLIENT_ID, FakeRegister, a_client_site, a_registration

OTHER_ADDRESS = "https://shop.example/other"


def test_a_changed_registration_is_read_again_and_an_unchanged_one_is_not() -> None:
    register = FakeRegister(sites=[a_client_site()])
    clients = Clients(register=register, unsafe_http_loopback=False)
    first = clients.by_client_id(CLIENT_ID)
    assert clients.by_client_id(CLIENT_ID) is first

    register.sites[0] = a_client_site(registration=a_registration(redirect_uris=[OTHER_ADDRESS]))
    assert clients.by_client_id(CLIENT_ID).registration.redirect_uris == (OTHER_ADDRESS,)


def test_a_registration_that_would_not_be_accepted_today_is_our_fault() -> None:
    clients = Clients(register=FakeRegister(sites=[a_client_site(registration="{}")]), unsafe_http_loopback=False)

    with pytest.raises(ServiceFault):
        clients.by_client_id(CLIENT_ID)


def test_an_unknown_client_is_an_unknown_site() -> None:
    clients = Clients(register=FakeRegister(sites=[]), unsafe_http_loopback=False)

    with pytest.raises(SiteUnknown):
        clients.by_client_id(CLIENT_ID)


@pytest.mark.parametrize(
    ("standing", "refusal"), [(Standing.SUSPENDED, SiteSuspended), (Standing.REMOVED, SiteUnknown)]
)
def test_a_client_that_is_not_active_is_refused_at_once(standing: Standing, refusal: type[IdpError]) -> None:
    register = FakeRegister(sites=[a_client_site()])
    clients = Clients(register=register, unsafe_http_loopback=False)
    clients.by_client_id(CLIENT_ID)
    register.sites[0] = replace(a_client_site(), standing=standing)

    with pytest.raises(refusal):
        clients.by_client_id(CLIENT_ID)
