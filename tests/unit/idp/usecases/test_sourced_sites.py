import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.metadata_rules import MetadataRules
from idp.domain.metadata_source import (
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    SourceKind,
    SourceRefused,
    WhyRefused,
)
from idp.domain.service_provider import FederationProtocol, Mark, ServiceProviderId, Tier
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.federation.documents import FederationReader
from idp.protocols.saml.sites.reader import SiteMetadataReader
from idp.protocols.saml.xml.documents import Schema
from idp.usecases.admission import SiteRefused
from idp.usecases.differences import Difference
from idp.usecases.metadata_sources import Sources
from idp.usecases.orders import Entries, Entry, Order
from idp.usecases.ports import FetchedDocument
from idp.usecases.service_providers import Change, ServiceProviders
from idp.usecases.source_documents import SourceDocuments
from idp.usecases.sourced_sites import Address, Member, SourcedSites
from tests.support.builders import NOW, a_sector
from tests.support.federation import END, a_publisher, a_single
from tests.support.onboarding import EVERYTHING, a_description
from tests.support.saml import SETTINGS

SITE = "https://site.example/metadata"
SIGNER = a_publisher().certificate
ADDRESS = Address(url=SITE, signers=(SIGNER,))
QUERY = MetadataSourceName("federation")
RULES = MetadataRules(
    refresh=timedelta(hours=1), retry=timedelta(minutes=5), longest_validity=timedelta(days=30), least_percent=50
)


@dataclass(slots=True)
class FakeFetcher:
    """Fulfils `MetadataFetcher`: the documents by address, or by entityID."""

    documents: dict[str, bytes] = field(default_factory=dict)

    def require_address(self, url: str) -> None:
        if not url.startswith("https://"):
            raise MetadataRefused(WhyRefused.ADDRESS)

    @contextmanager
    def fetch(
        self, source: MetadataSource, entity_id: str | None, *, etag: str | None
    ) -> Iterator[FetchedDocument | None]:
        assert etag is None
        self.require_address(source.url)
        document = self.documents.get(source.url if source.kind is SourceKind.ENTITY else entity_id or "")
        if document is None:
            raise MetadataRefused(WhyRefused.NOT_THERE)
        yield FetchedDocument(document=io.BytesIO(document), size=len(document), etag=None)


class World:
    """A register, sources, and what is published."""

    def __init__(self, engine: Engine) -> None:
        self.web = FakeFetcher()
        work = SqlUnitOfWork(engine)
        reader = SiteMetadataReader(schema=Schema(schema_file("metadata")), settings=SETTINGS)
        self.sites = ServiceProviders(work=work, readers={FederationProtocol.SAML: reader})
        self.sites.add_sector(a_sector(), now=NOW)
        documents = SourceDocuments(fetcher=self.web, reader=FederationReader(), rules=RULES)
        self.sources = Sources(work=work, documents=documents)
        self.sourced = SourcedSites(sites=self.sites, sources=self.sources)

    def publish(self, document: bytes | None = None) -> None:
        """At the site's own address, and where the federation is asked for it."""
        self.web.documents[SITE] = a_publisher().sign(a_single(SITE)) if document is None else document

    def names(self) -> list[str]:
        """Of the sources that are kept."""
        return [state.source.name for state in self.sources.all()]


@pytest.fixture
def world(sqlite_engine: Engine) -> World:
    world = World(sqlite_engine)
    world.publish()
    return world


def test_site_is_admitted_from_its_address_and_follows_it(world: World) -> None:
    outcome = world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False)
    assert (outcome.change, outcome.site.id, outcome.site.source) == (Change.ADDED, "site.example", "site.example")
    assert outcome.site.registration_ends_at == END.replace(microsecond=0)
    assert [warning for warning in outcome.warnings if warning.place == Entry.DESCRIPTION] == []
    assert outcome.site.marks == {Mark.UNSIGNED_REQUESTS}
    (state,) = world.sources.all()
    assert (state.source.kind, state.source.url, state.source.signers) == (SourceKind.ENTITY, SITE, (SIGNER,))
    assert world.sources.trouble(outcome.site, now=NOW) is None


@pytest.mark.parametrize(("left", "is_warned"), [(timedelta(hours=25), False), (timedelta(hours=23), True)])
def test_end_of_what_is_followed_is_warned_about_late(world: World, left: timedelta, *, is_warned: bool) -> None:
    """The source has newer ones long before; if it has not by then, somebody must look."""
    world.publish(a_publisher().sign(a_single(SITE, ends_at=NOW + left)))
    outcome = world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False)
    assert (Entry.DESCRIPTION in [warning.place for warning in outcome.warnings]) is is_warned


