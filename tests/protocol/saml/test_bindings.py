"""SAML bindings 3.4 and 3.5: how a request may be written and carried, and how its RelayState comes back."""

import base64
import subprocess
import textwrap
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from idp.protocols.contract import FormPost
from tests.support.house import SampleHouse, is_logged_in
from tests.support.saml import (
    ECDSA_SHA256,
    RETURN_URL,
    RSA_SHA256,
    SETTINGS,
    SSO_URL,
    AdapterDoor,
    Outcome,
    TestSite,
    a_door,
    a_form,
    a_key_descriptor,
    a_registration,
    a_site,
    an_ec_signer,
    an_rsa_signer,
    deflated,
)
from tests.support.saml_witness import XMLSEC1
from tests.support.xml_signatures import GOOD, signature_over

SITE = TestSite()
RELAY_STATES = [
    "",
    " ",
    "a b",
    "https://ministry.example/?a=1&b=ü%20#x",
    "<script>'\"",
    "ü" * 1024,
    "+%2B&amp;",
    "\x7f",
]


@pytest.fixture
def door() -> AdapterDoor:
    return a_door()


def posted(outcome: Outcome) -> FormPost:
    assert isinstance(outcome, FormPost), outcome
    return outcome


# RelayState.


@pytest.mark.parametrize("relay_state", RELAY_STATES)
def test_relay_state_comes_back_as_it_was_sent(door: AdapterDoor, relay_state: str) -> None:
    answer = posted(door.sso(SITE.redirect(relay_state=relay_state)))
    assert dict(answer.fields)["RelayState"] == relay_state
    answer = posted(door.post(SITE.post(SITE.request(ID="_posted"), relay_state=relay_state)))
    assert dict(answer.fields)["RelayState"] == relay_state


def test_no_relay_state_sent_gives_none_back(door: AdapterDoor) -> None:
    assert [name for name, _ in posted(door.sso(SITE.redirect())).fields] == ["SAMLResponse"]
    assert [name for name, _ in posted(door.post(SITE.post(SITE.request(ID="_posted")))).fields] == ["SAMLResponse"]


@pytest.mark.parametrize("relay_state", RELAY_STATES)
def test_browser_posts_the_relay_state_as_it_was_sent(house: SampleHouse, relay_state: str) -> None:
    page = house.browser().open(house.ministry.address(relay_state=relay_state, passive=True))
    assert page.form(RETURN_URL).fields["RelayState"] == relay_state


# Redirect.


def test_lower_case_escapes_verify_as_they_were_signed(door: AdapterDoor) -> None:
    message = quote_plus(base64.b64encode(deflated(SITE.request())).decode())
    octets = f"SAMLRequest={message}&SigAlg={quote_plus(RSA_SHA256)}".replace("%3A", "%3a").replace("%2F", "%2f")
    posted(door.sso(SITE.signed(octets.encode())))


def test_parameters_may_come_in_any_order_with_others_among_them(door: AdapterDoor) -> None:
    query = b"&".join(reversed(SITE.redirect(relay_state="x").split(b"&")))
    posted(door.sso(b"lang=ja&" + query + b"&utm%5Bsource%5D=portal&&"))


def test_message_may_say_how_it_is_packed(door: AdapterDoor) -> None:
    encoding = quote_plus("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE")
    posted(door.sso(SITE.redirect() + b"&SAMLEncoding=" + encoding.encode()))


@pytest.mark.parametrize("way", ["redirect", "post"])
def test_ecdsa_signature_is_accepted(way: str) -> None:
    signer = an_ec_signer("site")
    door = a_door(a_site(registration=a_registration(keys=[a_key_descriptor(signer.certificate)])))
    site = TestSite(signer=signer)
    if way == "redirect":
        posted(door.sso(site.redirect(algorithm=ECDSA_SHA256)))
    else:
        request = etree.fromstring(SITE.request())
        request.insert(1, signature_over(request, signer, replace(GOOD, method=ECDSA_SHA256)))
        posted(door.post(a_form(etree.tostring(request))))


@pytest.mark.parametrize("way", ["redirect", "post"])
def test_every_key_of_the_metadata_is_accepted(way: str) -> None:
    keys = [a_key_descriptor(an_rsa_signer(name).certificate, use=None) for name in ("old", "new")]
    door = a_door(a_site(registration=a_registration(keys=keys)))
    for name in ("old", "new"):
        site = TestSite(signer=an_rsa_signer(name))
        request = SITE.request(ID=f"_{name}")
        posted(door.sso(site.redirect(request)) if way == "redirect" else door.post(site.post(request)))


def test_site_that_need_not_sign_is_served_without_a_signature() -> None:
    door = a_door(a_site(registration=a_registration(keys=[], signs_requests=False)))
    posted(door.sso(SITE.redirect(SITE.request(Destination=None)).partition(b"&SigAlg=")[0]))
    posted(door.post(a_form(SITE.request(ID="_posted", Destination=None))))


