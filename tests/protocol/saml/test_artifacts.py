"""SAML bindings 3.6, core 3.5, profiles 5: answers that the site fetches itself."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import etree

from foundation.clock import system_clock
from idp.protocols.contract import Redirect
from idp.protocols.saml.bindings.artifacts import LIFETIME
from idp.protocols.saml.bindings.soap import ACCEPTED_TYPES
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.xml.documents import Schema
from tests.support.house import SampleHouse, register_sites
from tests.support.oidc import FakeClock
from tests.support.saml import (
    ARTIFACT_URL,
    NOW,
    SETTINGS,
    SUBJECT,
    AdapterDoor,
    Outcome,
    TestSite,
    a_door,
    a_key_descriptor,
    a_registration,
    a_return_address,
    a_site,
    an_rsa_signer,
)
from tests.support.saml_witness import a_stock_site, xmlsec1_accepts
from tests.support.xml_signatures import RSA_SHA256, SHA256

SITE = TestSite()
PLACE = "https://ministry.example/artifact?tenant=1"
OTHER_ID = "https://other.example/metadata"
BY_ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
REQUEST = {"AssertionConsumerServiceURL": PLACE, "ProtocolBinding": BY_ARTIFACT}
Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)


REGISTRATION = a_registration(return_addresses=[a_return_address(PLACE, 3, binding="HTTP-Artifact")])


@pytest.fixture
def door() -> AdapterDoor:
    other = a_registration(entity_id=OTHER_ID, keys=[a_key_descriptor(an_rsa_signer("other").certificate)])
    return a_door(
        a_site(registration=REGISTRATION),
        a_site(name="other", entity_id=OTHER_ID, registration=other),
    )


def artifact_of(outcome: Outcome) -> str:
    assert isinstance(outcome, Redirect), outcome
    (artifact,) = parse_qs(urlsplit(outcome.url).query)["SAMLart"]
    return artifact


def an_artifact(door: AdapterDoor, inside: str = "", **changes: str | None) -> str:
    return artifact_of(door.sso(SITE.redirect(SITE.request(inside=inside, **(REQUEST | changes)))))


def answered(door: AdapterDoor, envelope: bytes) -> Element:
    """The ArtifactResponse."""
    resolved = door.resolve(envelope)
    assert resolved.status == 200
    return etree.fromstring(resolved.envelope)[0][0]


def message_in(response: Element) -> Element | None:
    """What stands behind the Status."""
    *_, status, last = response
    return last if etree.QName(status).localname == "Status" else None


def test_browser_is_sent_to_the_registered_address_with_artifact_and_relay_state(door: AdapterDoor) -> None:
    outcome = door.sso(SITE.redirect(SITE.request(**REQUEST), relay_state="a b&c=ü#"))
    assert isinstance(outcome, Redirect)
    assert outcome.url.startswith(PLACE + "&SAMLart=")
    assert dict(parse_qsl(urlsplit(outcome.url).query))["RelayState"] == "a b&c=ü#"


def test_artifact_has_the_prescribed_form_and_is_never_the_same(door: AdapterDoor) -> None:
    """Bindings 3.6.4: type code 4, the first endpoint, SHA-1 of our entityID, 20 octets that nobody can guess."""
    artifacts = [base64.b64decode(an_artifact(door, ID=f"_{number}")) for number in range(3)]
    head = b"\x00\x04\x00\x00" + hashlib.sha1(SETTINGS.entity_id.encode()).digest()  # noqa: S324 (prescribed)
    assert {artifact[: len(head)] for artifact in artifacts} == {head}
    assert {len(artifact) for artifact in artifacts} == {44}
    assert len(set(artifacts)) == 3


def test_site_fetches_the_answer_with_the_artifact(door: AdapterDoor) -> None:
    response = answered(door, SITE.resolve(an_artifact(door)))
    assert response.get("InResponseTo") == "_resolve1"
    message = message_in(response)
    assert message is not None
    assert (message.get("InResponseTo"), message.get("Destination")) == ("_request1", PLACE)
    assert [name.text for name in message.iter("{*}NameID")] == [SUBJECT]


def test_what_is_fetched_is_valid_and_signed_by_us(door: AdapterDoor, tmp_path: Path) -> None:
    resolved = door.resolve(SITE.resolve(an_artifact(door)))
    Schema(schema_file("protocol")).check(etree.fromstring(resolved.envelope)[0][0])
    element = "urn:oasis:names:tc:SAML:2.0:protocol:ArtifactResponse"
    assert xmlsec1_accepts(resolved.envelope, element, an_rsa_signer("idp"), tmp_path)


def test_refusal_is_fetched_in_the_same_way(door: AdapterDoor) -> None:
    artifact = an_artifact(door, '<samlp:NameIDPolicy Format="urn:x"/>')
    message = message_in(answered(door, SITE.resolve(artifact)))
    assert message is not None
    codes = [code.get("Value") for code in message.iter("{*}StatusCode")]
    assert codes == [STATUS + "Requester", STATUS + "InvalidNameIDPolicy"]


def test_malformed_wish_is_fetched_as_a_refusal_too(door: AdapterDoor) -> None:
    artifact = an_artifact(door, Version="two")
    message = message_in(answered(door, SITE.resolve(artifact)))
    assert message is not None
    assert [code.get("Value") for code in message.iter("{*}StatusCode")][-1] == STATUS + "RequestUnsupported"


def test_question_need_not_name_its_destination(door: AdapterDoor) -> None:
    assert message_in(answered(door, SITE.resolve(an_artifact(door), Destination=None))) is not None


def test_second_question_gets_an_empty_answer(door: AdapterDoor) -> None:
    """Core 3.5.3: a success without a message."""
    envelope = SITE.resolve(an_artifact(door))
    assert message_in(answered(door, envelope)) is not None
    again = door.resolve(envelope)
    assert again.refusal is not None
    assert again.refusal.code == "request.used"
    response = etree.fromstring(again.envelope)[0][0]
    assert message_in(response) is None
    assert [code.get("Value") for code in response.iter("{*}StatusCode")] == [STATUS + "Success"]


def test_late_question_gets_an_empty_answer(door: AdapterDoor) -> None:
    early, late = an_artifact(door, ID="_early"), an_artifact(door, ID="_late")
    door.clock.move(LIFETIME - timedelta(seconds=1))
    assert message_in(answered(door, SITE.resolve(early))) is not None
    door.clock.move(timedelta(seconds=1))
    assert message_in(answered(door, SITE.resolve(late))) is None


def test_another_site_gets_an_empty_answer_and_uses_the_artifact_up(door: AdapterDoor) -> None:
    artifact = an_artifact(door)
    thief = TestSite(entity_id=OTHER_ID, signer=an_rsa_signer("other"))
    assert message_in(answered(door, thief.resolve(artifact))) is None
    assert message_in(answered(door, SITE.resolve(artifact))) is None


@pytest.mark.parametrize(
    "artifact",
    [
        "",
        "nonsense",
        "AAQAAA==",
        base64.b64encode(b"\x00\x04\x00\x00" + bytes(40)).decode(),
        base64.b64encode(b"\x00\x01\x00\x00" + bytes(40)).decode(),
    ],
)
def test_artifact_that_we_never_made_gets_an_empty_answer(door: AdapterDoor, artifact: str) -> None:
    resolved = door.resolve(SITE.resolve(artifact))
    assert resolved.refusal is not None
    assert message_in(etree.fromstring(resolved.envelope)[0][0]) is None


def test_artifact_with_another_endpoint_or_source_is_not_ours(door: AdapterDoor) -> None:
    octets = bytearray(base64.b64decode(an_artifact(door)))
    for place in (0, 3, 4, 23):
        changed = bytes(octets[:place]) + bytes([octets[place] ^ 1]) + bytes(octets[place + 1 :])
        assert message_in(answered(door, SITE.resolve(base64.b64encode(changed).decode()))) is None
    assert message_in(answered(door, SITE.resolve(base64.b64encode(octets).decode()))) is not None


@pytest.mark.parametrize(("version", "detail"), [("1.1", "RequestVersionTooLow"), ("2.1", "RequestVersionTooHigh")])
def test_question_of_another_version_is_told_so_and_spares_the_artifact(
    door: AdapterDoor, version: str, detail: str
) -> None:
    artifact = an_artifact(door)
    response = answered(door, SITE.resolve(artifact, Version=version))
    assert [code.get("Value") for code in response.iter("{*}StatusCode")] == [
        STATUS + "VersionMismatch",
        STATUS + detail,
    ]
    assert message_in(answered(door, SITE.resolve(artifact))) is not None


def test_unproven_question_spares_the_artifact(door: AdapterDoor) -> None:
    artifact = an_artifact(door)
    stranger = TestSite(signer=an_rsa_signer("stranger"))
    assert door.resolve(stranger.resolve(artifact)).status == 403
    assert door.resolve(SITE.resolve(artifact, issued_at=NOW - timedelta(hours=1))).status == 403
    assert message_in(answered(door, SITE.resolve(artifact))) is not None


def test_citizen_logs_in_and_the_site_fetches_the_answer(house: SampleHouse) -> None:
    """Through the pages: the browser never holds the answer."""
    register_sites(house.services.releases.work, a_site(registration=REGISTRATION))
    house.clock.move(timedelta(seconds=1))
    browser, card = house.browser(), house.card()
    address = house.ministry.address(relay_state="form-7", **REQUEST)
    page = house.present(card, browser, browser.open(address))
    page = browser.press(page, "/enrolment/", agree="yes")
    assert page.address.startswith(PLACE)
    assert all(b"Assertion" not in response.get_data() for response in browser.responses)
    sent = dict(parse_qsl(urlsplit(page.address).query))
    assert sent["RelayState"] == "form-7"
    envelope = SITE.resolve(sent["SAMLart"], issued_at=house.clock())
    fetched = house.app.test_client().post(
        "/saml/artifact", base_url=SETTINGS.issuer, data=envelope, content_type="text/xml"
    )
    assert (fetched.status_code, fetched.mimetype) == (200, "text/xml")
    message = message_in(etree.fromstring(fetched.get_data())[0][0])
    assert message is not None
    assert len(list(message.iter("{*}NameID"))) == 1


def test_question_of_a_stock_site_is_understood(tmp_path: Path) -> None:
    """pysaml2 finds our address by the artifact and our metadata, writes the question, signs it, and labels it."""
    clock = FakeClock(system_clock())
    door = a_door(a_site(registration=REGISTRATION), clock=clock)
    site = a_stock_site(
        tmp_path,
        entity_id=SITE.entity_id,
        return_url=PLACE,
        idp_metadata=door.metadata(),
        signer=an_rsa_signer("site"),
    )
    asked: list[tuple[str, str]] = []

    def send(url: str, *, data: str, headers: dict[str, str], **_: object) -> SimpleNamespace:
        asked.append((url, headers["content-type"]))
        return SimpleNamespace(status_code=200, text=data)

    site.send = send
    artifact = artifact_of(door.sso(SITE.redirect(SITE.request(issued_at=clock(), **REQUEST))))
    sent = site.artifact2message(artifact, "idpsso", sign=True, sign_alg=RSA_SHA256, digest_alg=SHA256)
    assert [(url, content_type in ACCEPTED_TYPES) for url, content_type in asked] == [(ARTIFACT_URL, True)]
    assert message_in(answered(door, sent.text.encode())) is not None
