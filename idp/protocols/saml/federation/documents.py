"""Signed metadata documents of any size: what they say of themselves, and their service providers one by one.

SAML metadata 2.3 and 3.1; SAML Profile for the Metadata Query Protocol (draft-young-md-query-saml), section 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from lxml import etree

from idp.domain.metadata_source import DocumentHead, EntityDescription, MetadataRefused, SignedMetadata, WhyRefused
from idp.protocols.saml.federation.canonical_stream import StreamRefused, written
from idp.protocols.saml.federation.head import cache_for, earliest, end_of, joined, names_in, published_at
from idp.protocols.saml.federation.pieces import ENTITY, Closed, Opened, Part, Piece, PieceLimits, read_parts
from idp.protocols.saml.federation.pinned_signers import signer_keys
from idp.protocols.saml.federation.signed_parts import SignedParts
from idp.protocols.saml.names import METADATA
from idp.protocols.saml.xml.documents import Element
from idp.protocols.saml.xml.enveloped import SIGNATURE
from idp.protocols.saml.xml.signatures import SignatureRefused

_EXTENSIONS = f"{{{METADATA}}}Extensions"
_SERVICE_PROVIDER = f"{{{METADATA}}}SPSSODescriptor"
_OTHERS_IN_GROUPS = (_EXTENSIONS, SIGNATURE, etree.PI)
_MAX_ENTITY_ID_BYTES = 1024
"""SAML metadata 2.2.1: characters, of a URI."""
_GROWTH = 2
_GROWTH_FOR_ALL = 1024 * 1024
"""Characters of all descriptions: each has the namespaces of what is around it, too, which may be many and unused."""

Judge = Callable[[DocumentHead], None]
Take = Callable[[EntityDescription], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationReader:
    """Fulfils `MetadataReader`."""

    limits: PieceLimits = field(default_factory=PieceLimits)

    def require_signers(self, signers: Sequence[str]) -> None:
        """Raises `SourceRefused` unless each certificate, in PEM, has a key that may sign."""
        signer_keys(signers)

    def read(self, document: BinaryIO, *, signers: Sequence[str], judge: Judge, take: Take) -> SignedMetadata:
        """What one of `signers` has signed. Raises `MetadataRefused`.

        `judge` is given what the document says of itself before `take` is given its first service provider. Neither is
        proven then: all of it is when this returns, and nothing of it if this raises.
        """
        try:
            parts = SignedParts(read_parts(document, self.limits), signer_keys(signers))
            contents = _Contents(parts.root, parts.signed.value, judge, take)
            for part in parts:
                contents.read(part)
                if contents.characters > _GROWTH * document.tell() + _GROWTH_FOR_ALL:
                    raise MetadataRefused(WhyRefused.TOO_LARGE, "too many namespaces around its entities")
            if parts.root.tag == ENTITY:
                contents.take_root(_text(document, self.limits))
        except SignatureRefused as error:
            raise MetadataRefused(WhyRefused.WRONGLY_SIGNED, error.why) from error
        except StreamRefused as error:
            raise MetadataRefused(WhyRefused.NOT_METADATA, str(error)) from error
        return SignedMetadata(head=contents.head(), entities=contents.entities)


class _Contents:
    """What the parts mean. `_ends` says of each element that is open until when its content can be valid."""

    def __init__(self, root: Element, digest: bytes, judge: Judge, take: Take) -> None:
        self._root = root
        self._digest = digest
        self._judge = judge
        self._take = take
        self._ends = [end_of(root)]
        self._names: list[str] = []
        self._published_at: datetime | None = None
        self._head: DocumentHead | None = None
        self._has_service_provider = False
        self.entities = self.characters = 0

    def head(self) -> DocumentHead:
        """As it was judged: once, when nothing can change it any more."""
        if self._head is None:
            self._head = DocumentHead(
                published_at=self._published_at,
                ends_at=end_of(self._root),
                cache_for=cache_for(self._root),
                digest=self._digest,
            )
            self._judge(self._head)
        return self._head

    def read(self, part: Part) -> None:
        match part:
            case Opened(group):
                self._ends.append(earliest(self._ends[-1], end_of(group)))
            case Closed():
                self._ends.pop()
            case Piece(element) if element.getparent() is self._root and element.tag == _EXTENSIONS:
                self._published_at = published_at(element)
            case Piece(element) if self._root.tag == ENTITY:
                self._names += names_in(element)
                self._has_service_provider |= element.tag == _SERVICE_PROVIDER
            case Piece(element) if element.tag == ENTITY:
                if element.find(_SERVICE_PROVIDER) is not None:
                    self._add(element, text=written(element).decode(), names=names_in(element))
            case Piece(element) if element.tag not in _OTHERS_IN_GROUPS:
                raise MetadataRefused(WhyRefused.NOT_METADATA, "a group holds something else than entities")

    def take_root(self, text: str) -> None:
        """The root is the entity, and the document its text."""
        if self._has_service_provider:
            self._ends.append(None)
            self._add(self._root, text=text, names=self._names)

    def _add(self, entity: Element, *, text: str, names: list[str]) -> None:
        self.head()
        entity_id = entity.get("entityID", "").strip()
        if not 0 < len(entity_id.encode()) <= _MAX_ENTITY_ID_BYTES:
            raise MetadataRefused(WhyRefused.NOT_METADATA, "an entity's name is missing or too long")
        ends_at = earliest(self._ends[-1], end_of(entity))
        self._take(EntityDescription(entity_id=entity_id, text=text, names=joined(names), ends_at=ends_at))
        self.entities += 1
        self.characters += len(text)


def _text(document: BinaryIO, limits: PieceLimits) -> str:
    document.seek(0)
    text = document.read(limits.bytes + 1)
    if len(text) > limits.bytes:
        raise MetadataRefused(WhyRefused.TOO_LARGE)
    return text.decode()