# Post.


@pytest.mark.parametrize(("width", "end"), [(76, "\r\n"), (64, "\n"), (60, "\n    ")])
def test_posted_base64_may_stand_in_lines(door: AdapterDoor, width: int, end: str) -> None:
    text = base64.b64encode(SITE.signed_inside(SITE.request())).decode()
    posted(door.post(urlencode({"SAMLRequest": end.join(textwrap.wrap(text, width)) + end}).encode()))


def test_form_may_have_other_fields(door: AdapterDoor) -> None:
    posted(door.post(b"utf8=%E2%9C%93&" + SITE.post() + b"&button%5B%5D=a&button%5B%5D=b"))


def test_message_written_with_line_breaks_and_a_declaration_is_understood(door: AdapterDoor) -> None:
    text = b'<?xml version="1.0" encoding="UTF-8"?>\n' + SITE.request().replace(b"><", b">\n  <") + b"\n"
    posted(door.post(SITE.post(text)))


def test_request_signed_by_xmlsec1_is_accepted(door: AdapterDoor, tmp_path: Path) -> None:
    template = etree.fromstring(SITE.request())
    signature = signature_over(template, lambda _: b"")
    for name in ("DigestValue", "SignatureValue"):
        next(signature.iter(f"{{*}}{name}")).text = None
    template.insert(1, signature)
    (tmp_path / "request.xml").write_bytes(etree.tostring(template))
    key = an_rsa_signer("site").private_key
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made = subprocess.run(  # noqa: S603 (a fixed program; its files are the test's)
        [
            *(XMLSEC1, "--sign", "--privkey-pem", str(tmp_path / "key.pem")),
            *("--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest", str(tmp_path / "request.xml")),
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )
    posted(door.post(a_form(made.stdout)))


def test_request_signed_by_signxml_is_accepted(door: AdapterDoor) -> None:
    signer = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
    site = an_rsa_signer("site")
    signed = signer.sign(
        etree.fromstring(SITE.request()),
        key=site.private_key,
        cert=[site.certificate],
        reference_uri="_request1",
        id_attribute="ID",
    )
    (signature,) = signed.findall("{*}Signature")
    signed.remove(signature)
    signed.insert(1, signature)
    posted(door.post(a_form(etree.tostring(signed))))


def test_posted_request_finds_the_open_session_and_leaves_the_cookies(house: SampleHouse) -> None:
    """It comes from another site, so without cookies; the answer is fetched on our own origin, with them."""
    browser = house.browser()
    house.log_in(browser, house.ministry, house.card())
    before = dict(browser.cookies)
    page = browser.send(SSO_URL, house.ministry.fields(relay_state="x"), origin="https://ministry.example")
    answer = house.ministry.read(page)
    assert (answer.status, answer.relay_state) == ("Success", "x")
    assert page.path.startswith("/saml/sso/")
    assert browser.cookies == before
    assert is_logged_in(browser)


def test_posted_request_begins_a_login_that_ends_at_the_site(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    page = browser.send(SSO_URL, house.ministry.fields(), origin="https://ministry.example")
    page = house.present(card, browser, page)
    page = browser.press(page, "/enrolment/", agree="yes")
    assert house.ministry.read(page).status == "Success"


def test_posted_request_is_good_for_one_fetch(house: SampleHouse) -> None:
    browser = house.browser()
    browser.follows = False
    browser.send(SSO_URL, house.ministry.fields(), origin="https://ministry.example")
    place = browser.responses[-1].headers["Location"]
    assert browser.open(place).status == 303
    assert browser.open(place).heading == house.heading("request.used")


def test_posted_request_is_not_kept_longer_than_its_use_is_remembered(house: SampleHouse) -> None:
    browser = house.browser()
    browser.follows = False
    fields = house.ministry.fields()
    house.clock.move(SETTINGS.request_max_age)
    browser.send(SSO_URL, fields, origin="https://ministry.example")
    place = browser.responses[-1].headers["Location"]
    house.clock.move(2 * SETTINGS.skew)
    assert browser.open(place).heading == house.heading("request.expired", minutes=2, n=2)


def test_request_posted_twice_is_answered_once(house: SampleHouse) -> None:
    browser = house.browser()
    fields = house.ministry.fields(passive=True)
    first = browser.send(SSO_URL, fields, origin="https://ministry.example")
    assert house.ministry.read(first).status == "NoPassive"
    second = browser.send(SSO_URL, fields, origin="https://ministry.example")
    assert second.heading == house.heading("request.used")


def test_refusal_of_a_posted_request_needs_no_cookies(house: SampleHouse) -> None:
    browser = house.browser()
    fields = house.ministry.fields(inside='<samlp:NameIDPolicy Format="urn:x"/>')
    page = browser.send(SSO_URL, fields, origin="https://ministry.example")
    assert house.ministry.read(page).status == "InvalidNameIDPolicy"
    assert page.path == "/saml/sso"
