"""Counting what a step asks of the database."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPICursor

from idp.adapters.db.engine import KIND, Transaction


@dataclass(slots=True)
class StatementCount:
    """Statements in order, as SQL text; transactions that were committed, also by kind; those that were rolled back.

    Beginning and ending a transaction are not statements, and the pragmas that go with it on SQLite are none either.
    """

    statements: list[str] = field(default_factory=list)
    commits: int = 0
    commits_by_kind: Counter[Transaction] = field(default_factory=Counter)
    rollbacks: int = 0


@contextmanager
def count_statements(engine: Engine) -> Iterator[StatementCount]:
    """Counts all that passes through `engine` while the block runs, from any thread."""
    counted = StatementCount()

    def note_statement(connection: Connection, cursor: DBAPICursor, statement: str, *rest: object) -> None:
        del connection, cursor, rest
        counted.statements.append(statement)

    def note_commit(connection: Connection) -> None:
        counted.commits += 1
        counted.commits_by_kind[connection.info[KIND]] += 1

    def note_rollback(connection: Connection) -> None:
        del connection
        counted.rollbacks += 1

    listeners = (("before_cursor_execute", note_statement), ("commit", note_commit), ("rollback", note_rollback))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield counted
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)
