"""Subject identifiers in the database."""

from sqlalchemy import Connection, bindparam, select

from idp.adapters.db.conflicts import insert_unless_there, wrote
from idp.adapters.db.tables import SubjectIdentifierRow
from idp.domain.subject import SubjectIdentifier

_FIND = select(SubjectIdentifierRow.value).where(
    SubjectIdentifierRow.citizen == bindparam("citizen"), SubjectIdentifierRow.sector == bindparam("sector")
)
_ADD = insert_unless_there(SubjectIdentifierRow, ("citizen", "sector"))


class SqlSubjectStore:
    """Fulfils `SubjectStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, subject: SubjectIdentifier) -> SubjectIdentifier:
        """Keep a new one; if another request was quicker, the one that is kept.

        A value that another citizen has in this sector breaks a constraint and ends the transaction.
        """
        values = {"citizen": subject.citizen, "sector": subject.sector, "value": subject.value}
        if wrote(self._connection, _ADD, values):
            return subject
        place = {"citizen": subject.citizen, "sector": subject.sector}
        kept = self._connection.execute(_FIND, place).scalar_one()  # The row in the way is never deleted.
        return SubjectIdentifier(citizen=subject.citizen, sector=subject.sector, value=kept)
