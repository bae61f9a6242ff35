"""Sources of metadata and what was read there, in the database."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from foundation.records import Codec
from idp.adapters.db.conflicts import insert_or_replace, wrote
from idp.adapters.db.tables import FederationEntityRow, MetadataReadingRow, MetadataSourceRow
from idp.domain.metadata_source import (
    EntityDescription,
    GoodReading,
    MetadataReading,
    MetadataRefused,
    MetadataSource,
    MetadataSourceName,
    WhyRefused,
)

_THE_WHOLE = ""
"""Stands for the entity's id in the reading of an aggregate."""

_FIRST_GENERATIONS = 2**30
"""A reading of a removed source may still be under way when one of the same name is added."""

_SIGNERS = Codec(list[str])

_THIS = MetadataSourceRow.name == bindparam("of_source")
_HOLD = select(MetadataSourceRow.name).where(_THIS).with_for_update()
_ADD = insert(MetadataSourceRow)
_CHANGE = update(MetadataSourceRow).where(_THIS)
_REMOVE = delete(MetadataSourceRow).where(_THIS)
_ALL = select(
    MetadataSourceRow.name, MetadataSourceRow.kind, MetadataSourceRow.url, MetadataSourceRow.signers
).order_by(MetadataSourceRow.name)
_BEGIN = (
    update(MetadataSourceRow)
    .where(_THIS)
    .values(last_generation=MetadataSourceRow.last_generation + 1)
    .returning(MetadataSourceRow.last_generation)
)

_OF_SOURCE = MetadataReadingRow.source == bindparam("of_source")
_READINGS = select(MetadataReadingRow.__table__).where(_OF_SOURCE).order_by(MetadataReadingRow.entity_id)
_READING = select(MetadataReadingRow.__table__).where(
    _OF_SOURCE, MetadataReadingRow.entity_id == bindparam("of_entity")
)
_FORGET = delete(MetadataReadingRow).where(_OF_SOURCE)
_KEEP = insert_or_replace(MetadataReadingRow, ("source", "entity_id"))
_ALL_DUE = update(MetadataReadingRow).where(_OF_SOURCE).values(due_at=bindparam("now"), etag=None)

_LOOKED_AT = (
    select(MetadataReadingRow.generation)
    .where(_OF_SOURCE, MetadataReadingRow.entity_id == _THE_WHOLE, MetadataReadingRow.generation.is_not(None))
    .scalar_subquery()
)
_IN_SOURCE = FederationEntityRow.source == bindparam("of_source")
_DESCRIPTIONS = select(
    FederationEntityRow.entity_id, FederationEntityRow.text, FederationEntityRow.names, FederationEntityRow.ends_at
).where(_IN_SOURCE, FederationEntityRow.generation == _LOOKED_AT)
_ENTITY = _DESCRIPTIONS.where(FederationEntityRow.entity_id == bindparam("entity_id"))
_COUNT = select(func.count()).where(_IN_SOURCE, FederationEntityRow.generation == bindparam("generation"))
_REMOVE_ENTITIES = delete(FederationEntityRow).where(_IN_SOURCE)
_ADD_ENTITY = insert(FederationEntityRow)
_KEY = (FederationEntityRow.source, FederationEntityRow.generation, FederationEntityRow.entity_id)
_SWEEP = delete(FederationEntityRow).where(
    tuple_(*_KEY).in_(
        select(*_KEY)
        .where(
            _IN_SOURCE,
            FederationEntityRow.generation <= bindparam("until"),
            FederationEntityRow.generation != func.coalesce(_LOOKED_AT, 0),
        )
        .limit(bindparam("most"))
    )
)


