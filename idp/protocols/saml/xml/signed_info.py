"""An enveloped signature, taken apart (XML Signature 1.1; SAML metadata 3.1): what it covers, by which algorithms.

Its structure is read by exactly one form, and its algorithms by our list. Keys inside it are never looked at.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from foundation.keys import PublicKey
from idp.protocols.saml.names import XML_SIGNATURE
from idp.protocols.saml.xml.canonical import EXCLUSIVE_C14N, XML_ENCRYPTION
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.signatures import SignatureRefused, verify_signature

_CANONICALIZATIONS = (EXCLUSIVE_C14N, EXCLUSIVE_C14N + "WithComments")
"""One and the same here: a reference by ID leaves comments out (XML Signature 1.1, 4.4.3.3), and so do our parsers."""

_ENVELOPED = XML_SIGNATURE + "enveloped-signature"
_DIGESTS = {
    XML_ENCRYPTION + "sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    XML_ENCRYPTION + "sha512": "sha512",
}
ACCEPTED_DIGESTS = tuple(_DIGESTS)
"""The URIs, as metadata can list them."""
_MAX_PREFIXES = 16
"""Each of them is looked up at every element, among all that are declared around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDigest:
    """What a key has signed: that the element which `reference` names has this digest, without the signature itself.

    `reference` is "#" and an ID, or empty for the whole document; `prefixes` is the PrefixList of its exclusive
    canonicalization; `algorithm` a name of `hashlib`.
    """

    reference: str
    prefixes: tuple[str, ...]
    algorithm: str
    value: bytes


def read_signature(signature: Element, keys: Sequence[PublicKey]) -> SignedDigest:
    """What one of `keys` has signed in the Signature. Raises `SignatureRefused`.

    It has no Object (SAML metadata 3.1.1 and erratum 91), so nothing but the digest's own element can be meant.
    """
    names = ("SignedInfo", "SignatureValue", "KeyInfo")
    info, value, *_ = _children(signature, *names[: max(len(signature), 2)])
    method, algorithm, reference = _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    _children(algorithm)
    octets = _canonical(info, _prefixes(method))
    verify_signature(octets, _base64(value), algorithm.get("Algorithm", ""), keys)
    return _signed_digest(reference)


def _signed_digest(reference: Element) -> SignedDigest:
    transforms, method, value = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    enveloped, canonicalization = _children(transforms, "Transform", "Transform")
    if enveloped.get("Algorithm") != _ENVELOPED or len(enveloped):
        raise SignatureRefused("transforms other than the two that SAML allows")
    _children(method)
    algorithm = method.get("Algorithm", "")
    if algorithm not in _DIGESTS:
        raise SignatureRefused("digest algorithm not accepted")
    uri = reference.get("URI")
    if uri is None:
        raise SignatureRefused("the reference is to nothing")
    return SignedDigest(
        reference=uri,
        prefixes=_prefixes(canonicalization),
        algorithm=_DIGESTS[algorithm],
        value=_base64(value),
    )


def _canonical(info: Element, prefixes: tuple[str, ...]) -> bytes:
    try:
        return etree.tostring(
            info, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes)
        )
    except etree.C14NError as error:
        raise SignatureRefused("has no canonical form") from error


def _prefixes(method: Element) -> tuple[str, ...]:
    """The PrefixList of an exclusive canonicalization (Exclusive XML Canonicalization 1.0, section 3)."""
    if method.get("Algorithm") not in _CANONICALIZATIONS:
        raise SignatureRefused("canonicalization or transforms other than those that SAML allows")
    if len(method) == 0:
        return ()
    if len(method) > 1 or method[0].tag != f"{{{EXCLUSIVE_C14N}}}InclusiveNamespaces":
        raise SignatureRefused("canonicalization with unknown parameters")
    prefixes = tuple(method[0].get("PrefixList", "").split())
    if len(prefixes) > _MAX_PREFIXES:
        raise SignatureRefused("canonicalization with too many prefixes")
    return prefixes


def _base64(element: Element) -> bytes:
    _children(element)
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureRefused("a value of the signature is not base64") from error


def _children(element: Element, *names: str) -> tuple[Element, ...]:
    """All children of `element`, which must be these."""
    if [child.tag for child in element] != [f"{{{XML_SIGNATURE}}}{name}" for name in names]:
        raise SignatureRefused("signature of another form than SAML gives it")
    return tuple(element)
