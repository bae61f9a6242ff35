"""Metadata of sites, from files of a publisher who lies, or of somebody who stands between him and us.

The front door is what the worker does with a source: it asks over HTTP, and either the site's description is the new
one afterwards, or nothing has changed. Work is told in bytes that were read and in what was asked of the publisher.
"""

import gzip
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import Engine

from idp.domain.events import AggregateRefused, SiteMetadataRefused
from idp.domain.metadata_source import MetadataRefused, SourceKind, WhyRefused
from idp.protocols.saml.federation.documents import FederationReader
from idp.protocols.saml.federation.pieces import PORTION
from tests.support.builders import NOW
from tests.support.databases import sqlite_engine, sqlite_template
from tests.support.federation import (
    END,
    ENVELOPED,
    EXCLUSIVE,
    HERE,
    HMAC_SHA256,
    METADATA,
    RSA_SHA1,
    SHA1,
    XML_SIGNATURE,
    a_publisher,
    an_aggregate,
    written,
)
from tests.support.publications import (
    NEW_ADDRESS,
    SITE,
    MetadataDoor,
    Publication,
    a_document_for,
    a_publication,
    a_registered_entity,
)
from tests.support.raw_server import Conversation

__all__ = ["sqlite_engine", "sqlite_template"]

PUBLISHER = a_publisher()
STRANGER = a_publisher("stranger")
DAY = timedelta(days=1)
OLD_ADDRESS = "https://site.example/acs/old"
EVIL_ADDRESS = "https://evil.example/acs"
SIGNATURE = re.compile(r"<ds:Signature .*</ds:Signature>", re.DOTALL)


@pytest.fixture
def publication() -> Iterator[Publication]:
    with a_publication() as made:
        yield made


@pytest.fixture
def door(sqlite_engine: Engine, publication: Publication) -> MetadataDoor:
    return MetadataDoor(sqlite_engine, publication)


every_kind = pytest.mark.parametrize("kind", SourceKind)


def refused(door: MetadataDoor, document: bytes, *, kind: SourceKind) -> str:
    """Why; and that nothing has changed but that it was told."""
    site = door.follow(kind)
    before = door.site(site)
    door.publish(document)
    why = door.ask()
    assert door.site(site) == before
    assert door.kept_entities() == 0
    assert len(door.events(AggregateRefused, SiteMetadataRefused)) == 1
    return why


@every_kind
def test_honest_document_is_taken(door: MetadataDoor, kind: SourceKind) -> None:
    """So that the refusals below mean something."""
    door.follow(kind)
    door.publish(PUBLISHER.sign(a_document_for(kind)))
    assert door.ask() == "taken"
    assert door.has_new


# Who signed, and what


@every_kind
def test_unsigned_document(door: MetadataDoor, kind: SourceKind) -> None:
    assert refused(door, a_document_for(kind).encode(), kind=kind) == WhyRefused.UNSIGNED


@every_kind
def test_document_rightly_signed_by_somebody_else(door: MetadataDoor, kind: SourceKind) -> None:
    assert refused(door, STRANGER.sign(a_document_for(kind)), kind=kind) == WhyRefused.WRONGLY_SIGNED


@every_kind
def test_document_that_brings_its_own_key(door: MetadataDoor, kind: SourceKind) -> None:
    text = "".join(STRANGER.certificate.splitlines()[1:-1])
    key = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    assert refused(door, STRANGER.sign(a_document_for(kind), extra=key), kind=kind) == WhyRefused.WRONGLY_SIGNED


@every_kind
def test_document_that_was_changed_after_it_was_signed(door: MetadataDoor, kind: SourceKind) -> None:
    document = PUBLISHER.sign(a_document_for(kind)).replace(NEW_ADDRESS.encode(), EVIL_ADDRESS.encode())
    assert refused(door, document, kind=kind) == WhyRefused.WRONGLY_SIGNED


WEAK: dict[str, dict[str, object]] = {
    "SHA-1 digest": {"digest": SHA1},
    "SHA-1 signature": {"algorithm": RSA_SHA1},
    "HMAC": {"algorithm": HMAC_SHA256},
    "MD5": {"algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"},
    "no algorithm": {"algorithm": " "},
}


