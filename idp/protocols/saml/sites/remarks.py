"""What may be said of a site's metadata: where, and in which words; bounded, whatever stands in the file."""

import re
from itertools import islice

from lxml import etree

from idp.domain.registration import RegistrationRefused, Remark
from idp.protocols.saml.names import (
    ALGORITHM_SUPPORT,
    ASSERTION,
    ENTITY_ATTRIBUTES,
    METADATA,
    METADATA_UI,
    XML_SIGNATURE,
)
from idp.protocols.saml.xml.canonical import XML_ENCRYPTION
from idp.protocols.saml.xml.documents import Element, Schema

_MOST = 50
"""Remarks of one kind that are told; the rest is counted."""
_LONGEST_VALUE = 100
_LONGEST_WORDS = 400
_PREFIXES = {
    METADATA: "md:",
    METADATA_UI: "mdui:",
    ENTITY_ATTRIBUTES: "mdattr:",
    ALGORITHM_SUPPORT: "alg:",
    ASSERTION: "saml:",
    XML_SIGNATURE: "ds:",
    XML_ENCRYPTION: "xenc:",
}
_NAMESPACE = re.compile(r"\{([^{}']*)\}")
_LONG_VALUE = re.compile(rf"'([^']{{{_LONGEST_VALUE}}})[^']*'")
_NAMED_ELEMENT = re.compile(r"^Element '[^']*'(?:, |: )")
_FACET = re.compile(r"\[facet '[^']*'\] ")


class Remarks:
    """Faults and warnings about one entity, as they are found."""

    def __init__(self) -> None:
        self._faults: list[tuple[int, Remark]] = []
        self._faulty: set[Element] = set()
        self._warnings: list[tuple[int, Remark]] = []

    def fault(self, place: Element, words: str) -> None:
        """Something for which the metadata must be refused."""
        _add(self._faults, place, words)
        self._faulty.add(place)

    def warn(self, place: Element, words: str) -> None:
        """Something that the operator should know."""
        _add(self._warnings, place, words)

    def schema_faults(self, entity: Element, schema: Schema) -> None:
        """All that the schema forbids, each at its element; asked for last.

        What holds nothing but a value is wrong in one way only: of that, a fault told already in our words is enough.
        """
        faults = schema.faults(entity)
        wanted = {fault.path for fault in faults[:_MOST]}
        tree = etree.ElementTree(entity)
        places = {path: element for element in entity.iter() if (path := tree.getpath(element)) in wanted}
        told = {place for place in self._faulty if not len(place) and not place.attrib}
        for fault in faults:
            place = places.get(fault.path, entity)
            if place not in told:
                self.fault(place, _plain(fault.words))

    def refuse_if_faulty(self) -> None:
        """Raises `RegistrationRefused` with every fault so far, in the order of the file."""
        if self._faults:
            raise RegistrationRefused(_told(self._faults))

    def warnings(self) -> tuple[Remark, ...]:
        """Every warning so far, in the order of the file."""
        return _told(self._warnings)


def shown(value: str) -> str:
    """A value out of the metadata, in quotes, cut, with what does not print escaped."""
    return repr(value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…")


def place_of(element: Element) -> str:
    """`line 12, md:SPSSODescriptor/md:KeyDescriptor[2]`: the path starts below the EntityDescriptor."""
    steps = []
    node = element
    while (parent := node.getparent()) is not None and parent.tag != f"{{{METADATA}}}EntitiesDescriptor":
        steps.append(_step(node))
        node = parent
    path = "/".join(reversed(steps)) or name_of(node)
    return f"line {_line(element)}, {path}"


def _line(element: Element) -> int:
    line: int = element.sourceline  # type: ignore[assignment]  # the stub lacks its type
    return line


def _step(element: Element) -> str:
    before = sum(1 for _ in element.itersiblings(str(element.tag), preceding=True))
    is_alone = before == 0 and next(element.itersiblings(str(element.tag)), None) is None
    return name_of(element) if is_alone else f"{name_of(element)}[{before + 1}]"


def name_of(element: Element) -> str:
    """With the prefix that people know it by, cut."""
    name = etree.QName(element)
    return _printable(_PREFIXES.get(name.namespace or "", "") + name.localname[:_LONGEST_VALUE])


def _add(remarks: list[tuple[int, Remark]], element: Element, words: str) -> None:
    place = place_of(element) if len(remarks) < _MOST else ""
    remarks.append((_line(element), Remark(place=place, words=words)))


def _told(remarks: list[tuple[int, Remark]]) -> tuple[Remark, ...]:
    told = [remark for _, remark in sorted(islice(remarks, _MOST), key=lambda found: found[0])]
    if len(remarks) > _MOST:
        told.append(Remark(place="", words=f"and {len(remarks) - _MOST} more"))
    return tuple(told)


def _plain(words: str) -> str:
    """libxml2's words about an element, without its name and its namespaces, and with values cut."""
    short = _LONG_VALUE.sub(r"'\1…'", words)
    short = _NAMESPACE.sub(lambda found: _PREFIXES.get(found[1], ""), _NAMED_ELEMENT.sub("", short))
    plain = _FACET.sub("", short).strip(" .\n")[:_LONGEST_WORDS]
    return f"by the SAML schema, {_printable(plain)}"


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
