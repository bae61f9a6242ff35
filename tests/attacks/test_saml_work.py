"""Messages that should keep us busy: each refusal costs no more than what is stated here, in octets and elements."""

import io
import tracemalloc
from dataclasses import replace

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
from tests.support.saml_door import FORM, XML, Met, Way, WebDoor, by_browser, signed_inside
from tests.support.xml_signatures import GOOD

SITE = TestSite()
MOST_IN_A_PORTION = PORTION // len("<a/>")
BY_METADATA: dict[str, str | None] = {"AssertionConsumerServiceURL": None, "ProtocolBinding": None}
FLOOD = 50 * 1024 * 1024


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
def test_flood_that_announces_itself_is_not_read_at_all(web_door: WebDoor, path: str) -> None:
    tap = Tap()
    met = poured(web_door, path, tap, FLOOD)
    assert (met.status, met.reason, tap.drawn) == (413, "http.413", 0)


@pytest.mark.parametrize("path", ["/saml/sso", "/saml/artifact"])
def test_largest_body_is_read_and_no_octet_more(web_door: WebDoor, path: str) -> None:
    tap = Tap()
    assert poured(web_door, path, tap, MAXIMUM_BODY).is_refused
    assert tap.drawn <= MAXIMUM_BODY
    assert MAXIMUM_BODY == MAX_FORM_BYTES == MAX_ENVELOPE_BYTES


def test_bomb_is_never_unpacked_beyond_the_bound(web_door: WebDoor) -> None:
    bomb = SITE.redirect(SITE.request() + b" " * 10_000_000)
    tracemalloc.start()
    try:
        assert web_door.redirect(bomb).reason == "message too large after DEFLATE"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
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
    """Each prefix is looked up at each element among all declarations: forty thousand octets would take seconds."""
    declared = "".join(f' xmlns:a{number:x}="urn:a"' for number in range(1200))
    inside = f'<samlp:Extensions><x xmlns="urn:x"{declared}>{"<x/>" * 400}</x></samlp:Extensions>'
    many = " ".join(f"a{number:x}" for number in range(1200))
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
