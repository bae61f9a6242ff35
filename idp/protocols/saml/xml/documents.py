"""XML from outside becomes a tree, or is refused: no document type, no entities, no network, bounded in every way.

Whoever reads a tree from here may trust that the text of an element is all in one piece: no comment or processing
instruction divides it. What has passed its SAML schema, too, is valid by that.
"""

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from idp.protocols.saml.xml.canonical import XML_ENCRYPTION_11

Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)

PORTION = 4 * 1024
"""Bytes that are parsed before elements are counted again: at most a quarter as many elements, of four bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was done with a text before it was refused: bytes given to the parser, elements looked at."""

    bytes: int
    elements: int


_NO_WORK = Work(bytes=0, elements=0)


class DocumentRefused(Exception):
    """The text will not do, for `why`, which holds nothing out of it.

    `work` is what it took to find out, `line` the first line that cannot be read, if it is one line's fault.
    """

    def __init__(self, why: str, work: Work = _NO_WORK, *, line: int | None = None) -> None:
        super().__init__(why)
        self.work = work
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaFault:
    """One thing that the schema forbids: libxml2's path to the element, and its words, with values out of the text."""

    path: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Bounds in bytes, levels, elements and namespace declarations.

    Canonicalising takes time by the square of the declarations. Comments are dropped where people write them, else
    refused.
    """

    bytes: int
    depth: int
    elements: int
    drop_comments: bool
    declarations: int = 100


class Schema:
    """A SAML schema, compiled once; its imports are taken from the same folder, whatever address they name.

    With it goes the schema of XML Encryption 1.1: an EncryptionMethod may hold only elements that are declared.
    """

    def __init__(self, file: Path) -> None:
        parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
        parser.resolvers.add(_FromFolder(file.parent))
        namespace = etree.parse(str(file), parser).getroot().get("targetNamespace")
        both = f"""<schema xmlns="http://www.w3.org/2001/XMLSchema">
            <import namespace="{namespace}" schemaLocation="{file.name}"/>
            <import namespace="{XML_ENCRYPTION_11}" schemaLocation="xenc-schema-11.xsd"/>
        </schema>"""
        self._schema = etree.XMLSchema(etree.fromstring(both, parser, base_url=str(file.parent / "both.xsd")))

    def check(self, root: Element) -> None:
        """Raises `DocumentRefused`."""
        if not self._schema(root):
            raise DocumentRefused("not valid by the SAML schema")

    def faults(self, root: Element) -> tuple[SchemaFault, ...]:
        """All that the schema forbids in `root`. Another thread's check may empty the list of its details."""
        if self._schema(root):
            return ()
        log = list(self._schema.error_log)  # type: ignore[call-overload]  # the stub lacks the iterator
        found = tuple(SchemaFault(path=entry.path or "", words=entry.message) for entry in log)
        return found or (SchemaFault(path="", words="not valid"),)


class _FromFolder(etree.Resolver):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]  # the stub lacks a parameter
        del public_id
        file = str(self._folder / system_url.rsplit("/", 1)[-1])
        return self.resolve_filename(file, context)  # type: ignore[attr-defined]  # the stub lacks the method


def parse(text: bytes, limits: DocumentLimits) -> Element:
    """The root of `text`, which is read as UTF-8 whatever it says of itself. Raises `DocumentRefused`.

    The tree grows by portions and is given up where it outgrows `limits`.
    """
    if len(text) > limits.bytes:
        raise DocumentRefused("too many bytes")
    if b"<!DOCTYPE" in text:
        raise DocumentRefused("has a document type")
    growth = _Growth(limits)
    try:
        for start in range(0, len(text), PORTION):
            growth.feed(text[start : start + PORTION])
        return growth.root()
    except etree.XMLSyntaxError as error:
        raise DocumentRefused("not well-formed XML", growth.work(), line=error.lineno) from error


class _Growth:
    """A tree in the making, counted as it grows."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._parser = etree.XMLPullParser(
            events=("start", "end", "start-ns", "comment", "pi"),
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=limits.drop_comments,
            remove_pis=limits.drop_comments,
        )
        self._bytes = self._elements = self._depth = self._declarations = 0

    def work(self) -> Work:
        return Work(bytes=self._bytes, elements=self._elements)

    def feed(self, portion: bytes) -> None:
        self._bytes += len(portion)
        self._parser.feed(portion)
        self._count()

    def root(self) -> Element:
        root: Element = self._parser.close()
        self._count()
        return root

    def _count(self) -> None:
        for event, _ in self._parser.read_events():
            if event == "end":
                self._depth -= 1
                continue
            if event == "start-ns":
                self._declarations += 1
                if self._declarations > self._limits.declarations:
                    raise self._refusal("too many namespace declarations")
                continue
            if event != "start":
                raise self._refusal("has a comment or processing instruction")
            self._depth += 1
            self._elements += 1
            if self._depth > self._limits.depth:
                raise self._refusal("nested too deeply")
            if self._elements > self._limits.elements:
                raise self._refusal("too many elements")

    def _refusal(self, why: str) -> DocumentRefused:
        return DocumentRefused(why, self.work())
