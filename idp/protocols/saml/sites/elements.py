"""What stands in the elements of metadata, by the rules of XML Schema; and the numbers that elements are chosen by."""

from collections.abc import Iterable

from idp.protocols.saml.names import METADATA
from idp.protocols.saml.sites.remarks import Remarks
from idp.protocols.saml.xml.booleans import read_boolean
from idp.protocols.saml.xml.documents import Element

_WHITE_SPACE = " \t\r\n"


def md(name: str) -> str:
    """The name of an element of SAML metadata."""
    return f"{{{METADATA}}}{name}"


def attribute(element: Element, name: str) -> str | None:
    """Its value without the white space around it, which its type takes off (XML Schema 2, 4.3.6)."""
    value = element.get(name)
    return None if value is None else value.strip(_WHITE_SPACE)


def content(element: Element) -> str:
    """Its text without the white space around it, which nobody means."""
    return (element.text or "").strip(_WHITE_SPACE)


def truth(element: Element, name: str) -> bool | None:
    """An attribute of type xs:boolean."""
    return read_boolean(element.get(name))


def index_of(element: Element) -> int | None:
    """None where the schema has refused it already."""
    try:
        return int(element.get("index", ""))
    except ValueError:
        return None


def check_indexes(elements: Iterable[Element], remarks: Remarks) -> None:
    """Each index chooses one element (SAML metadata 2.2.3). Of two defaults the first is it, so no fault."""
    seen: set[int | None] = set()
    defaults = 0
    for element in elements:
        index = index_of(element)
        if index in seen:
            remarks.fault(element, f"its index {index} is that of an element before it")
        seen.add(index)
        defaults += truth(element, "isDefault") or False
        if defaults > 1:
            remarks.warn(element, "is not the first that says isDefault; the first one is the default")
