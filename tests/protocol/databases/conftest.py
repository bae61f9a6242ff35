from tests.support.databases import (
    database_kind,
    database_url,
    postgresql_server,
    postgresql_template,
    sqlite_template,
)
from tests.support.house import foundations

__all__ = [
    "database_kind",
    "database_url",
    "foundations",
    "postgresql_server",
    "postgresql_template",
    "sqlite_template",
]
