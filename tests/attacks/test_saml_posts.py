"""Forms that do not carry a request in the one way that can be read."""

import base64

import pytest

from tests.support.saml import TestSite, a_form
from tests.support.saml_door import FORM, POST, WebDoor

SITE = TestSite()
GOOD = SITE.post()


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (b"", "no SAMLRequest field"),
        (b"SAMLResponse" + GOOD[len(b"SAMLRequest") :], "no SAMLRequest field"),
        (b"SAMLRequest=%%%", "parameter is not base64"),
        (b"SAMLRequest=AAA", "parameter is not base64"),
        (b"SAMLRequest=", "message not well-formed XML"),
        (GOOD + b"&" + GOOD, "repeated parameter"),
        (GOOD + b"&RelayState=a&RelayState=b", "repeated parameter"),
        (GOOD + b"&Relay%53tate=b", "escaped parameter name"),
        (GOOD + b"&RelayState=" + b"x" * 2049, "RelayState too long"),
        (GOOD + b"&RelayState=%0d%0aSet-Cookie:+a", "RelayState has control characters"),
        (GOOD + b"&RelayState=%00", "RelayState has control characters"),
        (GOOD + b"&RelayState=%ff", "parameter is not UTF-8"),
        (a_form(base64.b64encode(SITE.request())), "message not well-formed XML"),
    ],
)
def test_form_that_can_be_read_in_two_ways_or_none_is_refused(web_door: WebDoor, form: bytes, why: str) -> None:
    assert web_door.post(form).reason == why


@pytest.mark.parametrize("content_type", ["", "text/plain", "text/xml", "multipart/form-data; boundary=x"])
def test_body_that_is_no_form_is_refused(web_door: WebDoor, content_type: str) -> None:
    assert web_door.post(GOOD, content_type=content_type).reason == "not a form"


def test_query_is_not_read_for_a_form(web_door: WebDoor) -> None:
    """A link to the address with a signed query proves nothing for what is posted to it, and the other way round."""
    response = web_door.house.app.test_client().post(
        "/saml/sso", base_url="https://idp.example", query_string=SITE.redirect().decode(), data=b"", content_type=FORM
    )
    assert web_door.met(response).reason == "no SAMLRequest field"
    assert web_door.redirect(GOOD).reason == "not DEFLATE data"


def test_deflated_message_is_not_unpacked(web_door: WebDoor) -> None:
    form = SITE.redirect().partition(b"&")[0]
    assert web_door.post(form).reason == "message not well-formed XML"


def test_post_sets_no_cookie_and_leaves_nothing_in_the_address(web_door: WebDoor) -> None:
    met = web_door.post(SITE.post(SITE.request(ID="_quiet"), relay_state="secret"))
    assert met.status == 303
    place, _, handle = met.place.rpartition("/")
    assert (place, len(handle)) == ("/saml/sso", 43)


@pytest.mark.parametrize("relay_state", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:x"])
def test_relay_state_with_script_stays_a_value(web_door: WebDoor, relay_state: str) -> None:
    request = POST.message(ID=f"_{relay_state.encode().hex()}", Version="1.1")
    met = web_door.post(SITE.post(request, relay_state=relay_state))
    assert met.status == 200
    assert b"<script>alert" not in met.body
    assert b"<img" not in met.body
