"""Laws: any single change to what a site signed is refused, or understood as exactly the same.

What is not covered by a signature may change, as long as nothing is read from it: the key inside the signature, the way
that base64 is written, white space around a document.
"""

import base64
import copy
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from idp.domain.errors import IdpError, RequestInvalid
from idp.domain.login import LoginRequest
from idp.protocols.contract import Refusable
from idp.protocols.saml.adapter import SamlAdapter
from idp.protocols.saml.bindings.artifacts import Artifacts, HeldAnswer
from tests.support.oidc import FakeClock, FakeRegister
from tests.support.saml import (
    NOW,
    SETTINGS,
    SITE_ID,
    SUBJECT,
    TestSite,
    a_form,
    a_release,
    a_site,
    an_adapter,
    an_rsa_signer,
    certificate_text,
    some_metadata,
)
from tests.support.xml_signatures import Form

SITE = TestSite()
EXAMPLES = settings(max_examples=200, deadline=None)
Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)

WISHES = (
    f'<saml:Subject><saml:NameID SPNameQualifier="{SITE_ID}">{SUBJECT}</saml:NameID></saml:Subject>'
    '<samlp:NameIDPolicy AllowCreate="false" SPNameQualifier="filings"/>'
    f'<saml:Conditions NotOnOrAfter="2026-11-02T10:30:00Z"><saml:AudienceRestriction><saml:Audience>{SITE_ID}'
    '</saml:Audience></saml:AudienceRestriction><saml:OneTimeUse/><saml:ProxyRestriction Count="2"/></saml:Conditions>'
    '<samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>'
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
    '<samlp:Scoping ProxyCount="1"><samlp:IDPList>'
    f'<samlp:IDPEntry ProviderID="{SETTINGS.entity_id}"/></samlp:IDPList></samlp:Scoping>'
)
"""Behind the Issuer, in the order of the schema; a changed one means something else."""

WITH_KEY = Form(
    key_info=f"<ds:X509Data><ds:X509Certificate>{certificate_text(an_rsa_signer('site').certificate)}"
    "</ds:X509Certificate></ds:X509Data>"
)


@cache
def adapter() -> SamlAdapter:
    return an_adapter()


