import gc
import io
from datetime import timedelta
from itertools import islice

import pytest
from lxml import etree

from idp.domain.metadata_source import DocumentHead, EntityDescription, MetadataRefused, SignedMetadata, WhyRefused
from idp.protocols.saml.federation.canonical_stream import CanonicalStream
from idp.protocols.saml.federation.documents import FederationReader
from idp.protocols.saml.federation.pieces import (
    PORTION,
    Characters,
    Closed,
    Opened,
    Part,
    Piece,
    PieceLimits,
    read_parts,
)
from idp.protocols.saml.xml.documents import Element
from tests.support.builders import NOW
from tests.support.federation import (
    END,
    METADATA,
    SHA384,
    SHA512,
    WITH_COMMENTS,
    Publisher,
    a_publisher,
    a_role,
    a_single,
    an_aggregate,
    an_entity,
    written,
)

PUBLISHER = a_publisher()
A, B = "https://a.example/metadata", "https://b.example/metadata"
DAY = timedelta(days=1)


class Reading:
    """What came of a document, in the order in which it came."""

    def __init__(self, *signers: Publisher, limits: PieceLimits | None = None) -> None:
        self.signers = [signer.certificate for signer in signers or (PUBLISHER,)]
        self.reader = FederationReader(limits=limits or PieceLimits())
        self.heads: list[DocumentHead] = []
        self.entities: list[EntityDescription] = []

    def judge(self, head: DocumentHead) -> None:
        assert self.entities == []
        self.heads.append(head)

    def read(self, document: bytes) -> SignedMetadata:
        return self.reader.read(io.BytesIO(document), signers=self.signers, judge=self.judge, take=self.entities.append)

    def refusal(self, document: bytes) -> WhyRefused:
        with pytest.raises(MetadataRefused) as refused:
            self.read(document)
        return refused.value.why


def read(document: str) -> Reading:
    """Of an honest document."""
    reading = Reading()
    reading.read(PUBLISHER.sign(document))
    return reading


def test_service_providers_of_a_group_are_taken_one_by_one() -> None:
    reading = Reading()
    signed = reading.read(PUBLISHER.sign(an_aggregate("\n", an_entity(A), "\n", an_entity(B), "\n")))
    assert [entity.entity_id for entity in reading.entities] == [A, B]
    assert signed.entities == 2
    assert reading.heads == [signed.head]


def test_text_of_an_entity_stands_on_its_own() -> None:
    """With the namespaces that were declared around it, whether anything seems to use them or not."""
    document = an_aggregate(an_entity(A), attributes='xmlns:xs="http://www.w3.org/2001/XMLSchema"')
    root = etree.fromstring(read(document).entities[0].text)
    assert root.tag == f"{{{METADATA}}}EntityDescriptor"
    assert root.nsmap["xs"] == "http://www.w3.org/2001/XMLSchema"
    assert root.get("entityID") == A


def test_entities_of_groups_within_groups_are_taken() -> None:
    inner = f"<md:EntitiesDescriptor>{an_entity(B)}</md:EntitiesDescriptor>"
    document = an_aggregate(f"<md:EntitiesDescriptor>\n{inner}</md:EntitiesDescriptor>", an_entity(A))
    assert [entity.entity_id for entity in read(document).entities] == [B, A]


def test_identity_providers_are_left_out() -> None:
    other = an_entity(B, content=a_role(B, kind="IDPSSODescriptor"))
    reading = read(an_aggregate(other, an_entity(A)))
    assert [entity.entity_id for entity in reading.entities] == [A]


def test_names_are_those_that_the_entity_calls_itself() -> None:
    names = '<mdui:DisplayName xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui">Sample\n  Tax</mdui:DisplayName>'
    content = (
        f'<md:SPSSODescriptor protocolSupportEnumeration="x"><md:Extensions>{names}{names}</md:Extensions>'
        "</md:SPSSODescriptor><md:Organization><md:OrganizationDisplayName>国税</md:OrganizationDisplayName>"
        "</md:Organization>"
    )
    assert read(an_aggregate(an_entity(A, content=content))).entities[0].names == "Sample Tax / 国税"


def test_entity_ends_with_the_first_of_all_that_is_around_it() -> None:
    own_end = f'validUntil="{written(END - 2 * DAY)}"'
    inner = (
        f'<md:EntitiesDescriptor validUntil="{written(END - DAY)}">{an_entity(A)}'
        f"{an_entity(B, attributes=own_end)}</md:EntitiesDescriptor>"
    )
    reading = read(an_aggregate(inner, an_entity("https://c.example")))
    ends = [entity.ends_at for entity in reading.entities]
    assert ends == [moment.replace(microsecond=0) for moment in (END - DAY, END - 2 * DAY, END)]


