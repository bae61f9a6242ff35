"""The writer against libxml2's canonicalizer: what is written must be its own exclusive canonical form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from idp.domain.errors import ServiceFault
from idp.protocols.saml.xml.canonical import Xml, declare, element, inside, text
from tests.support.xml import any_text, canonical

SAML = declare("saml")


@st.composite
def elements(draw: st.DrawFn, around: frozenset[str] = frozenset(), depth: int = 4) -> Xml:
    """By the rule of declarations: where a prefix is shown, unless something around has declared it."""
    prefix = draw(st.sampled_from(["saml", "samlp", "ds", "xenc"]))
    attributes = draw(st.dictionaries(st.sampled_from(["A", "Az", "B", "ID", "a", "_"]), any_text() | st.none()))
    children = [
        draw(elements(around | {prefix}, depth - 1)) if depth and draw(st.booleans()) else text(draw(any_text()))
        for _ in range(draw(st.integers(0, 3)))
    ]
    declares = "" if prefix in around else declare(prefix)
    return element(f"{prefix}:Name", *children, declares=declares, **dict(sorted(attributes.items())))


@given(written=elements())
def test_what_is_written_is_its_own_canonical_form(written: Xml) -> None:
    assert canonical(written) == written


@given(value=any_text())
def test_every_value_arrives_as_it_is(value: str) -> None:
    root = etree.fromstring(element("saml:A", text(value), declares=SAML, Value=value).encode())
    assert (root.text or "", root.get("Value")) == (value, value)


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\r", "\ud800", "\ufffe", "\uffff"])
def test_character_that_xml_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(ServiceFault):
        text(f"a{character}b")
    with pytest.raises(ServiceFault):
        element("saml:A", Value=f"a{character}b")


def test_type_of_a_value_keeps_its_prefix_in_the_canonical_form() -> None:
    """`xs` shows in no name: without its place in the PrefixList, nothing signed would say what it stands for."""
    typed = element("saml:Value", declares=declare("saml", "xs", "xsi"), **{"xsi:type": "xs:string"})
    assert canonical(typed) == typed
    assert 'xmlns:xs="http://www.w3.org/2001/XMLSchema"' in typed


@given(apex=elements(), prefix=st.sampled_from(["saml", "samlp", "ds", "xenc"]))
def test_element_moved_inside_another_declares_nothing_twice(apex: Xml, prefix: str) -> None:
    """An apex of another prefix is refused, whatever stands within it."""
    declared = declare(prefix)
    if not apex.startswith(f"<{prefix}:"):
        with pytest.raises(ServiceFault):
            inside(declared, apex)
        return
    around = element(f"{prefix}:Around", inside(declared, apex), declares=declared)
    assert canonical(around) == around


@pytest.mark.parametrize("apex", ["", "text", "<saml:A></saml:A>", f"<saml:A>{SAML}</saml:A>", f"<saml:A B{SAML}>"])
def test_text_that_is_no_such_element_is_not_moved(apex: str) -> None:
    with pytest.raises(ServiceFault):
        inside(SAML, Xml(apex))
