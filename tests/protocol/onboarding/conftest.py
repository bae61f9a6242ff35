from tests.support.databases import (
    database_kind,
    database_url,
    engine,
    postgresql_server,
    postgresql_template,
    sqlite_template,
)
from tests.support.house import foundations

__all__ = [
    "database_kind",
    "database_url",
    "engine",
    "foundations",
    "postgresql_server",
    "postgresql_template",
    "sqlite_template",
]
