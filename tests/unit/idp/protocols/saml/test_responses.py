"""What must never leave in a Response, and what it costs to make one."""

import subprocess
from base64 import b64decode
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from idp.domain.errors import ServiceFault
from idp.protocols.contract import FormPost
from idp.protocols.saml.adapter import SamlAdapter
from tests.support.saml import NOW, TestSite, a_release, an_adapter


@cache
def an_adapter_and_a_reply() -> tuple[SamlAdapter, str]:
    adapter = an_adapter()
    return adapter, adapter.understand_redirect(TestSite().redirect(), now=NOW).reply


@pytest.fixture
def adapter() -> SamlAdapter:
    return an_adapter_and_a_reply()[0]


@pytest.fixture
def reply() -> str:
    return an_adapter_and_a_reply()[1]


def subject_in(answer: FormPost) -> str | None:
    root = etree.fromstring(b64decode(dict(answer.fields)["SAMLResponse"]))
    return next(root.iter("{*}NameID")).text


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\r", "\ud800", "\ufffe", "\uffff"])
def test_character_that_xml_cannot_carry_is_refused(adapter: SamlAdapter, reply: str, character: str) -> None:
    with pytest.raises(ServiceFault):
        adapter.answer(a_release(subject=f"a{character}b"), reply)


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1))
def test_all_other_text_arrives_as_it_is(text: str) -> None:
    adapter, reply = an_adapter_and_a_reply()
    assert subject_in(adapter.answer(a_release(subject=text), reply)) == text


def test_release_for_another_site_is_not_sent(adapter: SamlAdapter, reply: str) -> None:
    with pytest.raises(ServiceFault):
        adapter.answer(a_release(site="another"), reply)


def test_every_response_and_assertion_has_its_own_id(adapter: SamlAdapter, reply: str) -> None:
    ids = [
        element.get("ID")
        for _ in range(3)
        for element in etree.fromstring(
            b64decode(dict(adapter.answer(a_release(), reply).fields)["SAMLResponse"])
        ).iter("{*}Response", "{*}Assertion")
    ]
    assert len(set(ids)) == len(ids) == 6


def test_answer_loads_no_key_and_starts_no_process(
    adapter: SamlAdapter, reply: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading an RSA key costs more than a hundred signatures, a process of xmlsec1 as much again."""

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("in a request")

    monkeypatch.setattr(serialization, "load_pem_private_key", forbidden)
    monkeypatch.setattr(serialization, "load_der_private_key", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    adapter.answer(a_release(), reply)


def test_return_origin_is_that_of_the_return_address(adapter: SamlAdapter, reply: str) -> None:
    assert adapter.return_origin(reply) == "https://ministry.example"
