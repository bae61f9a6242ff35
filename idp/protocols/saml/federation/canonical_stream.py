"""Exclusive XML Canonicalization 1.0, without comments, of a document that is never in memory as a whole.

libxml2 canonicalises one piece at a time, inside copies of the start tags that are open around it. What those tags
themselves become is known from canonicalising them empty, and is cut off. So each piece is rendered with exactly the
namespaces that the whole document would have given it.
"""

from collections.abc import Callable, Sequence

from lxml import etree

from idp.protocols.saml.xml.documents import Element

_GT = b">"
_MAX_START_TAGS = 16 * 1024
"""Bytes of all that are open at once. They are read again for each piece."""


class StreamRefused(Exception):
    """The document is not canonicalised; the message holds nothing out of it."""


class CanonicalStream:
    """Hands the canonical octets to `write`, in order. `prefixes` is the PrefixList of InclusiveNamespaces.

    Pieces are texts of XML as `written` and `escaped` make them. Every method raises `StreamRefused` for what has no
    canonical form, and for start tags that are too long.
    """

    def __init__(self, prefixes: Sequence[str], write: Callable[[bytes], object]) -> None:
        self._prefixes = list(prefixes)
        self._write = write
        self._parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True)
        self._start_tags: list[bytes] = []
        self._end_tags: list[bytes] = []
        self._heads: list[bytes] = [b""]

    def open(self, element: Element) -> None:
        """The start tag of `element`, whose content follows."""
        self._start_tags.append(_start_tag(element))
        if sum(map(len, self._start_tags)) > _MAX_START_TAGS:
            raise StreamRefused("start tags that are too long")
        self._end_tags.insert(0, _end_tag(element))
        head = self._canonical(b"").removesuffix(self._tail)
        self._write(head.removeprefix(self._heads[-1]))
        self._heads.append(head)

    def add(self, piece: bytes) -> None:
        """A whole part of the content of the element that was opened last."""
        self._write(self._canonical(piece).removeprefix(self._heads[-1]).removesuffix(self._tail))

    def close(self) -> None:
        """The end tag of the element that was opened last."""
        self._write(self._end_tags.pop(0))
        self._start_tags.pop()
        self._heads.pop()

    @property
    def _tail(self) -> bytes:
        return b"".join(self._end_tags)

    def _canonical(self, piece: bytes) -> bytes:
        try:
            root = etree.fromstring(b"".join((*self._start_tags, piece, *self._end_tags)), self._parser)
            return etree.tostring(
                root, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=self._prefixes
            )
        except etree.LxmlError as error:
            raise StreamRefused("has no canonical form") from error


def written(element: Element) -> bytes:
    """The text of `element`, with every namespace declaration that is in force for it."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def escaped(text: str | None) -> bytes:
    """Character data as the text of XML."""
    if text is None:
        return b""
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        text = text.replace(character, reference)
    return text.encode()


def _start_tag(element: Element) -> bytes:
    """A serialised attribute holds no ">" of its own."""
    text = written(element)
    return text[: text.index(_GT)].removesuffix(b"/") + _GT


def _end_tag(element: Element) -> bytes:
    local_name = etree.QName(element).localname
    return f"</{element.prefix}:{local_name}>".encode() if element.prefix else f"</{local_name}>".encode()
