"""XML from outside becomes a tree, or is refused: no document type, no entities, no network, bounded in every way.

Whoever reads a tree from here may trust that it is valid by its SAML schema, and that the text of an element is all in
one piece: no comment or processing instruction divides it.
"""

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)


class DocumentRefused(Exception):
    """The text will not do; the message holds nothing out of it but the schema's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Bounds in bytes, levels and elements. Comments are dropped where people write them, else refused."""

    bytes: int
    depth: int
    elements: int
    drop_comments: bool


class Schema:
    """A SAML schema, compiled once; its imports are taken from the same folder, whatever address they name."""

    def __init__(self, file: Path) -> None:
        parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
        parser.resolvers.add(_FromFolder(file.parent))
        self._schema = etree.XMLSchema(etree.parse(str(file), parser))

    def check(self, root: Element) -> None:
        """Raises `DocumentRefused`."""
        if not self._schema(root):
            raise DocumentRefused("not valid by the SAML schema")


class _FromFolder(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stub lacks a parameter
        del public_id
        file = str(self._folder / system_url.rsplit("/", 1)[-1])
        return self.resolve_filename(file, context)  # type: ignore[attr-defined]  # the stub lacks the method


def parse(text: bytes, limits: DocumentLimits) -> Element:
    """The root of `text`, which is read as UTF-8 whatever it says of itself. Raises `DocumentRefused`."""
    if len(text) > limits.bytes:
        raise DocumentRefused("too many bytes")
    if b"<!DOCTYPE" in text:
        raise DocumentRefused("has a document type")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=limits.drop_comments,
        remove_pis=limits.drop_comments,
    )
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentRefused("not well-formed XML") from error
    _check_shape(root, limits)
    return root


def _check_shape(root: Element, limits: DocumentLimits) -> None:
    if root.getprevious() is not None or root.getnext() is not None:
        raise DocumentRefused("has a comment or processing instruction")
    depth = elements = 0
    for event, _ in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            depth -= 1
            continue
        if event != "start":
            raise DocumentRefused("has a comment or processing instruction")
        depth += 1
        elements += 1
        if depth > limits.depth:
            raise DocumentRefused("nested too deeply")
        if elements > limits.elements:
            raise DocumentRefused("too many elements")
