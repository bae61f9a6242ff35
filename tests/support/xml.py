"""Canonical XML by libxml2, and values of every kind that XML can carry."""

from hypothesis import strategies as st
from lxml import etree


def canonical(xml: str) -> str:
    """The exclusive canonical form of a document, as our signatures define it: with `xs` in the PrefixList."""
    root = etree.fromstring(xml.encode())
    return etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=["xs"]).decode()


def any_text() -> st.SearchStrategy[str]:
    """Every character of XML 1.0 section 2.2 but the carriage return, those that need escaping more often."""
    return st.text(
        st.sampled_from("&<>\"'\t\n]\x7f\x85\u2028")
        | st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    )
