"""A metadata document of any size, taken apart while it is parsed: what was looked at leaves the tree.

Memory is bounded by the largest piece. Comments are left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import BinaryIO

from lxml import etree

from idp.domain.metadata_source import MetadataRefused, WhyRefused
from idp.protocols.saml.names import METADATA
from idp.protocols.saml.xml.documents import Element

ENTITY = f"{{{METADATA}}}EntityDescriptor"
GROUP = f"{{{METADATA}}}EntitiesDescriptor"

PORTION = 64 * 1024
"""Bytes that are parsed before what is complete is taken out of the tree. The root's start tag is in the first ones."""

_OWN_BOUND = "XML_PARSE_HUGE"
"""libxml2 names this option in the message when one of its own bounds is met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceLimits:
    """`bytes` of one piece, `depth` from the root; `pieces`, and `elements` of all of them; `groups` in each other.

    A start tag has so many `attributes`, and as many namespace declarations: to canonicalise it takes time by the
    square of them. A piece has `piece_elements` and `piece_declarations`. A description of a site is a piece, and no
    larger one is admitted.
    """

    bytes: int = 1024 * 1024
    pieces: int = 100_000
    elements: int = 5_000_000
    piece_elements: int = 20_000
    piece_declarations: int = 1000
    attributes: int = 64
    depth: int = 64
    groups: int = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """The start tag of the root, or of a group within a group. All that follows until `Closed` is its content."""

    element: Element


@dataclass(frozen=True, slots=True)
class Characters:
    """Text between pieces; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole child of what was opened last, or a processing instruction. It is gone when the next one is asked for."""

    element: Element


@dataclass(frozen=True, slots=True)
class Closed:
    """The end tag of what was opened last."""

    element: Element


Part = Opened | Characters | Piece | Closed


def read_parts(document: BinaryIO, limits: PieceLimits) -> Iterator[Part]:
    """The parts in the order of the document. Raises `MetadataRefused` once they are no document of metadata."""
    tree = _Tree(limits)
    try:
        while portion := document.read(PORTION):
            tree.feed(portion)
            yield from tree.complete()
        tree.end()
        yield from tree.complete()
    except etree.XMLSyntaxError as error:
        raise MetadataRefused(_why(error)) from error


class _Tree:
    """What was parsed and not yet handed on. A node is complete when something follows it: nothing is added to it."""

    def __init__(self, limits: PieceLimits) -> None:
        self._limits = limits
        self._parser = etree.XMLPullParser(
            events=("start",),
            tag=(ENTITY, GROUP),
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            remove_comments=True,
            collect_ids=False,
        )
        self._open: list[Element] = []
        self._has_begun = self._has_ended = False
        self._bytes = self._pieces = self._elements = 0

    def feed(self, portion: bytes) -> None:
        if not self._has_begun and b"<!DOCTYPE" in portion:
            raise MetadataRefused(WhyRefused.DOCUMENT_TYPE)
        self._bytes += len(portion)
        if self._bytes > self._limits.bytes + PORTION:
            raise MetadataRefused(WhyRefused.TOO_LARGE)
        self._parser.feed(portion)
        if not self._has_begun:
            self._open = [self._root()]
        for _ in self._parser.read_events():  # kept, they would hold on to what was taken out
            pass

    def end(self) -> None:
        self._parser.close()
        self._has_ended = True

    def complete(self) -> Iterator[Part]:
        if not self._has_begun:
            self._has_begun = True
            self._require_short(self._open[0], _declarations(self._open[0]))
            yield Opened(self._open[0])
        while self._open:
            group = self._open[-1]
            child = next(group.iterchildren(), None)
            if child is not None and child.tag == GROUP and group.tag == GROUP:
                yield from self._enter(group, child)
            elif not self._is_complete(group if child is None else child):
                return
            elif child is None:
                yield from self._leave(group)
            else:
                self._count(child)
                yield from _text_of(group)
                yield Piece(child)
                self._take_out(child)

    def _root(self) -> Element:
        """SAML metadata 2.3: one entity, or a group."""
        _, root = next(self._parser.read_events(), (None, None))
        if not isinstance(root, Element) or root.getparent() is not None:
            raise MetadataRefused(WhyRefused.NOT_METADATA)
        return root

    def _enter(self, group: Element, child: Element) -> Iterator[Part]:
        if len(self._open) == self._limits.groups:
            raise MetadataRefused(WhyRefused.TOO_DEEP)
        self._count_one()
        self._require_short(child, _declarations(child))
        yield from _text_of(group)
        yield Opened(child)
        self._open.append(child)

    def _leave(self, group: Element) -> Iterator[Part]:
        yield from _text_of(group)
        yield Closed(group)
        self._open.pop()
        if self._open:
            if group.tail:
                yield Characters(group.tail)
            self._take_out(group)

    def _is_complete(self, node: Element | None) -> bool:
        """Something follows it, or what is around it."""
        while node is not None:
            if node.getnext() is not None:
                return True
            node = node.getparent()
        return self._has_ended

    def _take_out(self, child: Element) -> None:
        """With the text that follows it."""
        self._open[-1].remove(child)
        self._bytes = PORTION

    def _count(self, piece: Element) -> None:
        self._count_one()
        if isinstance(piece, etree._ProcessingInstruction):  # noqa: SLF001 (lxml's name for the class)
            return
        depth, elements, declarations, own = len(self._open), 0, 0, 0
        for event, node in etree.iterwalk(piece, events=("start-ns", "start", "end")):
            if event == "start-ns":
                own += 1
                continue
            depth += 1 if event == "start" else -1
            if event == "start":
                self._require_short(node, own)
                elements, declarations, own = elements + 1, declarations + own, 0
            if depth > self._limits.depth:
                raise MetadataRefused(WhyRefused.TOO_DEEP)
            if elements > self._limits.piece_elements or declarations > self._limits.piece_declarations:
                raise MetadataRefused(WhyRefused.TOO_MANY_ELEMENTS, "in one description")
        self._elements += elements
        if self._elements > self._limits.elements:
            raise MetadataRefused(WhyRefused.TOO_MANY_ELEMENTS)

    def _require_short(self, element: Element, declarations: int) -> None:
        if max(len(element.attrib), declarations) > self._limits.attributes:
            raise MetadataRefused(WhyRefused.TOO_MANY_ELEMENTS, "too many attributes on one of them")

    def _count_one(self) -> None:
        self._pieces += 1
        if self._pieces > self._limits.pieces:
            raise MetadataRefused(WhyRefused.TOO_MANY_ELEMENTS)


def _declarations(element: Element) -> int:
    """Of namespaces, in the start tag of `element` itself."""
    events = etree.iterwalk(element, events=("start-ns", "start"))
    return sum(1 for _ in takewhile(lambda event: event[0] == "start-ns", events))


def _text_of(group: Element) -> Iterator[Characters]:
    """Once. It is complete: a child or the end tag follows it."""
    if group.text:
        yield Characters(group.text)
        group.text = None


def _why(error: etree.XMLSyntaxError) -> WhyRefused:
    if _OWN_BOUND not in str(error):
        return WhyRefused.NOT_METADATA
    return WhyRefused.TOO_DEEP if "depth" in str(error) else WhyRefused.TOO_LARGE
