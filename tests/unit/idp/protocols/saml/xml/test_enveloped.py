"""What an enveloped signature leaves in the tree, and whose signatures verify."""

import pytest
from lxml import etree

from idp.protocols.saml.xml.canonical import Xml, declare, element, text
from idp.protocols.saml.xml.enveloped import verify_enveloped
from idp.protocols.saml.xml.signatures import SignatureRefused
from idp.protocols.saml.xml.signing import XmlSigner
from tests.support.saml import an_ec_signer, an_rsa_signer
from tests.support.xml_signatures import DS, GOOD, Form, sign_element, signed

Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)
SITE = an_rsa_signer("site")
DOCUMENT = b'<a:root xmlns:a="urn:a" ID="_1">before<a:first/>between<a:second/>behind</a:root>'


def why(root: Element) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify_enveloped(root, [SITE.public_key])
    return refused.value.why


@pytest.mark.parametrize("position", [0, 1, 2])
def test_nothing_but_the_signature_is_taken_out(position: int) -> None:
    """Wherever it stands, the text around it stays: that was signed."""
    root = etree.fromstring(signed(DOCUMENT, SITE, position=position))
    assert len(root) == 3
    verify_enveloped(root, [an_ec_signer("x").public_key, SITE.public_key])
    assert etree.tostring(root) == DOCUMENT


@pytest.mark.parametrize("position", [0, 1])
def test_signature_may_stand_before_or_behind_text(position: int) -> None:
    """Without it, the text is the same."""
    root = etree.fromstring(signed(DOCUMENT, SITE, position=position))
    if position == 0:
        root[0].tail, root.text = root.text, None
    else:
        root[1].tail, root[0].tail = root[0].tail, None
    verify_enveloped(root, [SITE.public_key])
    assert etree.tostring(root) == DOCUMENT


def test_text_behind_the_signature_is_covered() -> None:
    root = etree.fromstring(signed(DOCUMENT, SITE, position=1))
    root[1].tail = "added"
    assert why(root) == "the message is not the one that was signed"


def test_our_own_signatures_verify() -> None:
    issuer, content = element("saml:Issuer", text("us")), element("saml:Text", text("本文 & <text>"))
    made: Xml = XmlSigner(SITE).element("saml:Assertion", issuer, content, declares=declare("saml"), ID="_1")
    verify_enveloped(etree.fromstring(made), [SITE.public_key])


def test_element_inside_another_verifies_with_the_namespaces_around_it() -> None:
    around = etree.fromstring(
        b'<e:envelope xmlns:e="urn:e" xmlns:a="urn:a"><a:root ID="_1" e:x="y"><a:x/></a:root></e:envelope>'
    )
    sign_element(around[0], SITE, Form(prefixes="e"))
    root = etree.fromstring(etree.tostring(around))[0]
    verify_enveloped(root, [SITE.public_key])
    assert [child.tag for child in root] == ["{urn:a}x"]


def test_default_namespace_verifies() -> None:
    root = etree.fromstring(signed(b'<root xmlns="urn:a" ID="_1"><x xmlns=""/><y/></root>', SITE))
    verify_enveloped(root, [SITE.public_key])


@pytest.mark.parametrize("text", [b'<root ID=""/>', b"<root/>"])
def test_element_without_an_id_cannot_be_signed(text: bytes) -> None:
    root = etree.fromstring(signed(text, SITE, Form(uri="#"), position=0))
    assert why(root) == "the reference is not to the signed message itself"


def test_signature_deeper_inside_is_none_of_the_root() -> None:
    root = etree.fromstring(DOCUMENT)
    root[0].set("ID", "_2")
    sign_element(root[0], SITE, position=0)
    assert why(root) == "no signature of the whole message"


def test_no_signature_is_refused() -> None:
    assert why(etree.fromstring(DOCUMENT)) == "no signature of the whole message"


def test_document_that_has_no_canonical_form_is_refused() -> None:
    """A relative namespace (Exclusive XML Canonicalization 1.0 follows Canonical XML 1.0, section 1.1)."""
    root = etree.fromstring(signed(DOCUMENT, SITE))
    text = etree.tostring(root).replace(b"<a:second", b'<a:second xmlns:b="relative" b:c="d"')
    assert why(etree.fromstring(text)) == "has no canonical form"


@pytest.mark.parametrize("place", ["SignatureValue", "DigestValue"])
def test_value_that_is_no_base64_is_refused(place: str) -> None:
    root = etree.fromstring(signed(DOCUMENT, SITE))
    next(root.iter(f"{{{DS}}}{place}")).text = "%%%"
    reason = why(root)
    assert reason in {
        "a value of the signature is not base64",
        "signature does not verify with a key of the metadata",
    }


def test_form_that_the_tests_write_is_the_one_that_is_accepted() -> None:
    verify_enveloped(etree.fromstring(signed(DOCUMENT, SITE, GOOD)), [SITE.public_key])
