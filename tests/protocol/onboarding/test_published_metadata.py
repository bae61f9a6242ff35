"""`idp sp add` with an address: fetched over HTTP, proven by the pinned certificate, and followed from then on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foundation.clock import system_clock
from tests.support import saml
from tests.support.federation import a_publisher, a_single
from tests.support.office import NAMES, Office, office, office_template

__all__ = ["office", "office_template"]

SITE = "https://site.example/metadata"
ROLE = saml.a_registration(entity_id=SITE).partition(">")[2].removesuffix("</md:EntityDescriptor>")
"""What stands between the tags of a good EntityDescriptor."""


@dataclass(slots=True)
class Publisher:
    """Answers every request by `document`, or by 404 without one."""

    document: bytes | None = None
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def publish(self, *, signer: str = "federation", valid_for: timedelta = timedelta(days=7)) -> None:
        """The site's metadata, signed."""
        document = a_single(SITE, ends_at=system_clock() + valid_for, content=ROLE)
        self.document = a_publisher(signer).sign(document)


@contextmanager
def a_web_server(publisher: Publisher) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked.append(self.path)
            self.send_response(404 if publisher.document is None else 200)
            self.end_headers()
            self.wfile.write(publisher.document or b"")

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher.address = f"http://127.0.0.1:{server.server_port}/metadata"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher()
    publisher.publish()
    with a_web_server(publisher):
        yield publisher


def add_words(office: Office, publisher: Publisher, *more: str) -> tuple[str, ...]:
    signer = office.file("signer.pem", a_publisher("federation").certificate)
    return ("sp", "add", publisher.address, "--signer", signer, "--sector", "tax", *NAMES, *more)


def test_site_is_added_from_its_address_and_follows_it(office: Office, publisher: Publisher) -> None:
    office.sector("tax")
    said = office.idp(*add_words(office, publisher, "--id", "site", "--json"))
    assert said.status == 0, said.out
    site = said.json["service_provider"]
    assert isinstance(site, dict)
    assert (site["source"], site["protocol_id"], site["marks"]) == ("site", SITE, [])
    assert site["registration_ends_at"] is not None
    assert office.idp("sp", "test", "site").status == 0
    assert publisher.asked == ["/metadata", "/metadata"]


def test_source_that_fails_is_a_warning_of_the_test(office: Office, publisher: Publisher) -> None:
    office.sector("tax")
    office.idp(*add_words(office, publisher, "--id", "site"))
    publisher.document = None
    tested = office.idp("sp", "test", "site")
    assert tested.status == 0
    assert "warning  source" in tested.out


@pytest.mark.parametrize(
    ("signer", "valid_for", "words"),
    [("stranger", timedelta(days=7), "signature"), ("federation", timedelta(seconds=-1), "validity is over")],
)
def test_document_that_is_not_good_admits_nobody(
    office: Office, publisher: Publisher, signer: str, valid_for: timedelta, words: str
) -> None:
    office.sector("tax")
    publisher.publish(signer=signer, valid_for=valid_for)
    said = office.idp(*add_words(office, publisher))
    assert said.status == 1
    assert words in said.err
    assert "no service provider" in office.idp("sp", "list").out


def test_address_that_does_not_answer_is_said_in_one_sentence(office: Office, publisher: Publisher) -> None:
    publisher.document = None
    said = office.idp(*add_words(office, publisher))
    assert said.status == 1
    assert said.err.count("\n") == 1


def test_file_that_is_no_certificate_is_refused(office: Office, publisher: Publisher) -> None:
    words = add_words(office, publisher)
    office.file("signer.pem", "not a certificate")
    said = office.idp(*words)
    assert said.status == 1
    assert "PEM" in said.err
