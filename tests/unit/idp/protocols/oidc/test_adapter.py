from urllib.parse import urlsplit

import pytest

from idp.domain.errors import CardRevoked, RequestInvalid, ServiceFault
from idp.protocols.contract import Refusable
from tests.support.oidc import (
    ISSUER,
    TestClient,
    a_client,
    a_client_site,
    a_door,
    a_registration,
    a_release,
    query_of,
)

WITH_QUERY = "https://shop.example/callback?shop=1&x=%20"


def test_the_registered_address_keeps_its_own_query_as_it_stands() -> None:
    door = a_door(a_client_site(registration=a_registration(redirect_uris=[WITH_QUERY])))
    client = TestClient(clock=door.clock, redirect_uri=WITH_QUERY)
    url = door.authorize(client.request())

    assert url is not None
    assert url.startswith(WITH_QUERY + "&code=")
    assert door.token(client.exchange(query_of(url)["code"])).status == 200


def test_a_refusal_tells_the_client_a_code_and_no_more() -> None:
    door = a_door()
    asked = door.adapter.understand(a_client(door).request())

    assert query_of(door.adapter.refuse(CardRevoked(), asked.reply).url) == {
        "error": "access_denied",
        "state": "a state",
        "iss": ISSUER,
    }


def test_only_a_fault_of_the_request_is_described() -> None:
    door = a_door()
    asked = door.adapter.understand(a_client(door).request())

    assert "error_description" not in query_of(door.adapter.refuse(RequestInvalid("inner words"), asked.reply).url)
    assert "openid" in query_of(door.authorize(a_client(door).request(scope="x")))["error_description"]


def test_a_request_without_state_is_answered_without_state() -> None:
    door = a_door()

    assert query_of(door.authorize(a_client(door).request(state=None))).keys() == {"code", "iss"}


def test_the_return_origin_is_that_of_the_client() -> None:
    door = a_door()
    asked = door.adapter.understand(a_client(door).request())

    assert door.adapter.return_origin(asked.reply) == "https://shop.example"


def test_no_code_answers_a_request_that_was_refused() -> None:
    door = a_door()
    with pytest.raises(Refusable) as refusable:
        door.adapter.understand(a_client(door).request(code_challenge=None))

    with pytest.raises(ServiceFault):
        door.adapter.answer(a_release(), refusable.value.reply)


def test_a_release_for_another_site_is_never_put_into_this_ones_code() -> None:
    door = a_door()
    asked = door.adapter.understand(a_client(door).request())

    with pytest.raises(ServiceFault):
        door.adapter.answer(a_release(site="other"), asked.reply)


def test_no_two_codes_are_alike_and_each_has_256_bits() -> None:
    door = a_door()
    codes = {a_client(door).get_code(door) for _ in range(3)}

    assert len(codes) == 3
    assert all(len(code) == 43 for code in codes)


def test_codes_and_tokens_do_not_stand_in_the_answer_of_another_endpoint() -> None:
    door = a_door()
    client = a_client(door)
    code = client.get_code(door)
    body = door.token(client.exchange(code)).body

    assert code not in str(body)
    assert urlsplit(str(body["access_token"])).path
