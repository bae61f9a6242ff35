"""The front door for SAML messages: the whole web application, and what it says to whoever knocks.

    met = door.redirect(SITE.redirect(...))     # what the browser is made to do; `met.why` is the reason in the log
    met = POST.bring(door, POST.message(...))   # signed by the site; `knock` brings it as it is

One house serves a module of tests, at the time `NOW`, so what is accepted needs an ID of its own.
"""

import base64
import html
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from werkzeug.wrappers import Response

from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.service_provider import ServiceProvider
from tests.support.house import Foundations, SampleHouse, a_house, house_settings, register_sites
from tests.support.oidc import FakeClock
from tests.support.saml import (
    ARTIFACT_URL,
    ISSUER,
    NOW,
    SSO_URL,
    TestSite,
    a_form,
    a_key_descriptor,
    a_registration,
    a_site,
    an_envelope,
    an_rsa_signer,
)

FORM = "application/x-www-form-urlencoded"
XML = "text/xml; charset=utf-8"
OTHER_ID = "https://other.example/metadata"
QUIET_ID = "https://quiet.example/metadata"
UNSIGNED_ID = "https://unsigned.example/metadata"
_logger = logging.getLogger("idp.refusals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What came of a message. `code` and `why` are those of the refusal in the log, empty if there is none."""

    status: int
    code: str
    why: str
    place: str
    body: bytes

    @property
    def is_refused(self) -> bool:
        """On a page, or to a program by anything but an answer."""
        return self.status >= 400

    @property
    def answer(self) -> bytes:
        """The SAML message that the site gets: from the page's form, or the envelope itself."""
        in_form = re.search(rb'name="SAMLResponse" value="([^"]+)"', self.body)
        return base64.b64decode(html.unescape(in_form[1].decode())) if in_form else self.body

    @property
    def reason(self) -> str:
        """Of a refusal; whatever is not one makes the test fail."""
        assert self.is_refused, f"{self.status} {self.place}"
        return self.why or self.code


class _Ear(logging.Handler):
    """Hears the refusal log."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        code, _, why = record.args
        self.heard.append((str(code), str(why)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDoor:
    """A house, and the ear on its refusal log."""

    house: SampleHouse
    ear: _Ear

    def redirect(self, query: bytes) -> Met:
        """By HTTP-Redirect."""
        return self._ask("GET", f"{SSO_URL}?{query.decode('latin-1')}")

    def post(self, form: bytes, *, content_type: str = FORM) -> Met:
        """By HTTP-POST."""
        return self._ask("POST", SSO_URL, form, content_type)

    def resolve(self, envelope: bytes, *, content_type: str = XML) -> Met:
        """A site's question by SOAP."""
        return self._ask("POST", ARTIFACT_URL, envelope, content_type)

    def _ask(self, method: str, address: str, body: bytes | None = None, content_type: str | None = None) -> Met:
        self.ear.heard.clear()
        response = self.house.app.test_client(use_cookies=False).open(
            address.removeprefix(ISSUER), method=method, base_url=ISSUER, data=body, content_type=content_type
        )
        return self.met(response)

    def met(self, response: Response) -> Met:
        """What `response` says, and the log with it."""
        code, why = self.ear.heard[-1] if self.ear.heard else ("", "")
        return Met(
            status=response.status_code,
            code=code,
            why=why,
            place=response.headers.get("Location", ""),
            body=response.get_data(),
        )


def _site(name: str, *, entity_id: str, keys: Sequence[str] | None, signs_requests: bool = True) -> ServiceProvider:
    registration = a_registration(entity_id=entity_id, keys=keys, signs_requests=signs_requests)
    return a_site(name=name, entity_id=entity_id, registration=registration)


def other_sites() -> tuple[ServiceProvider, ...]:
    """One with its own key, one whose key `encryption` is no signature's, and one that need not sign, but has a key."""
    encryption = a_key_descriptor(an_rsa_signer("encryption").certificate, use="encryption")
    return (
        _site("other", entity_id=OTHER_ID, keys=[a_key_descriptor(an_rsa_signer("other").certificate)]),
        _site("quiet", entity_id=QUIET_ID, keys=[a_key_descriptor(an_rsa_signer("quiet").certificate), encryption]),
        _site("unsigned", entity_id=UNSIGNED_ID, keys=None, signs_requests=False),
    )


@contextmanager
def a_web_door(foundations: Foundations, folder: Path) -> Iterator[WebDoor]:
    """A door of a house that knows the sample sites and `other_sites`."""
    ear, level = _Ear(), _logger.level
    _logger.addHandler(ear)
    _logger.setLevel(logging.INFO)
    with a_house(foundations, house_settings(foundations, folder), clock=FakeClock(NOW)) as house:
        house.services.refusal_log._limit = 10**9  # noqa: SLF001 (so that the log never falls silent)
        register_sites(house.services.releases.work, *other_sites())
        yield WebDoor(house=house, ear=ear)
    _logger.removeHandler(ear)
    _logger.setLevel(level)


@pytest.fixture(scope="module")
def web_door(foundations: Foundations, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDoor]:
    with a_web_door(foundations, tmp_path_factory.mktemp("door")) as door:
        yield door


Change = Callable[[bytes], bytes]


def _unchanged(xml: bytes) -> bytes:
    return xml


class Way(Protocol):
    """A way for a request to come in."""

    @property
    def name(self) -> str: ...

    def message(self, *, inside: str = "", before: str = "", issuer: str | None = None, **changes: str | None) -> bytes:
        """A good one but for its signature; `inside` are further children behind the Issuer."""

    def bring(
        self, door: WebDoor, xml: bytes, *, signer: CertifiedPemSigner | None = None, then: Change = _unchanged
    ) -> Met:
        """Bring `xml` signed by the site, or by `signer`; `then` is a change of the text that spares the signature."""

    def knock(self, door: WebDoor, xml: bytes) -> Met:
        """Bring `xml` as it is."""

    def document(self, xml: bytes) -> bytes:
        """The whole XML that travels with `xml`, signed by the site if the signature stands inside."""

    def send(self, door: WebDoor, document: bytes) -> Met:
        """Bring a whole XML, signed by the site if the signature stands beside it."""


@dataclass(frozen=True, slots=True)
class _Redirect:
    name: str = "redirect"

    def message(self, *, inside: str = "", before: str = "", issuer: str | None = None, **changes: str | None) -> bytes:
        return TestSite().request(inside=inside, before=before, issuer=issuer, issued_at=NOW, **changes)

    def bring(
        self, door: WebDoor, xml: bytes, *, signer: CertifiedPemSigner | None = None, then: Change = _unchanged
    ) -> Met:
        return door.redirect(TestSite(signer=signer).redirect(then(xml)))

    def knock(self, door: WebDoor, xml: bytes) -> Met:
        return door.redirect(TestSite().redirect(xml).partition(b"&SigAlg=")[0])

    def document(self, xml: bytes) -> bytes:
        return xml

    def send(self, door: WebDoor, document: bytes) -> Met:
        return door.redirect(TestSite().redirect(document))


@dataclass(frozen=True, slots=True)
class _Post(_Redirect):
    name: str = "post"

    def bring(
        self, door: WebDoor, xml: bytes, *, signer: CertifiedPemSigner | None = None, then: Change = _unchanged
    ) -> Met:
        return self.knock(door, then(TestSite(signer=signer).signed_inside(xml)))

    def knock(self, door: WebDoor, xml: bytes) -> Met:
        return door.post(a_form(xml))

    def document(self, xml: bytes) -> bytes:
        return TestSite().signed_inside(xml)

    def send(self, door: WebDoor, document: bytes) -> Met:
        return self.knock(door, document)


@dataclass(frozen=True, slots=True)
class _Artifact:
    name: str = "artifact"

    def message(self, *, inside: str = "", before: str = "", issuer: str | None = None, **changes: str | None) -> bytes:
        attributes = {"ID": "_resolve1", "Version": "2.0", "Destination": ARTIFACT_URL, **changes}
        question = TestSite().question("AAQAAA==", issuer, NOW, attributes)
        return before.encode() + question.replace(b"<samlp:Artifact>", inside.encode() + b"<samlp:Artifact>")

    def bring(
        self, door: WebDoor, xml: bytes, *, signer: CertifiedPemSigner | None = None, then: Change = _unchanged
    ) -> Met:
        return self.knock(door, then(TestSite(signer=signer).signed_inside(xml)))

    def knock(self, door: WebDoor, xml: bytes) -> Met:
        return door.resolve(an_envelope(xml))

    def document(self, xml: bytes) -> bytes:
        return an_envelope(TestSite().signed_inside(xml))

    def send(self, door: WebDoor, document: bytes) -> Met:
        return door.resolve(document)


REDIRECT: Way = _Redirect()
POST: Way = _Post()
ARTIFACT: Way = _Artifact()
every_way = pytest.mark.parametrize("way", [REDIRECT, POST, ARTIFACT], ids=lambda way: way.name)
by_browser = pytest.mark.parametrize("way", [REDIRECT, POST], ids=lambda way: way.name)
signed_inside = pytest.mark.parametrize("way", [POST, ARTIFACT], ids=lambda way: way.name)
"""The two whose signature stands in the message."""