def test_rehearsal_keeps_neither_source_nor_site(world: World) -> None:
    outcome = world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=True)
    assert outcome.site.source == "site.example"
    assert (world.sites.all(), world.names()) == ((), [])


def test_site_that_is_refused_leaves_no_source_behind(world: World) -> None:
    with pytest.raises(SiteRefused):
        world.sourced.add(ADDRESS, replace(EVERYTHING, tier=Tier.HIGH), now=NOW, rehearsed=False)
    assert (world.sites.all(), world.names()) == ((), [])


def test_source_goes_when_the_register_changes_between_rehearsal_and_writing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Sources.add

    def add_late(sources: Sources, source: MetadataSource, *, now: datetime) -> Change:
        change = real(sources, source, now=now)
        quicker = replace(EVERYTHING, id=ServiceProviderId("quicker"))
        world.sites.add(Order(description=replace(a_description(), text=a_single(SITE)), entries=quicker), now=now)
        return change

    monkeypatch.setattr(Sources, "add", add_late)
    with pytest.raises(SiteRefused, match="registered already, as quicker"):
        world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False)
    assert world.names() == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (a_single(SITE).encode(), WhyRefused.UNSIGNED),
        (a_publisher("stranger").sign(a_single(SITE)), WhyRefused.WRONGLY_SIGNED),
        (a_publisher().sign(a_single(SITE, ends_at=NOW)), WhyRefused.EXPIRED),
        (a_publisher().sign(a_single(SITE, ends_at=None)), WhyRefused.NO_END),
    ],
)
def test_site_is_not_admitted_from_a_document_that_is_not_good(world: World, document: bytes, why: WhyRefused) -> None:
    world.publish(document)
    with pytest.raises(MetadataRefused) as refused:
        world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False)
    assert refused.value.why is why
    assert world.names() == []


def test_address_of_another_site_is_never_taken_over(world: World) -> None:
    """A source with the site's name that is there already may be followed by others."""
    other = MetadataSource(
        name=MetadataSourceName("site.example"), kind=SourceKind.ENTITY, url="https://else.example/", signers=(SIGNER,)
    )
    world.sources.add(other, now=NOW)
    with pytest.raises(SourceRefused, match="another address"):
        world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False)
    assert world.sources.get(other.name) == other


def a_federation(world: World) -> None:
    source = MetadataSource(name=QUERY, kind=SourceKind.QUERY, url="https://mdq.example", signers=(SIGNER,))
    world.sources.add(source, now=NOW)


def test_member_of_a_federation_is_admitted_by_its_entity_id(world: World) -> None:
    a_federation(world)
    outcome = world.sourced.add(Member(source=QUERY, entity_id=SITE), EVERYTHING, now=NOW, rehearsed=False)
    assert (outcome.site.protocol_id, outcome.site.source) == (SITE, QUERY)


def test_stranger_to_the_federation_is_not_admitted(world: World) -> None:
    a_federation(world)
    member = Member(source=QUERY, entity_id="https://stranger.example")
    with pytest.raises(MetadataRefused) as refused:
        world.sourced.add(member, EVERYTHING, now=NOW, rehearsed=False)
    assert refused.value.why is WhyRefused.NOT_THERE


def test_unknown_source_is_named(world: World) -> None:
    with pytest.raises(SourceRefused, match="federation"):
        world.sourced.add(Member(source=QUERY, entity_id=SITE), EVERYTHING, now=NOW, rehearsed=False)


def a_registered_site(world: World) -> ServiceProviderId:
    description = replace(a_description(), text=a_single(SITE))
    return world.sourced.add(description, EVERYTHING, now=NOW, rehearsed=False).site.id


def test_registered_site_begins_to_follow_its_federation(world: World) -> None:
    a_federation(world)
    site = a_registered_site(world)
    member = Member(source=QUERY, entity_id=None)
    assert world.sourced.update(site, member, Entries(), now=NOW, rehearsed=False).site.source == QUERY


def test_registered_site_begins_to_follow_its_address(world: World) -> None:
    site = a_registered_site(world)
    rehearsed = world.sourced.update(site, ADDRESS, Entries(), now=NOW, rehearsed=True)
    assert (rehearsed.change, world.names()) == (Change.CHANGED, [])
    outcome = world.sourced.update(site, ADDRESS, Entries(), now=NOW, rehearsed=False)
    assert (outcome.site.source, world.names()) == (site, [site])
    assert outcome.differences[0] == Difference(what="source", before="", after=site)


def test_update_without_an_origin_keeps_the_source(world: World) -> None:
    site = world.sourced.add(ADDRESS, EVERYTHING, now=NOW, rehearsed=False).site.id
    outcome = world.sourced.update(site, None, Entries(name_en="New"), now=NOW, rehearsed=False)
    assert outcome.site.source == site
