"""Signature wrapping: a message that the site did sign stands beside, around or inside one that it did not.

The eight arrangements are those of Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012), for a
signed request instead of a signed response. Each holds the site's own message whole, so the signature in it is right.
"""

import copy
from collections.abc import Callable

import pytest
from lxml import etree

from tests.support.saml import OTHER_RETURN_URL, TestSite, an_envelope
from tests.support.saml_door import ARTIFACT, Way, WebDoor, signed_inside
from tests.support.xml_signatures import DS

SITE = TestSite()
SIGNATURE = f"{{{DS}}}Signature"
EXTENSIONS = "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions"
Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)
Arrange = Callable[[Element, Element], Element]


def a_holder(*content: Element) -> Element:
    """Extensions with a foreign element that holds `content`; the schema allows anything in it."""
    extensions = etree.Element(EXTENSIONS)
    etree.SubElement(extensions, "{urn:x}holder").extend(content)
    return extensions


def an_object(*content: Element) -> Element:
    holder = etree.Element(f"{{{DS}}}Object")
    holder.extend(content)
    return holder


def taken_from(signed: Element) -> Element:
    """Its signature, which it loses."""
    signature = signed[1]
    assert signature.tag == SIGNATURE
    signed.remove(signature)
    return signature


def with_signature(evil: Element, signature: Element) -> Element:
    evil.insert(1, signature)
    return evil


def in_its_signature(evil: Element, signed: Element) -> Element:
    """1: the evil root has the signature, and the signed message stands in that."""
    signature = taken_from(signed)
    signature.append(an_object(signed))
    return with_signature(evil, signature)


def beside_its_signature(evil: Element, signed: Element) -> Element:
    """2: the evil root has the signature, and the signed message stands behind."""
    signature = taken_from(signed)
    with_signature(evil, signature).insert(2, a_holder(signed))
    return evil


def whole_inside(evil: Element, signed: Element) -> Element:
    """3: the evil root has no signature of its own; the signed message stands inside, whole."""
    evil.insert(1, a_holder(signed))
    return evil


def around_it(evil: Element, signed: Element) -> Element:
    """4: the signed message is the root, and the evil one stands inside it."""
    signed.insert(2, a_holder(evil))
    return signed


def with_a_copy_of_the_signature(evil: Element, signed: Element) -> Element:
    """5: both have the signature."""
    with_signature(evil, copy.deepcopy(signed[1])).insert(2, a_holder(signed))
    return evil


def in_its_key_info(evil: Element, signed: Element) -> Element:
    """6: the signed message stands where a key could stand."""
    signature = taken_from(signed)
    etree.SubElement(signature, f"{{{DS}}}KeyInfo").append(signed)
    return with_signature(evil, signature)


def under_one_id(evil: Element, signed: Element) -> Element:
    """7: as 2, and both have the ID to which the signature refers."""
    evil.set("ID", signed.get("ID", ""))
    return beside_its_signature(evil, signed)


def under_one_id_in_its_signature(evil: Element, signed: Element) -> Element:
    """8: as 1, and both have the ID to which the signature refers."""
    evil.set("ID", signed.get("ID", ""))
    return in_its_signature(evil, signed)


TWICE = "an ID stands twice in the document"
ARRANGEMENTS: dict[Arrange, str] = {
    in_its_signature: "signature of another form than SAML gives it",
    beside_its_signature: "the reference is not to the signed message itself",
    whole_inside: "no signature of the whole message",
    around_it: "the message is not the one that was signed",
    with_a_copy_of_the_signature: "more than one signature",
    in_its_key_info: "the reference is not to the signed message itself",
    under_one_id: TWICE,
    under_one_id_in_its_signature: TWICE,
}


@signed_inside
@pytest.mark.parametrize(("arrange", "why"), ARRANGEMENTS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_wrapped_signature_is_refused(web_door: WebDoor, way: Way, arrange: Arrange, why: str) -> None:
    signed = etree.fromstring(SITE.signed_inside(way.message(ID="_signed")))
    evil = etree.fromstring(way.message(ID="_evil", Consent=OTHER_RETURN_URL))
    reason = way.knock(web_door, etree.tostring(arrange(evil, signed))).reason
    # The schema sees one ID given twice to elements that it knows, unless one of them is the envelope's only content.
    assert reason == why or (why == TWICE and reason == "message not valid by the SAML schema")


@signed_inside
@pytest.mark.parametrize("name", ["ID", "Id", "id", "xml:id"])
def test_id_that_only_another_reader_would_see_twice_is_refused(web_door: WebDoor, way: Way, name: str) -> None:
    holder = f'<samlp:Extensions><x xmlns="urn:x" {name}="_signed"/></samlp:Extensions>'
    reason = way.bring(web_door, way.message(ID="_signed", inside=holder)).reason
    assert reason == TWICE or (name == "xml:id" and reason == "message not valid by the SAML schema")


def test_signature_elsewhere_in_the_envelope_is_refused(web_door: WebDoor) -> None:
    signed = SITE.signed_inside(ARTIFACT.message(ID="_signed"))
    another = etree.tostring(etree.fromstring(SITE.signed_inside(ARTIFACT.message(ID="_another")))[1]).decode()
    bare = ARTIFACT.message(ID="_another")
    for body, header, why in (
        (signed, f"<soap:Header>{another}</soap:Header>", "more than one signature"),
        (bare, f"<soap:Header>{another}</soap:Header>", "no signature of the whole message"),
        (signed, '<soap:Header><x xmlns="urn:x" Id="_signed"/></soap:Header>', TWICE),
    ):
        assert web_door.resolve(an_envelope(body, header=header)).reason == why