class SqlMetadataSourceStore:
    """Fulfils `MetadataSourceStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, source: MetadataSource, *, now: datetime) -> None:
        """Add or replace by name. Everything of it is due now, and is asked for in full.

        When a signer is gone, what was read is forgotten: it may be that one's. The generations of a source that was
        removed do not come back.
        """
        values = {"kind": source.kind, "url": source.url, "signers": _SIGNERS.encode(list(source.signers))}
        if not self.hold(source.name):
            first = secrets.randbelow(_FIRST_GENERATIONS)
            self._connection.execute(_ADD, {"name": source.name, "last_generation": first, **values})
            return
        if any(old.name == source.name and not set(old.signers) <= set(source.signers) for old in self.all()):
            self.forget(source.name)
        self._connection.execute(_CHANGE.values(**values), {"of_source": source.name})
        self._connection.execute(_ALL_DUE, {"of_source": source.name, "now": now})

    def forget(self, name: MetadataSourceName) -> None:
        """Forget all its readings: nobody looks at its entities any more."""
        self._connection.execute(_FORGET, {"of_source": name})

    def remove(self, name: MetadataSourceName) -> None:
        """Remove it with all that is left of it."""
        for statement in (_REMOVE_ENTITIES, _REMOVE):
            self._connection.execute(statement, {"of_source": name})

    def all(self) -> tuple[MetadataSource, ...]:
        """Every source, by name."""
        return tuple(
            MetadataSource(name=row.name, kind=row.kind, url=row.url, signers=tuple(_SIGNERS.decode(row.signers)))
            for row in self._connection.execute(_ALL)
        )

    def hold(self, name: MetadataSourceName) -> bool:
        """Let nobody else change the source from here to the end of the transaction; False if it is not there."""
        return self._connection.execute(_HOLD, {"of_source": name}).first() is not None

    def readings(self, name: MetadataSourceName) -> tuple[MetadataReading, ...]:
        """Of the source as a whole, if it is an aggregate, and of its sites."""
        return tuple(_reading(row) for row in self._connection.execute(_READINGS, {"of_source": name}))

    def reading(self, name: MetadataSourceName, entity_id: str | None) -> MetadataReading | None:
        """Of one site, or of the whole."""
        place = {"of_source": name, "of_entity": entity_id or _THE_WHOLE}
        row = self._connection.execute(_READING, place).one_or_none()
        return None if row is None else _reading(row)

    def keep(self, reading: MetadataReading) -> None:
        """Add or replace by source and entity."""
        good = reading.good
        values = {
            "source": reading.source,
            "entity_id": reading.entity_id or _THE_WHOLE,
            "due_at": reading.due_at,
            "trouble": reading.trouble,
            "read_at": good and good.read_at,
            "published_at": good and good.published_at,
            "ends_at": good and good.ends_at,
            "digest": good and good.digest,
            "entities": good and good.entities,
            "etag": good and good.etag,
            "generation": reading.generation,
        }
        wrote(self._connection, _KEEP, values)

    def begin_generation(self, name: MetadataSourceName) -> int:
        """A number that no other copy of the source's entities has; nobody looks at that copy yet."""
        return self._connection.execute(_BEGIN, {"of_source": name}).scalar_one()

    def add_entities(self, name: MetadataSourceName, generation: int, entities: Sequence[EntityDescription]) -> None:
        """Into a copy that nobody looks at yet. Raises `MetadataRefused` if one of them is in it already."""
        place = {"source": name, "generation": generation}
        rows = [
            place | {"entity_id": each.entity_id, "names": each.names, "text": each.text, "ends_at": each.ends_at}
            for each in entities
        ]
        try:
            self._connection.execute(_ADD_ENTITY, rows)
        except IntegrityError as error:
            raise MetadataRefused(WhyRefused.TWICE_THE_SAME) from error

    def entities(self, name: MetadataSourceName, generation: int) -> int:
        """How many are in a copy."""
        return self._connection.execute(_COUNT, {"of_source": name, "generation": generation}).scalar_one()

    def entity(self, name: MetadataSourceName, entity_id: str) -> EntityDescription | None:
        """One, from the copy that is looked at."""
        row = self._connection.execute(_ENTITY, {"of_source": name, "entity_id": entity_id}).one_or_none()
        return None if row is None else _description(row)

    def search(self, name: MetadataSourceName, words: Sequence[str], *, limit: int) -> tuple[EntityDescription, ...]:
        """Those whose ids or names have all `words`, by id, from the copy that is looked at."""
        found = self._connection.execute(_with_words(words).limit(limit), {"of_source": name})
        return tuple(_description(row) for row in found)

    def sweep(self, name: MetadataSourceName, *, until: int, limit: int) -> int:
        """Delete at most `limit` entities of copies up to number `until` that nobody looks at; how many."""
        if not self.hold(name):
            return 0
        return self._connection.execute(_SWEEP, {"of_source": name, "until": until, "most": limit}).rowcount


def _with_words(words: Sequence[str]) -> Select[str, str, str, datetime | None]:
    """In whatever case; what is a wildcard in SQL is not one here."""
    places = (FederationEntityRow.entity_id, FederationEntityRow.names)
    each = (or_(*(place.icontains(word, autoescape=True) for place in places)) for word in words)
    return _DESCRIPTIONS.where(*each).order_by(FederationEntityRow.entity_id)


def _description(row: Row[str, str, str, datetime | None]) -> EntityDescription:
    return EntityDescription(entity_id=row.entity_id, text=row.text, names=row.names, ends_at=row.ends_at)


def _reading(row: Row[*tuple[object, ...]]) -> MetadataReading:
    good = None
    if row.read_at is not None:
        good = GoodReading(
            read_at=row.read_at,
            published_at=row.published_at,
            ends_at=row.ends_at,
            digest=row.digest,
            entities=row.entities,
            etag=row.etag,
        )
    return MetadataReading(
        source=row.source,
        entity_id=row.entity_id or None,
        due_at=row.due_at,
        trouble=row.trouble,
        good=good,
        generation=row.generation,
    )
