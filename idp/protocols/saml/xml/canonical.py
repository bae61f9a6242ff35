"""XML written straight in its exclusive canonical form (W3C Exclusive XML Canonicalization 1.0), digested as it stands.

To parse and canonicalize a message would cost more than all the rest of it but the signature. What a canonicalizer does
is kept by construction: nothing between elements, no empty-element tags, attributes in order, one way to escape. Where
a prefix is declared, the writer says, by one rule: on each element that shows it, in its own name or in an attribute's,
unless an element around it declares it already. The prefix `xs` shows in values only, as `xs:string`: a signature sees
its declaration because `xs` stands in the PrefixList.
"""

import re
from typing import NewType

from idp.domain.errors import ServiceFault
from idp.protocols.saml.names import ASSERTION, PROTOCOL, XML_SIGNATURE

Xml = NewType("Xml", str)
"""Canonical text: any number of whole elements, or escaped characters."""

NOTHING = Xml("")
PLACE = Xml("\0")
"""Where content is still to come, in a frame that is written once: no XML has this character, so it can be split at."""

XML_ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
XML_ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

_NAMESPACES = {
    "ds": XML_SIGNATURE,
    "ec": EXCLUSIVE_C14N,
    "saml": ASSERTION,
    "samlp": PROTOCOL,
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "xenc": XML_ENCRYPTION,
    "xenc11": XML_ENCRYPTION_11,
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}

_is_plain_text = re.compile(r"[ -%'-;=?-~]*").fullmatch
_is_plain_attribute = re.compile(r"[ !#-%'-;=-~]*").fullmatch
"""Nearly every value is seen at a glance to need no more."""
_UNFIT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;"})


def declare(*prefixes: str) -> str:
    """The declarations of `prefixes`, for `element`."""
    return "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in sorted(prefixes))


def element(name: str, *content: Xml, declares: str = "", **attributes: str | None) -> Xml:
    """An element. Attributes that are None are left out; the others are given in order, one with a prefix last.

    Raises `ServiceFault`, as `text` does.
    """
    start = f"<{name}{declares}"
    for key, value in attributes.items():
        if value is not None:
            start += f' {key}="{_attribute(value)}"'
    return Xml(f"{start}>{''.join(content)}</{name}>")


def text(value: str) -> Xml:
    """`value` as the content of an element. Raises `ServiceFault` for a character that would not arrive as it is.

    That is every one outside XML 1.0 section 2.2, and the carriage return, which a parser turns into a line feed
    unless it is escaped, and which those who write XML again do not all escape. Better no message than another one.
    """
    return Xml(value if _is_plain_text(value) else _fit(value).translate(_IN_TEXT))


def inside(declared: str, apex: Xml) -> Xml:
    """`apex`, an element that declares `declared` and no more, to stand in an element that declares the same."""
    start, found, rest = apex.partition(declared)
    if not found or " " in start or ">" in start:
        raise ServiceFault
    return Xml(start + rest)


def _attribute(value: str) -> str:
    return value if _is_plain_attribute(value) else _fit(value).translate(_IN_ATTRIBUTE)


def _fit(value: str) -> str:
    if _UNFIT.search(value):
        raise ServiceFault
    return value
