"""Messages that should keep us busy: each refusal costs no more than what is stated here, in octets and elements.

Each stands before the whole application, too, brought by a registered site over its good signature.
"""

import gzip
import io
import logging
import re
import tracemalloc
from dataclasses import dataclass, replace

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from idp.domain.errors import RequestInvalid
from idp.protocols.saml.bindings.post import MAX_FORM_BYTES
from idp.protocols.saml.bindings.redirect import MAX_MESSAGE_BYTES
from idp.protocols.saml.bindings.soap import MAX_ENVELOPE_BYTES, SoapRefused, read_envelope
from idp.protocols.saml.requests.reading import MESSAGE_LIMITS
from idp.protocols.saml.xml.documents import PORTION, DocumentRefused, Work
from idp.web.security import MAXIMUM_BODY
from tests.support.saml import ISSUER, TestSite, a_door, an_envelope
from tests.support.saml_door import ARTIFACT, FORM, XML, Change, Met, Way, WebDoor, by_browser, every_way, signed_inside
from tests.support.xml_signatures import GOOD

SITE = TestSite()
MOST_IN_A_PORTION = PORTION // len("<a/>")
BY_METADATA: dict[str, str | None] = {"AssertionConsumerServiceURL": None, "ProtocolBinding": None}
FLOOD = 50 * 1024 * 1024
MOST_BYTES_IN_A_BODY = 46_000
"""Of XML, which a form carries in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Everything that the program wrote since the last look."""

    caplog: pytest.LogCaptureFixture

    def holds_one_refusal(self, met: Met) -> bool:
        """And nothing else: no trace, and nothing of the message."""
        [record] = self.caplog.records
        self.caplog.clear()
        said = rf"refused {re.escape(met.code)} request=\d{{12}} {re.escape(met.why)}"
        is_plain = record.exc_info is None and re.fullmatch(said, record.getMessage()) is not None
        return is_plain and record.name == "idp.refusals"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    caplog.set_level(logging.DEBUG)
    return Log(caplog=caplog)


def said(met: Met) -> bytes:
    """What the sender is told, but for the number and the time of the refusal."""
    return re.sub(rb"\d", b"0", met.body)


# At the front door.


def before(prolog: str) -> Change:
    """`prolog` in front of the document; the Issuer is what its entity `a` stands for, if it has one."""
    name = b"&a;" if "ENTITY a" in prolog else b"https://ministry.example/metadata"
    return lambda document: prolog.encode() + re.sub(rb"(?<=<saml:Issuer>)[^<]+", name, document)


def within(xml: str) -> Change:
    """`xml` where the SAML schema allows anything."""
    return lambda document: document.replace(b"<here/>", xml.encode())


def in_the_head(attributes: str) -> Change:
    return lambda document: document.replace(b" IssueInstant=", f" {attributes} IssueInstant=".encode())


def in_place_of(old: bytes, new: bytes) -> Change:
    return lambda document: document.replace(old, new, 1)


NOT_WELL_FORMED = "{} not well-formed XML"
DOCUMENT_TYPE = "{} has a document type"
DEEP = "{} nested too deeply"
MANY = "{} too many elements"
COMMENT = "{} has a comment or processing instruction"
NAMESPACES = "{} too many namespace declarations"
INVALID = "message not valid by the SAML schema"
TEN_TIMES = "".join(f'<!ENTITY {name} "{f"&{other};" * 10}">' for name, other in ("cd", "bc", "ab"))

