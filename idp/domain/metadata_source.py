"""Where the metadata of service providers comes from, what was read there last, and what is not believed.

A source only describes. Whom we serve is decided by our operator, site by site.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

MetadataSourceName = NewType("MetadataSourceName", str)


class SourceKind(StrEnum):
    """How a source is asked."""

    ENTITY = "entity"
    """One address, one document about one site."""
    AGGREGATE = "aggregate"
    """One address, one document about all members of a federation."""
    QUERY = "query"
    """One address, asked for one member at a time (Metadata Query Protocol)."""


class WhyRefused(StrEnum):
    """Why metadata was not taken. What was taken before stays until its own end."""

    ADDRESS = "address"
    NOT_FETCHED = "not_fetched"
    NOT_THERE = "not_there"
    TOO_LARGE = "too_large"
    TOO_MANY_ELEMENTS = "too_many_elements"
    TOO_DEEP = "too_deep"
    DOCUMENT_TYPE = "document_type"
    NOT_METADATA = "not_metadata"
    UNSIGNED = "unsigned"
    WRONGLY_SIGNED = "wrongly_signed"
    NO_END = "no_end"
    EXPIRED = "expired"
    ENDS_TOO_LATE = "ends_too_late"
    ROLLED_BACK = "rolled_back"
    SHRUNKEN = "shrunken"
    TWICE_THE_SAME = "twice_the_same"
    OVERTAKEN = "overtaken"
    WRONG_ENTITY = "wrong_entity"
    REGISTRATION = "registration"
    LOWERED = "lowered"

    @property
    def words(self) -> str:
        """A sentence for the operator."""
        return _WORDS[self]


_WORDS = {
    WhyRefused.ADDRESS: "The address must be absolute, https, and without user or fragment.",
    WhyRefused.NOT_FETCHED: "Nothing could be fetched.",
    WhyRefused.NOT_THERE: "The source does not know this site.",
    WhyRefused.TOO_LARGE: "It is larger than we read.",
    WhyRefused.TOO_MANY_ELEMENTS: "It has more elements than we read.",
    WhyRefused.TOO_DEEP: "Its elements are nested too deeply.",
    WhyRefused.DOCUMENT_TYPE: "It has a document type, which metadata never needs.",
    WhyRefused.NOT_METADATA: "It is not well-formed metadata.",
    WhyRefused.UNSIGNED: "It has no signature as its first element.",
    WhyRefused.WRONGLY_SIGNED: "Its signature is not one of the pinned signers' over all of it.",
    WhyRefused.NO_END: "It does not say until when it is valid (validUntil).",
    WhyRefused.EXPIRED: "Its validity is over.",
    WhyRefused.ENDS_TOO_LATE: "It would be valid for longer than we allow.",
    WhyRefused.ROLLED_BACK: "It is older than what was taken before.",
    WhyRefused.SHRUNKEN: "It has no service provider, or far fewer than before.",
    WhyRefused.TWICE_THE_SAME: "It describes the same entity twice.",
    WhyRefused.OVERTAKEN: "Another reading of the source was quicker.",
    WhyRefused.WRONG_ENTITY: "It does not describe this site as one service provider.",
    WhyRefused.REGISTRATION: "The site's description cannot be used.",
    WhyRefused.LOWERED: "The site would be less protected than it is; the operator must accept that.",
}


class MetadataRefused(Exception):
    """`detail` is for the operator; of what was read it quotes a site's own description at most."""

    def __init__(self, why: WhyRefused, detail: str = "") -> None:
        super().__init__(f"{why.words} ({detail})" if detail else why.words)
        self.why = why
        self.detail = detail


class SourceRefused(Exception):
    """A source cannot be kept or removed like this; `faults` are all of them, in words for the operator."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataSource:
    """`signers` are certificates in PEM. Only their keys count: names and dates of a pinned certificate say nothing."""

    name: MetadataSourceName
    kind: SourceKind
    url: str
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """What a document says of itself: when it was published, its end, how long a copy may serve, what was signed."""

    published_at: datetime | None
    ends_at: datetime | None
    cache_for: timedelta | None
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMetadata:
    """A document that one of the source's signers has signed, with the number of its service providers."""

    head: DocumentHead
    entities: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDescription:
    """One service provider out of a document: valid until `ends_at`, by itself and all that is around it.

    `text` is its own metadata, `names` what it calls itself, for people who search.
    """

    entity_id: str
    text: str
    names: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodReading:
    """The last document that was taken. `published_at` is never later than `read_at`; `etag` is for asking again."""

    read_at: datetime
    published_at: datetime | None
    ends_at: datetime
    digest: bytes
    entities: int
    etag: str | None

    def by_age_alone(self) -> "GoodReading":
        """To compare with a document that is wanted in any case: one that is known must come, one that is older not."""
        return GoodReading(
            read_at=self.read_at,
            published_at=self.published_at,
            ends_at=self.ends_at,
            digest=b"",
            entities=self.entities,
            etag=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """A site's description out of a source, and the document that it stood in, if that was asked for it alone."""

    entity: EntityDescription
    good: GoodReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataReading:
    """How it stands with an aggregate as a whole, or with one site of a source (`entity_id`).

    It is read again at `due_at`; a member of an aggregate comes with the whole, and its `due_at` says nothing.
    `trouble` is why the last attempt came to nothing. `generation` numbers the copy of an aggregate's entities that is
    looked at.
    """

    source: MetadataSourceName
    entity_id: str | None
    due_at: datetime
    trouble: WhyRefused | None = None
    good: GoodReading | None = None
    generation: int | None = None