@every_kind
@pytest.mark.parametrize("ways", WEAK.values(), ids=WEAK)
def test_algorithms_that_are_not_on_our_list(door: MetadataDoor, kind: SourceKind, ways: dict[str, object]) -> None:
    document = PUBLISHER.sign(a_document_for(kind), **ways)  # type: ignore[arg-type]
    assert refused(door, document, kind=kind) == WhyRefused.WRONGLY_SIGNED


def transform(algorithm: str, content: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{content}</ds:Transform>'


ELSEWHERE: dict[str, dict[str, object]] = {
    "another element": {"reference": "#another"},
    "another document": {"reference": "https://evil.example/metadata.xml"},
    "a file": {"reference": "file:///etc/passwd"},
    "a pointer": {"reference": "#xpointer(/)"},
    "a pointer to the ID": {"reference": "#xpointer(id('_document'))"},
    "nothing": {"reference": None},
    "only a sign": {"reference": "#"},
    "no transform": {"transforms": ("",)},
    "no enveloped signature": {"transforms": (transform(EXCLUSIVE),)},
    "no canonicalization": {"transforms": (transform(ENVELOPED),)},
    "wrong order": {"transforms": (transform(EXCLUSIVE), transform(ENVELOPED))},
    "one too many": {"transforms": (transform(ENVELOPED), transform(EXCLUSIVE), transform(EXCLUSIVE))},
    "a path": {
        "transforms": (
            transform(ENVELOPED),
            transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(self::x)</ds:XPath>"),
        )
    },
    "a program": {"transforms": (transform(ENVELOPED), transform("http://www.w3.org/TR/1999/REC-xslt-19991116"))},
    "base64": {"transforms": (transform(ENVELOPED), transform(XML_SIGNATURE + "base64"))},
    "inclusive canonicalization": {
        "transforms": (transform(ENVELOPED), transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"))
    },
    "parameter of a transform": {"transforms": (transform(ENVELOPED, "<x/>"), transform(EXCLUSIVE))},
    "unknown parameter": {"transforms": (transform(ENVELOPED), transform(EXCLUSIVE, "<x/>"))},
    "too many prefixes": {"prefixes": tuple(f"p{number}" for number in range(17))},
    "an object": {"extra": "<ds:Object><x/></ds:Object>"},
    "two keys": {"extra": "<ds:KeyInfo/><ds:KeyInfo/>"},
}


@pytest.mark.parametrize("ways", ELSEWHERE.values(), ids=ELSEWHERE)
def test_signature_of_any_other_form_or_over_anything_else(door: MetadataDoor, ways: dict[str, object]) -> None:
    kind = SourceKind.AGGREGATE
    document = PUBLISHER.sign(a_document_for(kind), **ways)  # type: ignore[arg-type]
    assert refused(door, document, kind=kind) == WhyRefused.WRONGLY_SIGNED


@pytest.mark.parametrize("reference", ["#", "#None", "#_document"])
def test_reference_to_the_id_of_a_document_that_has_none(door: MetadataDoor, reference: str) -> None:
    kind = SourceKind.AGGREGATE
    document = PUBLISHER.sign(a_document_for(kind).replace(' ID="_document"', ""), reference=reference)
    assert refused(door, document, kind=kind) == WhyRefused.WRONGLY_SIGNED


def test_second_reference(door: MetadataDoor) -> None:
    kind = SourceKind.AGGREGATE
    document = PUBLISHER.sign(a_document_for(kind)).decode()
    (reference,) = re.findall(r"<ds:Reference.*</ds:Reference>", document)
    assert refused(door, document.replace(reference, reference * 2).encode(), kind=kind) == WhyRefused.WRONGLY_SIGNED


def test_processing_instruction_beside_a_document_that_is_signed_as_a_whole(door: MetadataDoor) -> None:
    kind = SourceKind.AGGREGATE
    document = PUBLISHER.sign(a_document_for(kind), reference="") + b"<?evil?>"
    assert refused(door, document, kind=kind) == WhyRefused.WRONGLY_SIGNED


# Wrapping: what was signed is still there, and something else is offered to be read


def signed_parts() -> tuple[str, str]:
    """A rightly signed document about the site, and its signature."""
    document = PUBLISHER.sign(a_document_for(SourceKind.QUERY)).decode()
    found = SIGNATURE.search(document)
    assert found is not None
    return document, found.group()


def evil(content: str, *, id_: str = "_document", inside: str = "") -> str:
    """An entity of the attacker's with `content` first."""
    member = a_registered_entity(address=EVIL_ADDRESS)
    start, _, rest = member.removeprefix("<md:EntityDescriptor").partition(">")
    until = f'validUntil="{written(END)}"'
    return f'<md:EntityDescriptor ID="{id_}" {until}{start}>{content}{inside}{rest}'


def wrapped() -> dict[str, str]:
    document, signature = signed_parts()
    bare = document.replace(signature, "")
    with_object = signature.replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
    extensions = "<md:Extensions>{}</md:Extensions>"
    until = f'validUntil="{written(END)}"'
    group = f'<md:EntitiesDescriptor xmlns:md="{METADATA}" ID="{{}}" {until}>{{}}</md:EntitiesDescriptor>'
    return {
        "evil root, signed document inside its extensions, same ID": evil(signature, inside=extensions.format(bare)),
        "evil root, signed document inside, other ID": evil(signature, id_="_evil", inside=extensions.format(bare)),
        "evil root, signed document with its signature inside": evil("", inside=extensions.format(document)),
        "signed document inside the signature": evil(with_object),
        "signed document inside the signature, other ID": evil(with_object, id_="_evil"),
        "evil root with the signature last": evil("", inside=extensions.format(bare)).replace(
            "</md:EntityDescriptor>", f"{signature}</md:EntityDescriptor>"
        ),
        "group around evil and signed entity": group.format("_evil", evil("", id_="_1") + document),
        "group around signed and evil entity": group.format("_evil", document + evil("", id_="_1")),
        "group with the ID and the signature of its member": group.format(
            "_document", signature + bare + evil("", id_="_1")
        ),
        "group with the signature of its member": group.format("_1", signature + bare + evil("", id_="_2")),
        "evil entity inside the signed one": document.replace(
            "<md:SPSSODescriptor", evil("") + "<md:SPSSODescriptor", 1
        ),
        "evil entity after the signature's own": document.replace(
            "</ds:SignatureValue>", f"</ds:SignatureValue><ds:Object>{evil('')}</ds:Object>"
        ),
        "signature of the group inside of evil": evil(extensions.format(signature), inside=extensions.format(bare)),
    }


ARRANGEMENTS = tuple(wrapped())


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize("kind", [SourceKind.AGGREGATE, SourceKind.QUERY])
def test_signature_wrapping(door: MetadataDoor, kind: SourceKind, arrangement: str) -> None:
    document = wrapped()[arrangement]
    assert EVIL_ADDRESS in document
    assert "<ds:SignatureValue>" in document
    etree.fromstring(document.encode())
    assert refused(door, document.encode(), kind=kind) in {WhyRefused.WRONGLY_SIGNED, WhyRefused.UNSIGNED}


def test_signature_of_a_member_is_none_of_the_group(door: MetadataDoor) -> None:
    """Not even of the whole group's only member, by the pinned signer himself."""
    document, _ = signed_parts()
    group = an_aggregate(document).replace(HERE, "")
    assert refused(door, group.encode(), kind=SourceKind.AGGREGATE) == WhyRefused.UNSIGNED


@every_kind
def test_two_elements_with_one_id_do_not_confuse(door: MetadataDoor, kind: SourceKind) -> None:
    """No reference is followed: what is digested is the root, and what is read is what was digested."""
    door.follow(kind)
    twin = f'<x:y xmlns:x="urn:x" ID="_document" Location="{EVIL_ADDRESS}"/>'
    member = a_registered_entity().replace(
        "<md:SPSSODescriptor", f"<md:Extensions>{twin}</md:Extensions><md:SPSSODescriptor", 1
    )
    door.publish(PUBLISHER.sign(a_document_for(kind, member=member)))
    assert door.ask() == "taken"
    assert door.has_new


@every_kind
def test_comments_do_not_divide_what_was_signed(door: MetadataDoor, kind: SourceKind) -> None:
    """A signature does not see them, so anybody can put them in; nothing that is read changes by that."""
    door.follow(kind)
    signed = PUBLISHER.sign(a_document_for(kind)).decode()
    door.publish(signed.replace("</ds:X509Certificate>", "<!-- evil --></ds:X509Certificate>").encode())
    assert door.ask() == "taken"
    assert door.has_new


# Old, short, and for somebody else


@every_kind
@pytest.mark.parametrize(
    ("ends_at", "why"),
    [(None, WhyRefused.NO_END), (NOW, WhyRefused.EXPIRED), (NOW + 31 * DAY, WhyRefused.ENDS_TOO_LATE)],
)
def test_document_with_a_bad_end(door: MetadataDoor, kind: SourceKind, ends_at: object, why: WhyRefused) -> None:
    document = a_document_for(kind, ends_at=ends_at)  # type: ignore[arg-type]
    assert refused(door, PUBLISHER.sign(document), kind=kind) == why


@every_kind
def test_replayed_document_and_the_last_good_one_until_its_own_end(door: MetadataDoor, kind: SourceKind) -> None:
    site = door.follow(kind)
    door.publish(PUBLISHER.sign(a_document_for(kind)))
    door.ask()
    older = a_document_for(kind, member=a_registered_entity(address=OLD_ADDRESS), ends_at=END - DAY)
    door.publish(PUBLISHER.sign(older))
    for now in (NOW, END - 2 * DAY):
        assert door.ask(now=now) == WhyRefused.ROLLED_BACK
        assert door.has_new
    assert door.site(site).registration_ends_at == END.replace(microsecond=0)
    door.publish(b"")
    assert door.ask(now=END) == WhyRefused.NOT_METADATA
    assert door.site(site).registration_ends_at == END.replace(microsecond=0)


def test_federation_that_lost_nearly_everybody(door: MetadataDoor) -> None:
    door.follow(SourceKind.AGGREGATE)
    others = [a_registered_entity(f"https://{number}.example") for number in range(9)]
    door.publish(PUBLISHER.sign(an_aggregate(a_registered_entity(), *others)))
    assert door.ask() == "taken"
    door.publish(PUBLISHER.sign(an_aggregate(*others[:4])))
    assert door.ask() == WhyRefused.SHRUNKEN
    assert door.has_new
    assert door.kept_entities() == 10


@pytest.mark.parametrize("kind", [SourceKind.ENTITY, SourceKind.QUERY])
def test_rightly_signed_answer_about_another_site(door: MetadataDoor, kind: SourceKind) -> None:
    document = a_document_for(kind, member=a_registered_entity("https://other.example"))
    assert refused(door, PUBLISHER.sign(document), kind=kind) == WhyRefused.WRONG_ENTITY


@pytest.mark.parametrize("kind", [SourceKind.ENTITY, SourceKind.QUERY])
def test_rightly_signed_answer_about_this_site_and_another(door: MetadataDoor, kind: SourceKind) -> None:
    """The one of the two that is meant is told by its name, and not by its place."""
    door.follow(kind)
    other = a_registered_entity("https://other.example", address=EVIL_ADDRESS)
    door.publish(PUBLISHER.sign(an_aggregate(other, a_registered_entity())))
    assert door.ask() == "taken"
    assert door.has_new


# Documents that would exhaust us


def signed() -> str:
    """A rightly signed document: the pinned signer, or who has an old document of his, makes bombs of it."""
    return PUBLISHER.sign(an_aggregate(a_registered_entity())).decode()


def after_the_declaration(text: str) -> bytes:
    return signed().replace("?>\n", f"?>{text}", 1).encode()


def after_the_signature(text: str) -> bytes:
    return signed().replace("</ds:Signature>", f"</ds:Signature>{text}", 1).encode()


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = after_the_declaration(f'<!DOCTYPE x [<!ENTITY l0 "ha">{entities}]>')
    return document.replace(b"xmlns:md", b'a="&l9;" xmlns:md', 1)


def many_attributes() -> bytes:
    attributes = "".join(f' a{n}=""' for n in range(700_000))
    return after_the_signature(f"<md:x{attributes}/>")


BOMBS: dict[str, tuple[Callable[[], bytes], WhyRefused]] = {
    "document type": (lambda: after_the_declaration("<!DOCTYPE x>"), WhyRefused.DOCUMENT_TYPE),
    "expanding entities": (laughs, WhyRefused.DOCUMENT_TYPE),
    "external entity": (
        lambda: after_the_declaration('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        WhyRefused.DOCUMENT_TYPE,
    ),
    "external document type": (
        lambda: after_the_declaration('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'),
        WhyRefused.DOCUMENT_TYPE,
    ),
    "document type behind a long comment": (
        lambda: after_the_declaration(f"<!--{'x' * 2 * PORTION}--><!DOCTYPE x>"),
        WhyRefused.NOT_METADATA,
    ),
    "undeclared entity": (
        lambda: signed().replace("</md:SPSSO", "&evil;</md:SPSSO").encode(),
        WhyRefused.NOT_METADATA,
    ),
    "deep": (lambda: after_the_signature("<md:x>" * 100_000), WhyRefused.TOO_DEEP),
    "groups in groups": (lambda: after_the_signature("<md:EntitiesDescriptor>" * 100), WhyRefused.TOO_DEEP),
    "many attributes": (many_attributes, WhyRefused.TOO_LARGE),
    "one long name": (lambda: after_the_signature(f"<{'x' * 20_000_000}/>"), WhyRefused.TOO_LARGE),
    "one long text": (lambda: after_the_signature("x" * 20_000_000), WhyRefused.TOO_LARGE),
    "many pieces": (lambda: after_the_signature("<?x?>" * 200_000), WhyRefused.TOO_MANY_ELEMENTS),
    "another root": (lambda: b"<x>" + b"<y/>" * 5_000_000, WhyRefused.NOT_METADATA),
    "in UTF-16": (lambda: signed().encode("utf-16"), WhyRefused.NOT_METADATA),
    "compressed": (lambda: gzip.compress(bytes(10_000_000)), WhyRefused.NOT_METADATA),
}


@pytest.mark.parametrize(("make", "why"), BOMBS.values(), ids=BOMBS)
def test_bomb(door: MetadataDoor, make: Callable[[], bytes], why: WhyRefused) -> None:
    assert refused(door, make(), kind=SourceKind.AGGREGATE) == why


class Counting(io.BytesIO):
    """A file that knows how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def read_of(document: bytes) -> int:
    """Bytes that were read before the document was refused."""
    file = Counting(document)
    with pytest.raises(MetadataRefused):
        FederationReader().read(file, signers=[PUBLISHER.certificate], judge=lambda _: None, take=lambda _: None)
    return file.count


FIRST_PORTION: dict[str, Callable[[], bytes]] = {
    "document type": lambda: b"<!DOCTYPE x>" + b" " * 50_000_000,
    "another root": lambda: b"<x>" + b"<y/>" * 12_000_000,
    "nothing": lambda: b" " * 50_000_000,
    "unsigned": lambda: an_aggregate("<md:x/>" * 7_000_000).encode(),
    "of a stranger": lambda: STRANGER.sign(an_aggregate("<md:x/>")) + b" " * 50_000_000,
    "signed elsewhere": lambda: PUBLISHER.sign(an_aggregate("<md:x/>"), reference="#x") + b" " * 50_000_000,
    "deep": BOMBS["deep"][0],
    "groups in groups": BOMBS["groups in groups"][0],
}


@pytest.mark.parametrize("make", FIRST_PORTION.values(), ids=FIRST_PORTION)
def test_what_the_pinned_signer_has_not_signed_or_nobody_could_is_given_up_at_once(make: Callable[[], bytes]) -> None:
    assert read_of(make()) <= PORTION


def test_piece_without_an_end_is_given_up_at_its_bound() -> None:
    assert read_of(many_attributes()) <= 4 * 1024 * 1024 + 2 * PORTION


def test_replayed_document_is_given_up_before_its_members_are_read(door: MetadataDoor) -> None:
    """Judged by its head: nothing is written, however many members follow."""

    def judge(_: object) -> None:
        raise MetadataRefused(WhyRefused.EXPIRED)

    kind = SourceKind.AGGREGATE
    members = "".join(a_registered_entity(f"https://{number}.example") for number in range(2000))
    document = PUBLISHER.sign(a_document_for(kind, member=members, ends_at=NOW))
    file = Counting(document)
    with pytest.raises(MetadataRefused):
        FederationReader().read(file, signers=[PUBLISHER.certificate], judge=judge, take=lambda _: None)
    assert file.count == PORTION
    assert refused(door, document, kind=kind) == WhyRefused.EXPIRED


# Servers that are no good


def test_body_of_50_mb_for_one_site_is_not_waited_for(door: MetadataDoor, publication: Publication) -> None:
    sent = 0

    def pour(peer: Conversation) -> None:
        nonlocal sent
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            peer.say(bytes(100_000))
            sent += 100_000

    publication.behaviour = pour
    door.follow(SourceKind.QUERY)
    assert door.ask() == WhyRefused.TOO_LARGE
    assert sent < 20_000_000  # one megabyte, and what the system holds for a connection


def silent(peer: Conversation) -> None:
    peer.be_silent()


def dripping_head(peer: Conversation) -> None:
    peer.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 1000, seconds=0.05)


def dripping_body(peer: Conversation) -> None:
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    peer.drip(bytes(900), seconds=0.05)


def cut_short(peer: Conversation) -> None:
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<md:x")


def no_http(peer: Conversation) -> None:
    peer.say(b"SSH-2.0-evil\r\n")


def unasked_304(peer: Conversation) -> None:
    peer.say(b"HTTP/1.1 304 Not Modified\r\n\r\n")


def failing(peer: Conversation) -> None:
    peer.say(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    "behaviour",
    [silent, dripping_head, dripping_body, cut_short, no_http, unasked_304, failing],
    ids=lambda f: f.__name__,
)
def test_server_that_is_slow_or_broken(
    door: MetadataDoor, publication: Publication, behaviour: Callable[[Conversation], None]
) -> None:
    publication.behaviour = behaviour
    site = door.follow(SourceKind.AGGREGATE)
    before = door.site(site)
    assert door.ask() == WhyRefused.NOT_FETCHED
    assert door.site(site) == before
    assert len(publication.asked) == 1


def test_redirect_is_not_followed(door: MetadataDoor, publication: Publication) -> None:
    def lead_away(peer: Conversation) -> None:
        peer.say(f"HTTP/1.1 302 Found\r\nLocation: {publication.url}else\r\nContent-Length: 0\r\n\r\n".encode())

    publication.behaviour = lead_away
    door.follow(SourceKind.AGGREGATE)
    assert door.ask() == WhyRefused.NOT_FETCHED
    assert len(publication.asked) == 1


def test_name_of_a_site_cannot_lead_a_query_elsewhere(door: MetadataDoor, publication: Publication) -> None:
    """Whatever is in it is one segment of the path."""
    door.follow(SourceKind.QUERY)
    assert door.source is not None
    for entity_id in ("../../evil", "x?y=z#f", "x HTTP/1.1\r\nHost: evil", f"{SITE}%2F..", "https://evil.example"):
        with pytest.raises(MetadataRefused):
            door.sources.look_up(door.source, entity_id, now=NOW)
    paths = [head.split(" ")[1] for head in publication.asked]
    assert len(paths) == 5
    assert all(re.fullmatch(r"/entities/[A-Za-z0-9._~%-]+", path) for path in paths)
    assert all("evil" not in line for head in publication.asked for line in head.split("\r\n")[1:])