AT_THE_DOOR: dict[str, tuple[str, Change]] = {
    "document type": (DOCUMENT_TYPE, before("<!DOCTYPE x>")),
    "external document type": (DOCUMENT_TYPE, before('<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">')),
    "entity": (DOCUMENT_TYPE, before('<!DOCTYPE x [<!ENTITY a "https://ministry.example/metadata">]>')),
    "external entity": (DOCUMENT_TYPE, before('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
    "parameter entity": (DOCUMENT_TYPE, before('<!DOCTYPE x [<!ENTITY % p SYSTEM "https://evil.example/"> %p;]>')),
    "entities in entities": (DOCUMENT_TYPE, before(f'<!DOCTYPE x [<!ENTITY d "lol">{TEN_TIMES}]>')),
    "large entity": (DOCUMENT_TYPE, before(f'<!DOCTYPE x [<!ENTITY a "{"x" * 20_000}">]>')),
    "document type as UTF-16": (NOT_WELL_FORMED, lambda document: b"<!DOCTYPE x>".decode().encode("utf-16") + document),
    "whole as UTF-16": (NOT_WELL_FORMED, lambda document: document.decode().encode("utf-16")),
    "document type as UTF-7": (NOT_WELL_FORMED, before('<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-')),
    "entity without a document type": (NOT_WELL_FORMED, in_place_of(b"</saml:Issuer>", b"&a;</saml:Issuer>")),
    "depth": (NOT_WELL_FORMED, within("<x>" * 6_000)),
    "depth, closed": (DEEP, within("<x>" * 40 + "</x>" * 40)),
    "elements": (MANY, within("<x/>" * 8_000)),
    "comments": (COMMENT, within("<!---->" * 4_000)),
    "processing instruction": (COMMENT, before(f"<?x {'x' * 20_000}?>")),
    "attributes": (INVALID, in_the_head(" ".join(f'a{number}=""' for number in range(3_000)))),
    "one attribute again and again": (NOT_WELL_FORMED, in_the_head('x="" ' * 4_000)),
    "namespaces": (NAMESPACES, in_the_head(" ".join(f'xmlns:a{n}="urn:{n}"' for n in range(900)))),
    "namespaces, each at its own element": (NAMESPACES, within('<y xmlns="urn:y"/>' * 300)),
    "one namespace again and again": (NOT_WELL_FORMED, in_the_head('xmlns:x="urn:x" ' * 2_000)),
    "undeclared namespaces": (NOT_WELL_FORMED, within("".join(f"<a{number}:x/>" for number in range(400)))),
    "text where none may stand": (INVALID, in_place_of(b"<saml:Issuer>", b"x" * 30_000 + b"<saml:Issuer>")),
    "character references": (INVALID, in_place_of(b"<saml:Issuer>", b"&#120;" * 5_000 + b"<saml:Issuer>")),
    "CDATA sections": (INVALID, in_place_of(b"<saml:Issuer>", b"<![CDATA[x]]>" * 2_000 + b"<saml:Issuer>")),
    "long name": (INVALID, in_place_of(b"<saml:Issuer>", b"<" + b"x" * 30_000 + b"/><saml:Issuer>")),
    "year of many digits": (INVALID, in_place_of(b'IssueInstant="', b'IssueInstant="' + b"2" * 30_000)),
    "octet that no XML holds": (NOT_WELL_FORMED, lambda document: document + b"\0"),
}


def around_bomb(way: Way, name: str) -> bytes:
    """A good and signed document, with `<here/>` for what may stand within."""
    inside = '<samlp:Extensions><x xmlns="urn:x"><here/></x></samlp:Extensions>'
    return way.document(way.message(inside=inside, ID=f"_{way.name}-{name.encode().hex()}"))


@every_way
@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_bomb_is_refused_with_its_reason_in_the_log_and_no_other_word(
    web_door: WebDoor, log: Log, way: Way, name: str
) -> None:
    why, change = AT_THE_DOOR[name]
    document = around_bomb(way, name)
    bomb = change(document)
    assert bomb != document
    assert len(bomb) <= MOST_BYTES_IN_A_BODY
    met = way.send(web_door, bomb)
    is_of_a_program = way is ARTIFACT
    assert (met.status, met.code) == (500 if is_of_a_program else 400, "request.invalid")
    assert met.why == why.format("envelope" if is_of_a_program else "message")
    assert log.holds_one_refusal(met)
    assert said(met) == said(way.send(web_door, b""))


@every_way
def test_document_without_its_bomb_is_served(web_door: WebDoor, way: Way) -> None:
    """So that each refusal above is for the bomb."""
    assert not way.send(web_door, around_bomb(way, "none")).is_refused


@pytest.mark.parametrize(
    ("path", "content_type", "why"),
    [("/saml/sso", FORM, "no SAMLRequest field"), ("/saml/artifact", XML, "envelope not well-formed XML")],
)
def test_packed_body_is_not_unpacked(web_door: WebDoor, log: Log, path: str, content_type: str, why: str) -> None:
    response = web_door.house.app.test_client().post(
        path,
        base_url=ISSUER,
        data=gzip.compress(SITE.post() if path == "/saml/sso" else SITE.resolve("AAQAAA==")),
        content_type=content_type,
        headers={"Content-Encoding": "gzip"},
    )
    met = web_door.met(response)
    assert met.reason == why
    assert log.holds_one_refusal(met)


def test_query_of_fifty_megabytes_is_not_read(web_door: WebDoor, log: Log) -> None:
    environ = EnvironBuilder(path="/saml/sso", base_url=ISSUER).get_environ()
    environ["QUERY_STRING"] = "SAMLRequest=" + "A" * FLOOD
    met = web_door.met(Response.from_app(web_door.house.app, environ))
    assert (met.status, met.reason) == (400, "query too long")
    assert log.holds_one_refusal(met)


# In work.


class Tap(io.RawIOBase):
    """A body without an end that counts what is drawn from it."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # (the stub wants any buffer)
        self.drawn += len(buffer)
        return len(buffer)


def poured(web_door: WebDoor, path: str, tap: Tap, length: int) -> Met:
    """What comes of a body that says it has this length."""
    environ = EnvironBuilder(path=path, base_url=ISSUER, method="POST").get_environ()
    environ |= {
        "wsgi.input": tap,
        "CONTENT_LENGTH": str(length),
        "CONTENT_TYPE": FORM if path == "/saml/sso" else XML,
    }
    return web_door.met(Response.from_app(web_door.house.app, environ))


@pytest.mark.parametrize("path", ["/saml/sso", "/saml/artifact"])
def test_flood_that_announces_itself_is_not_read_at_all(web_door: WebDoor, log: Log, path: str) -> None:
    tap = Tap()
    met = poured(web_door, path, tap, FLOOD)
    assert (met.status, met.reason, tap.drawn) == (413, "http.413", 0)
    assert log.holds_one_refusal(met)
    assert said(met) == (said(web_door.post(b"")) if path == "/saml/sso" else b"")


@pytest.mark.parametrize("path", ["/saml/sso", "/saml/artifact"])
def test_largest_body_is_read_and_no_octet_more(web_door: WebDoor, path: str) -> None:
    tap = Tap()
    assert poured(web_door, path, tap, MAXIMUM_BODY).is_refused
    assert tap.drawn <= MAXIMUM_BODY
    assert MAXIMUM_BODY == MAX_FORM_BYTES == MAX_ENVELOPE_BYTES


def test_bomb_is_never_unpacked_beyond_the_bound(web_door: WebDoor, log: Log) -> None:
    bomb = SITE.redirect(SITE.request() + b" " * 10_000_000)
    tracemalloc.start()
    try:
        met = web_door.redirect(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (met.status, met.reason) == (400, "message too large after DEFLATE")
    assert log.holds_one_refusal(met)
    assert peak < 10_000_000 / 2


def work_of(xml: bytes) -> Work:
    """What it took to refuse a message, here one by redirect."""
    with pytest.raises(RequestInvalid) as refused:
        a_door().understand(SITE.redirect(xml))
    assert isinstance(refused.value.__cause__, DocumentRefused)
    return refused.value.__cause__.work


def inside_extensions(xml: str) -> bytes:
    return SITE.request(inside=f'<samlp:Extensions><x xmlns="urn:x">{xml}</x></samlp:Extensions>')


BOMBS = {
    "many elements": inside_extensions("<x/>" * 10_000),
    "deep elements": inside_extensions("<x>" * 9_000 + "</x>" * 9_000)[: MAX_MESSAGE_BYTES // 2],
    "deep and closed": inside_extensions("<x>" * 40 + "</x>" * 40 + "<x/>" * 8_000),
    "elements at the end": inside_extensions(" " * 40_000 + "<x/>" * 1_000),
    "comments": inside_extensions("<!---->" * 6_000),
    "unclosed": inside_extensions("<x>" * 200)[:-60],
}


@pytest.mark.parametrize("name", BOMBS)
def test_tree_is_given_up_within_a_portion_of_the_limit(name: str) -> None:
    assert len(BOMBS[name]) <= MAX_MESSAGE_BYTES
    work = work_of(BOMBS[name])
    assert work.bytes <= len(BOMBS[name]) + PORTION
    assert work.elements <= MESSAGE_LIMITS.elements + MOST_IN_A_PORTION


def test_tree_is_given_up_where_it_grows_too_large() -> None:
    """Not after the whole of it has been read."""
    assert PORTION <= MAX_MESSAGE_BYTES // 16
    assert work_of(BOMBS["many elements"]).bytes <= PORTION
    assert work_of(BOMBS["comments"]).bytes <= PORTION
    assert work_of(BOMBS["deep and closed"]).elements <= MESSAGE_LIMITS.depth + len(("Issuer", "one too deep"))


@pytest.mark.parametrize("name", ["many elements", "deep and closed", "comments"])
def test_envelope_is_given_up_in_the_same_way(name: str) -> None:
    with pytest.raises(SoapRefused) as refused:
        read_envelope(an_envelope(BOMBS[name]))
    assert isinstance(refused.value.__cause__, DocumentRefused)
    assert refused.value.__cause__.work.bytes <= PORTION


@signed_inside
def test_more_prefixes_than_any_message_needs_are_refused_before_the_message_is_canonicalized(
    web_door: WebDoor, way: Way
) -> None:
    """Each prefix is looked up at each element among all declarations."""
    declared = "".join(f' xmlns:a{number:x}="urn:a"' for number in range(60))
    inside = f'<samlp:Extensions><x xmlns="urn:x"{declared}>{"<x/>" * 400}</x></samlp:Extensions>'
    many = " ".join(f"a{number:x}" for number in range(60))
    signed = SITE.signed_inside(way.message(inside=inside), replace(GOOD, prefixes=many))
    assert way.knock(web_door, signed).reason == "canonicalization with too many prefixes"
    few = " ".join(many.split()[:16])
    signed = SITE.signed_inside(way.message(ID=f"_few-{way.name}", inside=inside), replace(GOOD, prefixes=few))
    assert not way.knock(web_door, signed).is_refused


@by_browser
@pytest.mark.parametrize("digits", ["0" * 6000, "9" * 6000, "-" + "0" * 6000], ids=["zeros", "nines", "minus zeros"])
def test_number_of_thousands_of_digits_is_no_fault(web_door: WebDoor, way: Way, digits: str) -> None:
    for number, changes in enumerate(
        ({"AttributeConsumingServiceIndex": digits}, {"AssertionConsumerServiceIndex": digits, **BY_METADATA}, {})
    ):
        inside = f'<samlp:Scoping ProxyCount="{digits}"/>'
        met = way.bring(web_door, way.message(inside=inside, ID=f"_{way.name}-{digits[:2]}-{number}", **changes))
        assert met.status in {200, 303, 400}
