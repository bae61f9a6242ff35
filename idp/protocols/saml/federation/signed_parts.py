"""The signature over a document that is read in parts: it stands first, and says which digest the rest must have."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import assert_never

from foundation.keys import PublicKey
from idp.domain.metadata_source import MetadataRefused, WhyRefused
from idp.protocols.saml.federation.canonical_stream import CanonicalStream, escaped, written
from idp.protocols.saml.federation.pieces import Characters, Closed, Opened, Part, Piece
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.enveloped import SIGNATURE
from idp.protocols.saml.xml.signatures import SignatureRefused
from idp.protocols.saml.xml.signed_info import read_signature


class SignedParts:
    """The parts between the root's Signature and the root's end, each digested before it is handed on.

    To iterate to the end without an exception proves all of them, and nothing less does. It is the root itself that is
    digested, whatever else has its ID: no reference is followed.
    """

    def __init__(self, parts: Iterator[Part], keys: Sequence[PublicKey]) -> None:
        """Reads on to the end of the Signature. Raises `MetadataRefused`, `SignatureRefused`, `StreamRefused`."""
        self._parts = parts
        self.root = _root(parts)
        text_before, signature = _signature(parts)
        self.signed = read_signature(signature, keys)
        id_ = self.root.get("ID")
        if self.signed.reference and (not id_ or self.signed.reference != f"#{id_}"):
            raise SignatureRefused("the reference is not to the document itself")
        self._hash = hashlib.new(self.signed.algorithm)
        self._canonical = CanonicalStream(self.signed.prefixes, self._hash.update)
        self._canonical.open(self.root)
        self._canonical.add(escaped(text_before) + escaped(signature.tail))

    def __iter__(self) -> Iterator[Part]:
        """Raises `MetadataRefused`, `SignatureRefused`, `StreamRefused`."""
        for part in self._parts:
            self._digest(part)
            yield part
        if not self.signed.reference and _has_company(self.root):
            raise SignatureRefused("something stands beside the root of a document that is signed as a whole")
        if not hmac.compare_digest(self._hash.digest(), self.signed.value):
            raise SignatureRefused("the document is not the one that was signed")

    def _digest(self, part: Part) -> None:
        match part:
            case Opened(element):
                self._canonical.open(element)
            case Characters(text):
                self._canonical.add(escaped(text))
            case Piece(element):
                self._canonical.add(written(element) + escaped(element.tail))
            case Closed():
                self._canonical.close()
            case _:
                assert_never(part)


def _root(parts: Iterator[Part]) -> Element:
    first = next(parts, None)
    if not isinstance(first, Opened):
        raise MetadataRefused(WhyRefused.NOT_METADATA)
    return first.element


def _signature(parts: Iterator[Part]) -> tuple[str, Element]:
    """The text before the Signature, and it: the first child by the schema (SAML metadata 2.3.1, 2.3.2)."""
    text, part = "", next(parts, None)
    if isinstance(part, Characters):
        text, part = part.text, next(parts, None)
    if not isinstance(part, Piece) or part.element.tag != SIGNATURE:
        raise MetadataRefused(WhyRefused.UNSIGNED)
    return text, part.element


def _has_company(root: Element) -> bool:
    """A processing instruction beside the root belongs to the document (XML Signature 1.1, 4.4.3.2)."""
    return root.getprevious() is not None or root.getnext() is not None
