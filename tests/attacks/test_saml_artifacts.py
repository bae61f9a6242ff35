"""Questions to the artifact endpoint that are no questions: what is no SOAP, and what asks for more than an answer."""

import pytest
from lxml import etree

from tests.support.saml import TestSite, an_envelope
from tests.support.saml_door import ARTIFACT, WebDoor

SITE = TestSite()
GOOD = SITE.signed_inside(ARTIFACT.message())
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
MUST = '<soap:Header><x xmlns="urn:x" soap:mustUnderstand="1"/></soap:Header>'


def fault_of(body: bytes) -> str:
    """Its code, and the proof that it tells nothing else."""
    fault = etree.fromstring(body)[0][0]
    assert fault.tag == f"{{{SOAP}}}Fault"
    assert fault.findtext("faultstring") == "The request was not processed."
    return str(fault.findtext("faultcode"))


def test_good_question_is_answered_with_or_without_an_indifferent_header(web_door: WebDoor) -> None:
    for header in ("", "<soap:Header/>", '<soap:Header><x xmlns="urn:x" soap:mustUnderstand="0"/></soap:Header>'):
        assert web_door.resolve(an_envelope(GOOD, header=header)).status == 200


MALFORMED = {
    "empty": (b"", "soap:Client"),
    "no XML": (b"artifact", "soap:Client"),
    "no envelope": (GOOD, "soap:VersionMismatch"),
    "SOAP 1.2": (an_envelope(GOOD).replace(SOAP.encode(), SOAP_12.encode()), "soap:VersionMismatch"),
    "no body": (f'<soap:Envelope xmlns:soap="{SOAP}"/>'.encode(), "soap:Client"),
    "header alone": (f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Header/></soap:Envelope>'.encode(), "soap:Client"),
    "empty body": (an_envelope(b""), "soap:Client"),
    "two messages": (an_envelope(GOOD + GOOD), "soap:Client"),
    "two bodies": (an_envelope(GOOD + b"</soap:Body><soap:Body>" + GOOD), "soap:Client"),
    "two headers": (an_envelope(GOOD, header="<soap:Header/><soap:Header/>"), "soap:Client"),
    "something behind": (an_envelope(GOOD + b"</soap:Body><x/><soap:Body>"), "soap:Client"),
    "mandatory header": (an_envelope(GOOD, header=MUST), "soap:MustUnderstand"),
    "document type": (b"<!DOCTYPE x>" + an_envelope(GOOD), "soap:Client"),
    "another message": (an_envelope(SITE.signed_inside(SITE.request())), "soap:Client"),
    "fault": (an_envelope(b"<soap:Fault/>"), "soap:Client"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_envelope_gets_a_fault_that_tells_nothing(web_door: WebDoor, name: str) -> None:
    envelope, code = MALFORMED[name]
    met = web_door.resolve(envelope)
    assert (met.status, fault_of(met.body)) == (500, code)
    assert met.why


def test_unproven_question_is_told_no_more(web_door: WebDoor) -> None:
    """SAML bindings 3.2.3.3: we do not talk to it; why stands in our log."""
    met = web_door.resolve(an_envelope(ARTIFACT.message()))
    assert (met.status, fault_of(met.body), met.why) == (403, "soap:Client", "no signature of the whole message")


@pytest.mark.parametrize("content_type", ["", "text/html", "application/x-www-form-urlencoded", "text/plain"])
def test_body_of_another_type_is_refused_without_a_page(web_door: WebDoor, content_type: str) -> None:
    met = web_door.resolve(an_envelope(GOOD), content_type=content_type)
    assert (met.status, met.why, met.body) == (400, "not a SOAP envelope", b"")


def test_browser_that_gets_there_sees_no_page(web_door: WebDoor) -> None:
    response = web_door.house.app.test_client().get("/saml/artifact", base_url="https://idp.example")
    assert (response.status_code, response.get_data()) == (405, b"")
