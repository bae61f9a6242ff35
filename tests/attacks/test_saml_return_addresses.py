"""Answers that should go to an address that the site has not registered: shown on a page, never sent on."""

import pytest

from tests.support.saml import RETURN_URL, an_rsa_signer
from tests.support.saml_door import UNSIGNED_ID, Way, WebDoor, by_browser

UNREGISTERED = "the return address is not in the site's metadata"
BY_METADATA: dict[str, str | None] = {"AssertionConsumerServiceURL": None, "ProtocolBinding": None}


@by_browser
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/acs",
        RETURN_URL + "/",
        RETURN_URL + "?x=1",
        RETURN_URL + "#x",
        RETURN_URL + " ",
        RETURN_URL.upper(),
        "https://ministry.example@evil.example/acs",
        "javascript:alert(1)",
        "",
    ],
)
def test_unregistered_return_address_is_refused_on_a_page(web_door: WebDoor, way: Way, url: str) -> None:
    met = way.bring(web_door, way.message(AssertionConsumerServiceURL=url))
    assert met.reason == UNREGISTERED
    assert url.encode() not in met.body or not url


@by_browser
@pytest.mark.parametrize("index", ["3", "65535"])
def test_unregistered_return_index_is_refused_on_a_page(web_door: WebDoor, way: Way, index: str) -> None:
    message = way.message(AssertionConsumerServiceIndex=index, **BY_METADATA)
    assert way.bring(web_door, message).reason == UNREGISTERED


@by_browser
@pytest.mark.parametrize("keeps", ["AssertionConsumerServiceURL", "ProtocolBinding"])
def test_return_address_given_twice_is_refused(web_door: WebDoor, way: Way, keeps: str) -> None:
    dropped = next(name for name in BY_METADATA if name != keeps)
    message = way.message(AssertionConsumerServiceIndex="7", **{dropped: None})
    assert way.bring(web_door, message).reason == "return address given twice"


@by_browser
def test_site_that_does_not_sign_is_answered_at_registered_addresses_only(web_door: WebDoor, way: Way) -> None:
    good = way.message(issuer=UNSIGNED_ID, ID=f"_unsigned-{way.name}")
    assert not way.knock(web_door, good).is_refused
    evil = way.message(issuer=UNSIGNED_ID, AssertionConsumerServiceURL="https://evil.example/acs")
    assert way.knock(web_door, evil).reason == UNREGISTERED


@by_browser
def test_signature_that_a_site_need_not_make_must_be_right_if_it_is_there(web_door: WebDoor, way: Way) -> None:
    message = way.message(issuer=UNSIGNED_ID, ID=f"_signed-{way.name}")
    wrong = way.bring(web_door, message, signer=an_rsa_signer("stranger"))
    assert wrong.reason == "signature does not verify with a key of the metadata"
    assert not way.bring(web_door, message).is_refused