def test_group_does_not_outlast_what_is_around_it() -> None:
    inner = f'<md:EntitiesDescriptor validUntil="{written(END + DAY)}">{an_entity(A)}</md:EntitiesDescriptor>'
    (entity,) = read(an_aggregate(inner)).entities
    assert entity.ends_at == END.replace(microsecond=0)


def test_document_says_when_it_was_published_when_it_ends_and_how_long_to_keep_it() -> None:
    document = an_aggregate(an_entity(A), published_at=NOW, attributes='cacheDuration="P1DT2H30M5.5S"')
    (head,) = read(document).heads
    assert head.published_at == NOW.replace(microsecond=0)
    assert head.ends_at == END.replace(microsecond=0)
    assert head.cache_for == timedelta(days=1, hours=2, minutes=30, seconds=5)
    assert len(head.digest) == 32


def test_what_is_not_said_is_nothing() -> None:
    (head,) = read(an_aggregate(an_entity(A), ends_at=None, attributes='cacheDuration="soon"')).heads
    assert (head.published_at, head.ends_at, head.cache_for) == (None, None, None)


def test_publication_of_a_member_is_not_that_of_the_document() -> None:
    member = an_entity(
        A,
        content='<md:Extensions><r:PublicationInfo xmlns:r="urn:oasis:names:tc:SAML:metadata:rpi"'
        f' publisher="x" creationInstant="2001-01-01T00:00:00Z"/></md:Extensions>{a_role(A)}',
    )
    assert read(an_aggregate(member)).heads[0].published_at is None


def test_publication_of_a_group_inside_is_not_that_of_the_document() -> None:
    publication = (
        '<md:Extensions><r:PublicationInfo xmlns:r="urn:oasis:names:tc:SAML:metadata:rpi"'
        ' publisher="x" creationInstant="2001-01-01T00:00:00Z"/></md:Extensions>'
    )
    inner = f"<md:EntitiesDescriptor>{publication}{an_entity(A)}</md:EntitiesDescriptor>"
    assert read(an_aggregate(inner)).heads[0].published_at is None


def test_document_about_one_entity_is_its_text() -> None:
    signed = PUBLISHER.sign(a_single(A, published_at=NOW))
    reading = Reading()
    assert reading.read(signed).entities == 1
    (entity,) = reading.entities
    assert (entity.entity_id, entity.text) == (A, signed.decode())
    assert (entity.names, entity.ends_at) == ("見本 a", END.replace(microsecond=0))
    assert reading.heads[0].published_at == NOW.replace(microsecond=0)


def test_empty_group_is_judged_too() -> None:
    reading = Reading()
    assert reading.read(PUBLISHER.sign(an_aggregate())).entities == 0
    assert len(reading.heads) == 1


@pytest.mark.parametrize(
    "ways",
    [
        {"digest": SHA384},
        {"digest": SHA512},
        {"canonicalization": WITH_COMMENTS},
        {"reference": ""},
        {"prefixes": ("md", "xs", "#default")},
    ],
    ids=str,
)
def test_every_way_to_sign_that_saml_allows_is_understood(ways: dict[str, str]) -> None:
    document = an_aggregate("<!-- made by hand -->", an_entity(A), "<?made by hand?>")
    assert Reading().read(PUBLISHER.sign(document, **ways)).entities == 1  # type: ignore[arg-type]


def test_any_of_the_pinned_signers_may_have_signed() -> None:
    old, new = a_publisher("old"), a_publisher("new", elliptic=True)
    for signer in (old, new):
        assert Reading(old, new).read(signer.sign(an_aggregate(an_entity(A)))).entities == 1


def test_certificate_inside_the_signature_says_nothing() -> None:
    stranger = a_publisher("stranger")
    text = "".join(stranger.certificate.splitlines()[1:-1])
    key = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    document = an_aggregate(an_entity(A))
    assert Reading().read(PUBLISHER.sign(document, extra=key)).entities == 1
    assert Reading().refusal(stranger.sign(document, extra=key)) is WhyRefused.WRONGLY_SIGNED


