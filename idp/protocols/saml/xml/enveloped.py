"""An XML signature inside the element that it covers (SAML core 5.4, XML Signature 1.1), with keys from metadata.

What is allowed is the form that SAML gives to a signature and nothing beside it, so nothing in a message is followed:
no address, no key, no program. The signature covers the whole element, and is taken out once it has been verified: what
stands in the element then was signed, and nothing that was not signed can be read.
"""

import hashlib
import hmac
from collections.abc import Sequence

from lxml import etree

from foundation.keys import PublicKey
from idp.protocols.saml.names import XML_SIGNATURE
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.signatures import SignatureRefused
from idp.protocols.saml.xml.signed_info import SignedDigest, read_signature

SIGNATURE = f"{{{XML_SIGNATURE}}}Signature"

_ID_NAMES = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


def verify_enveloped(root: Element, keys: Sequence[PublicKey]) -> None:
    """The only Signature in the document is a child of `root`, by one of `keys`, over all of `root`. It is taken out.

    Raises `SignatureRefused`.
    """
    signature = _only_signature(root)
    _check_ids(root)
    try:
        digest = read_signature(signature, keys)
        _check_reference(root, digest)
        _take_out(signature)
        _check_digest(root, digest)
    except etree.C14NError as error:
        raise SignatureRefused("has no canonical form") from error


def _only_signature(root: Element) -> Element:
    """SAML core 5.4.1: a message has at most one; where in the message it stands, the schema says."""
    found = list(root.getroottree().getroot().iter(SIGNATURE))
    if len(found) > 1:
        raise SignatureRefused("more than one signature")
    if not found or found[0].getparent() is not root:
        raise SignatureRefused("no signature of the whole message")
    return found[0]


def _check_ids(root: Element) -> None:
    """Each stands once, so that no two readers of the document can mean different elements by one ID."""
    ids = [
        element.get(name)
        for element in root.getroottree().getroot().iter()
        for name in _ID_NAMES
        if name in element.attrib
    ]
    if len(set(ids)) != len(ids):
        raise SignatureRefused("an ID stands twice in the document")


def _check_reference(root: Element, digest: SignedDigest) -> None:
    """SAML core 5.4.2: it is to the ID of the element that is signed."""
    id_ = root.get("ID")
    if not id_ or digest.reference != f"#{id_}":
        raise SignatureRefused("the reference is not to the signed message itself")


def _take_out(signature: Element) -> None:
    """The transform "enveloped-signature" (XML Signature 6.6.4); text that follows the signature stays where it is."""
    parent, before, tail = signature.getparent(), signature.getprevious(), signature.tail or ""
    if parent is None:
        raise SignatureRefused("no signature of the whole message")
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(signature)


def _check_digest(root: Element, digest: SignedDigest) -> None:
    """Of the element as it stands without its signature (Exclusive XML Canonicalization 1.0)."""
    octets = etree.tostring(
        root, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(digest.prefixes)
    )
    if not hmac.compare_digest(hashlib.new(digest.algorithm, octets).digest(), digest.value):
        raise SignatureRefused("the message is not the one that was signed")