@cache
def signed_request() -> bytes:
    request = SITE.request(inside=WISHES, ForceAuthn="true", Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained")
    return SITE.signed_inside(request, WITH_KEY)


def understood(xml: bytes) -> LoginRequest:
    return adapter().understand_post(a_form(xml), now=NOW)


def test_message_that_all_others_are_made_from_is_understood() -> None:
    asked = understood(signed_request())
    assert (asked.subject, asked.forced) == (SUBJECT, True)


def changes(octets: bytes) -> st.SearchStrategy[bytes]:
    """`octets` with one octet left out, put in, put twice or replaced."""

    def change(place: int, new: bytes, keeps: int) -> bytes:
        return octets[:place] + new + octets[place + keeps :]

    return st.builds(
        change,
        st.integers(0, len(octets) - 1),
        st.binary(max_size=1) | st.sampled_from([b"<", b">", b"&", b'"', b" ", b"\n", b"=", b"+", b"%"]),
        st.integers(0, 1),
    )


@EXAMPLES
@given(data=st.data())
def test_changed_octet_of_a_signed_query_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    query = SITE.redirect(SITE.request(inside=WISHES), relay_state="a b")
    expected = adapter().understand_redirect(query, now=NOW)
    with suppress(IdpError, Refusable):
        assert adapter().understand_redirect(data.draw(changes(query)), now=NOW) == expected


@EXAMPLES
@given(data=st.data())
def test_parameters_of_a_signed_query_in_any_order_mean_the_same_or_nothing(data: st.DataObject) -> None:
    query = SITE.redirect(SITE.request(inside=WISHES), relay_state="a b")
    parts = data.draw(st.lists(st.sampled_from(query.split(b"&")), min_size=1, max_size=6))
    with suppress(IdpError, Refusable):
        assert adapter().understand_redirect(b"&".join(parts), now=NOW) == adapter().understand_redirect(query, now=NOW)


@EXAMPLES
@given(data=st.data())
def test_changed_octet_of_a_signed_message_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    with suppress(IdpError, Refusable):
        assert understood(data.draw(changes(signed_request()))) == understood(signed_request())


@EXAMPLES
@given(data=st.data())
def test_changed_octet_of_a_posted_form_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    form = a_form(signed_request())
    with suppress(IdpError, Refusable):
        assert adapter().understand_post(data.draw(changes(form)), now=NOW) == understood(signed_request())


TEXTS = st.sampled_from(
    ["", " ", "\n", "0", "false", "urn:x", SITE_ID, SUBJECT, "2026-11-02T09:30:00Z", "_request1", "#"]
)


class Part:
    """An element somewhere in a message, with ways to change it."""

    def __init__(self, draw: st.DrawFn, xml: bytes) -> None:
        self.draw = draw
        self.root = etree.fromstring(xml)
        self.element = draw(st.sampled_from(list(self.root.iter())))
        parent = self.element.getparent()
        self.parent = self.root if parent is None else parent

    def any_other(self) -> Element:
        return self.draw(st.sampled_from(list(self.root.iter())))

    def set_text(self) -> None:
        self.element.text = self.draw(TEXTS)

    def set_tail(self) -> None:
        if self.element is not self.root:
            self.element.tail = self.draw(TEXTS)

    def rename(self) -> None:
        self.element.tag = self.any_other().tag

    def set_attribute(self) -> None:
        names = [*sorted(self.element.attrib), "ID", "Id", "Format", "Version", "IsPassive", "URI", "x"]
        self.element.set(self.draw(st.sampled_from(names)), self.draw(TEXTS))

    def drop_attribute(self) -> None:
        if self.element.attrib:
            del self.element.attrib[self.draw(st.sampled_from(sorted(self.element.attrib)))]

    def comment(self) -> None:
        self.element.insert(0, etree.Comment("x"))

    def add_child(self) -> None:
        self.element.append(copy.deepcopy(self.any_other()))

    def repeat(self) -> None:
        self.parent.append(copy.deepcopy(self.element))

    def remove(self) -> None:
        if self.element is not self.root:
            self.parent.remove(self.element)

    def move(self) -> None:
        if self.element is not self.root:
            target = self.draw(st.sampled_from([self.parent, self.root]))
            target.insert(self.draw(st.integers(0, len(target))), self.element)


WAYS = (
    Part.set_text,
    Part.set_tail,
    Part.rename,
    Part.set_attribute,
    Part.drop_attribute,
    Part.comment,
    Part.add_child,
    Part.repeat,
    Part.remove,
    Part.move,
)


@st.composite
def changed_parts(draw: st.DrawFn, xml: bytes) -> bytes:
    """`xml` with one element, attribute or piece of text removed, repeated, moved, renamed or replaced."""
    part = Part(draw, xml)
    draw(st.sampled_from(WAYS))(part)
    return etree.tostring(part.root)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_changed_part_of_a_signed_message_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    changed = data.draw(changed_parts(signed_request()))
    with suppress(IdpError, Refusable):
        assert understood(changed) == understood(signed_request())


@dataclass(frozen=True, slots=True)
class Everlasting:
    """A store that gives what it holds as often as it is asked, so that one artifact serves all examples."""

    kept: dict[str, HeldAnswer] = field(default_factory=dict)

    def put(self, key: str, value: HeldAnswer, *, now: datetime, expires_at: datetime) -> None:
        del now, expires_at
        self.kept[key] = value

    def read(self, key: str, *, now: datetime) -> HeldAnswer:
        return self.take(key, now=now)

    def take(self, key: str, *, now: datetime) -> HeldAnswer:
        del now
        if key not in self.kept:
            raise RequestInvalid("never put")
        return self.kept[key]


@cache
def artifact_adapter() -> tuple[SamlAdapter, bytes]:
    """An adapter, and the signed question for an artifact of its own."""
    store = Everlasting()
    asked = understood(signed_request())
    made = SamlAdapter(
        SETTINGS,
        signer=an_rsa_signer("idp"),
        metadata=some_metadata(),
        register=FakeRegister(sites=[a_site()]),
        artifacts=store,
        clock=FakeClock(NOW),
    )
    replies = asked.reply.replace("bindings:HTTP-POST", "bindings:HTTP-Artifact")
    made.answer(a_release(), replies)
    (handle,) = store.kept
    head = Artifacts(SETTINGS.entity_id, store)._head  # noqa: SLF001 (the part that is always the same)
    return made, SITE.resolve(base64.b64encode(head + bytes.fromhex(handle)).decode(), form=WITH_KEY)


def told(envelope: bytes) -> tuple[int, str | None, bool]:
    """What a question brings: the status of HTTP, what is answered, and whether an answer is there."""
    made, _ = artifact_adapter()
    resolved = made.resolve(envelope, now=NOW)
    response = etree.fromstring(resolved.envelope)[0][0]
    return resolved.status, response.get("InResponseTo"), next(response.iter("{*}Assertion"), None) is not None


def is_same_or_refused(envelope: bytes) -> bool:
    outcome = told(envelope)
    return outcome[0] >= 400 or outcome == (200, "_resolve1", True)


def test_question_that_all_others_are_made_from_is_answered() -> None:
    assert told(artifact_adapter()[1]) == (200, "_resolve1", True)


@EXAMPLES
@given(data=st.data())
def test_changed_octet_of_a_signed_question_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    assert is_same_or_refused(data.draw(changes(artifact_adapter()[1])))


@EXAMPLES
@given(data=st.data())
def test_changed_part_of_a_signed_question_is_refused_or_changes_nothing(data: st.DataObject) -> None:
    assert is_same_or_refused(data.draw(changed_parts(artifact_adapter()[1])))