BAD_DOCUMENTS = {
    "nothing": ("", WhyRefused.NOT_METADATA),
    "no XML": ("metadata", WhyRefused.NOT_METADATA),
    "a page": ("<html><body/></html>", WhyRefused.NOT_METADATA),
    "metadata inside of something else": (f"<x>{a_single(A).partition('?>')[2]}</x>", WhyRefused.NOT_METADATA),
    "cut short": (an_aggregate(an_entity(A))[:-3], WhyRefused.NOT_METADATA),
    "no UTF-8": (an_aggregate(an_entity(A)).replace("見本", "\udcff"), WhyRefused.NOT_METADATA),
    "not signed": (an_aggregate(an_entity(A)), WhyRefused.UNSIGNED),
    "not signed, one entity": (a_single(A), WhyRefused.UNSIGNED),
    "empty, not signed": (an_aggregate(), WhyRefused.UNSIGNED),
}


@pytest.mark.parametrize(("document", "why"), BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
def test_what_is_no_signed_metadata_is_refused(document: str, why: WhyRefused) -> None:
    assert Reading().refusal(document.encode(errors="surrogateescape")) is why


BAD_CONTENTS = {
    "an entity without a name": an_aggregate(an_entity(A).replace("entityID", "id")),
    "an entity with an empty name": an_aggregate(an_entity("", content=a_role(A))),
    "an entity with too long a name": an_aggregate(an_entity("https://a.example/" + "あ" * 340)),
    "something else among the entities": an_aggregate("<x/>", an_entity(A)),
    "an end without a time zone": an_aggregate(
        an_entity(A), ends_at=None, attributes='validUntil="2030-01-01T00:00:00"'
    ),
    "an unreadable publication": an_aggregate(an_entity(A), published_at=NOW).replace(
        'creationInstant="20', 'creationInstant="x20'
    ),
}


@pytest.mark.parametrize("document", BAD_CONTENTS.values(), ids=BAD_CONTENTS)
def test_signed_nonsense_is_refused(document: str) -> None:
    assert Reading().refusal(PUBLISHER.sign(document)) is WhyRefused.NOT_METADATA


def test_what_has_no_canonical_form_is_refused() -> None:
    document = an_aggregate(an_entity(A, content='<x:y xmlns:x="relative"/>'))
    assert Reading().refusal(PUBLISHER.sign(document, digested=an_aggregate())) is WhyRefused.NOT_METADATA


def test_members_that_nobody_can_use_do_not_matter_if_they_are_no_service_providers() -> None:
    other = an_entity("", content=a_role(B, kind="IDPSSODescriptor"))
    assert len(read(an_aggregate(other, an_entity(A))).entities) == 1


def many(pattern: str, number: int) -> str:
    return " ".join(pattern.format(each) for each in range(number))


LIMITS = {
    "piece": (
        PieceLimits(bytes=1000),
        an_aggregate(an_entity(A, attributes=f'Name="{"x" * 3 * PORTION}"')),
        "too_large",
    ),
    "pieces": (PieceLimits(pieces=3), an_aggregate(*[an_entity(A)] * 4), "too_many_elements"),
    "elements": (PieceLimits(elements=20), an_aggregate(an_entity(A, content="<md:x/>" * 20)), "too_many_elements"),
    "elements of one": (
        PieceLimits(),
        an_aggregate(an_entity(A, content="<md:x/>" * 20_000)),
        "too_many_elements",
    ),
    "attributes": (PieceLimits(), an_aggregate(an_entity(A, attributes=many('a{}=""', 65))), "too_many_elements"),
    "namespaces": (
        PieceLimits(),
        an_aggregate(an_entity(A, attributes=many('xmlns:a{}="urn:u"', 65))),
        "too_many_elements",
    ),
    "namespaces of one": (
        PieceLimits(),
        an_aggregate(an_entity(A, content=("<md:x " + many('xmlns:a{}="urn:u"', 50) + "/>") * 21)),
        "too_many_elements",
    ),
    "namespaces of the root": (
        PieceLimits(),
        an_aggregate(attributes=many('xmlns:a{}="urn:u"', 65)),
        "too_many_elements",
    ),
    "attributes of a group": (
        PieceLimits(),
        an_aggregate("<md:EntitiesDescriptor " + many('a{}=""', 65) + "/>"),
        "too_many_elements",
    ),
    "a large description": (
        PieceLimits(),
        an_aggregate(an_entity(A, content=f"<md:x>{'x' * 1000}</md:x>" * 1200)),
        "too_large",
    ),
    "depth": (
        PieceLimits(depth=10),
        an_aggregate(an_entity(A, content="<md:x>" * 9 + "</md:x>" * 9)),
        "too_deep",
    ),
    "groups": (
        PieceLimits(groups=3),
        an_aggregate("<md:EntitiesDescriptor>" * 3 + "</md:EntitiesDescriptor>" * 3),
        "too_deep",
    ),
    "start tags": (PieceLimits(), an_aggregate(attributes=f'Name="{"x" * 17_000}"'), "not_metadata"),
    "one entity": (
        PieceLimits(bytes=2 * PORTION),
        a_single(A, content=a_role(A) + f"<md:x>{'x' * 1000}</md:x>" * 200),
        "too_large",
    ),
}


@pytest.mark.parametrize(("limits", "document", "why"), LIMITS.values(), ids=LIMITS)
def test_bounds_hold(limits: PieceLimits, document: str, why: str) -> None:
    assert Reading(limits=limits).refusal(PUBLISHER.sign(document)) == why


def test_costly_start_tag_is_refused_before_it_is_canonicalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever replays a genuine Signature may write what they like behind it."""
    pieces: list[bytes] = []
    monkeypatch.setattr(CanonicalStream, "add", lambda _, piece: pieces.append(piece))
    genuine = PUBLISHER.sign(an_aggregate(an_entity(A)))
    costly = b"<md:EntityDescriptor " + many('a{}=""', 65).encode() + b" "
    hostile = genuine.replace(b"<md:EntityDescriptor ", costly)
    assert Reading().refusal(hostile) is WhyRefused.TOO_MANY_ELEMENTS
    assert not any(b"EntityDescriptor" in piece for piece in pieces)


def test_descriptions_are_not_much_larger_than_the_document() -> None:
    """Every one has the namespaces of the root, used or not: 64 of 200 characters."""
    entities = [an_entity(f"https://{n}.example") for n in range(1000)]
    root = many('xmlns:a{}="urn:' + "x" * 180 + '"', 60)
    reading = Reading()
    document = PUBLISHER.sign(an_aggregate(*entities, attributes=root))
    assert reading.refusal(document) is WhyRefused.TOO_LARGE
    assert sum(len(entity.text) for entity in reading.entities) < 2 * len(document) + 1024 * 1024 + 20_000
    assert len(read(an_aggregate(*entities)).entities) == len(entities)


def test_name_of_an_entity_is_without_the_space_around_it() -> None:
    """As a URI is in XML Schema, and as the site's own metadata is read."""
    assert [entity.entity_id for entity in read(an_aggregate(an_entity(f" {A} ", content=a_role(A)))).entities] == [A]


def test_bounds_allow_what_they_say() -> None:
    limits = PieceLimits(pieces=4, elements=23, depth=7, groups=2)
    content = f"{an_entity(A)}<md:EntitiesDescriptor>{an_entity(B)}</md:EntitiesDescriptor>"
    assert Reading(limits=limits).read(PUBLISHER.sign(an_aggregate(content))).entities == 2


def test_document_is_read_in_portions_and_once() -> None:
    asked: list[int] = []

    class Watching(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    document = PUBLISHER.sign(an_aggregate(*(an_entity(f"https://{n}.example") for n in range(1000))))
    FederationReader().read(
        Watching(document), signers=[PUBLISHER.certificate], judge=lambda _: None, take=lambda _: None
    )
    assert asked == [PORTION] * (len(document) // PORTION + 2)


def test_memory_is_for_pieces_and_not_for_the_document() -> None:
    """Counted in elements of the tree: a thousand times as many members need no more of it."""
    document = an_aggregate(*(an_entity(f"https://{n}.example") for n in range(3000)))
    held = max(_held(part) for part in read_parts(io.BytesIO(document.encode()), PieceLimits()))
    assert held < 2 * PORTION // len(an_entity()) * len(list(etree.fromstring(document.encode())[1].iter()))


def test_nothing_holds_on_to_what_was_taken_out() -> None:
    """Counted in the elements that Python still knows of, in the middle of the document."""
    before = _known_elements()
    document = an_aggregate(*(an_entity(f"https://{n}.example") for n in range(3000)))
    parts = read_parts(io.BytesIO(document.encode()), PieceLimits())
    for _ in islice(parts, 2000):
        pass
    assert _known_elements() - before < 500


def _known_elements() -> int:
    gc.collect()
    return sum(isinstance(thing, Element) for thing in gc.get_objects())


def _held(part: Part) -> int:
    match part:
        case Opened(element) | Piece(element) | Closed(element):
            return sum(1 for _ in element.getroottree().getroot().iter())
        case Characters():
            return 0
