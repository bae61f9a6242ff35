"""One transaction per step of the chain, with all stores in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from idp.adapters.db.audit import SqlAudit
from idp.adapters.db.citizens import SqlCitizenStore
from idp.adapters.db.engine import reader, writer
from idp.adapters.db.metadata_sources import SqlMetadataSourceStore
from idp.adapters.db.one_time import SqlMessageStore
from idp.adapters.db.releases import SqlReleaseStore
from idp.adapters.db.service_providers import SqlServiceProviderStore
from idp.adapters.db.sessions import SqlSessionStore
from idp.adapters.db.subjects import SqlSubjectStore
from idp.usecases.ports import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlStores:
    """Fulfils `Stores`."""

    messages: SqlMessageStore
    citizens: SqlCitizenStore
    sessions: SqlSessionStore
    subjects: SqlSubjectStore
    releases: SqlReleaseStore
    service_providers: SqlServiceProviderStore
    metadata_sources: SqlMetadataSourceStore
    audit: SqlAudit


class SqlUnitOfWork:
    """Fulfils `UnitOfWork`. No network call belongs inside its blocks: on SQLite a writing one holds up all others."""

    def __init__(self, engine: Engine) -> None:
        self._reader = reader(engine)
        self._writer = writer(engine)

    @contextmanager
    def writing(self) -> Iterator[Stores]:
        """Commits when the block ends well, rolls back when it raises."""
        with self._writer.begin() as connection:
            yield _stores(connection)

    @contextmanager
    def reading(self) -> Iterator[Stores]:
        """The database refuses to write in it."""
        with self._reader.begin() as connection:
            yield _stores(connection)


def _stores(connection: Connection) -> SqlStores:
    return SqlStores(
        messages=SqlMessageStore(connection),
        citizens=SqlCitizenStore(connection),
        sessions=SqlSessionStore(connection),
        subjects=SqlSubjectStore(connection),
        releases=SqlReleaseStore(connection),
        service_providers=SqlServiceProviderStore(connection),
        metadata_sources=SqlMetadataSourceStore(connection),
        audit=SqlAudit(connection),
    )
