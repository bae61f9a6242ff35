"""Publishers of metadata on the loopback, and a register that follows them through real HTTP and real XML.

with a_publication() as publication:
    door = MetadataDoor(engine, publication)
    site = door.follow(SourceKind.AGGREGATE)         # a source with one admitted site, `SITE`
    door.publish(a_document)                          # its next document, at the place where it is asked for
    door.ask()                                        # -> "taken", or the code of the refusal
    door.has_new                                      # whether the site's new description is in use
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import Engine

from idp.composition import metadata_sources, service_providers
from idp.domain.metadata_source import MetadataSource, MetadataSourceName, SourceKind
from idp.domain.service_provider import ServiceProviderId
from idp.settings import MetadataSettings
from tests.support.builders import NOW
from tests.support.federation import END, HERE, Publisher, a_publisher, an_aggregate, written
from tests.support.raw_server import Conversation, RawServer, raw_server
from tests.support.saml import a_registration, a_return_address
from tests.support.sources import Followed
from tests.support.values import SETTINGS

SITE = "https://site.example/metadata"
NEW_ADDRESS = "https://site.example/acs/new"
DEADLINE = timedelta(milliseconds=700)


@dataclass(slots=True)
class Publication:
    """What stands at which path, with its version; `behaviour` does something else instead. `asked` are the heads."""

    documents: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    behaviour: Callable[[Conversation], None] | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, peer: Conversation, _: RawServer) -> None:
        """One request of each connection."""
        self.asked.append(peer.read_request().decode())
        if self.behaviour is None:
            peer.say(self._answer(self.asked[-1]))
        else:
            self.behaviour(peer)

    def _answer(self, head: str) -> bytes:
        path = head.split(" ")[1]
        version = self.versions.get(path)
        if path not in self.documents:
            return b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        if version is not None and f"\r\nIf-None-Match: {version}\r\n" in head:
            return b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
        body = self.documents[path]
        etag = f"ETag: {version}\r\n" if version else ""
        return f"HTTP/1.1 200 OK\r\nConnection: close\r\n{etag}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def a_publication() -> Iterator[Publication]:
    """Listening until the block ends."""
    publication = Publication()
    with raw_server(publication.answer) as server:
        publication.url = server.url
        yield publication


def a_registered_entity(entity_id: str = SITE, *, address: str = NEW_ADDRESS, **changes: object) -> str:
    """A service provider that we could admit, as a member of a group or at the root of a document."""
    return a_registration(entity_id=entity_id, return_addresses=[a_return_address(address, 0)], **changes)  # type: ignore[arg-type]


def a_document_for(
    kind: SourceKind, *, member: str | None = None, ends_at: datetime | None = END, **head: object
) -> str:
    """What a source of this kind would publish about `SITE`, to be signed."""
    member = member or a_registered_entity()
    if kind is SourceKind.AGGREGATE:
        return an_aggregate(member, ends_at=ends_at, **head)  # type: ignore[arg-type]
    start, _, rest = member.removeprefix("<md:EntityDescriptor").partition(">")
    until = "" if ends_at is None else f' validUntil="{written(ends_at)}"'
    return f'<md:EntityDescriptor ID="_document"{until}{start}>{HERE}{rest}'


class MetadataDoor(Followed):
    """With the site `SITE`, admitted long ago with another return address."""

    def __init__(self, engine: Engine, publication: Publication, publisher: Publisher | None = None) -> None:
        limits = MetadataSettings(single_deadline=DEADLINE, aggregate_deadline=DEADLINE)
        settings = replace(SETTINGS, metadata=limits)
        sources = metadata_sources(settings, engine)
        super().__init__(engine, sources.documents, service_providers(settings, engine).readers)
        self.publication = publication
        self.publisher = publisher or a_publisher()
        self.source: MetadataSource | None = None
        self._site = ServiceProviderId("")

    def follow(self, kind: SourceKind) -> ServiceProviderId:
        """The operator's acts."""
        path = "" if kind is SourceKind.QUERY else "metadata.xml"
        self.source = MetadataSource(
            name=MetadataSourceName(f"the-{kind}"),
            kind=kind,
            url=f"{self.publication.url}{path}",
            signers=(self.publisher.certificate,),
        )
        self.add(self.source)
        self._site = self.admit(SITE, self.source, text=a_registered_entity(address="https://site.example/acs/old"))
        return self._site

    @property
    def place(self) -> str:
        """The path at which the source is asked for the site."""
        assert self.source is not None
        return f"/entities/{quote(SITE, safe='')}" if self.source.kind is SourceKind.QUERY else "/metadata.xml"

    def publish(self, document: bytes, *, version: str | None = None) -> None:
        """From now on."""
        self.publication.documents[self.place] = document
        self.publication.versions.pop(self.place, None)
        if version is not None:
            self.publication.versions[self.place] = version

    def ask(self, *, now: datetime = NOW) -> str:
        """The outcome: of the site, or of the aggregate if that comes to nothing."""
        assert self.source is not None
        return self.refresh(self.source, now=now)[-1][1]

    @property
    def has_new(self) -> bool:
        """Whether what was published is in use."""
        return NEW_ADDRESS in self.site(self._site).registration
