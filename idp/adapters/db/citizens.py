"""Citizens and their card bindings in the database."""

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from idp.adapters.db.conflicts import insert_unless_there, wrote
from idp.adapters.db.tables import CardBindingRow, CitizenRow
from idp.domain.citizen import CardBinding, CardFingerprint, CertificateCheck, Citizen, CitizenId
from idp.domain.errors import RequestAlreadyUsed

_THIS_CARD = (CardBindingRow.key_id == bindparam("of_key_id"), CardBindingRow.fingerprint == bindparam("of_value"))

_ADD_CITIZEN = insert(CitizenRow)
_BIND = insert_unless_there(CardBindingRow, ("key_id", "fingerprint"))
_BINDING = select(
    CardBindingRow.citizen,
    CardBindingRow.bound_at,
    CardBindingRow.check_source,
    CardBindingRow.checked_at,
    CardBindingRow.check_issued_at,
    CardBindingRow.check_next_update,
).where(*_THIS_CARD)
_FORGET_CARDS = delete(CardBindingRow).where(CardBindingRow.citizen == bindparam("of_citizen"))
_NOTE_CHECK = update(CardBindingRow).where(*_THIS_CARD)


class SqlCitizenStore:
    """Fulfils `CitizenStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, citizen: Citizen, binding: CardBinding) -> None:
        """Register. Raises `RequestAlreadyUsed`; the block must then end, for the citizen has been added already."""
        self._connection.execute(_ADD_CITIZEN, {"id": citizen.id, "registered_at": citizen.registered_at})
        values = {
            "key_id": binding.fingerprint.key_id,
            "fingerprint": binding.fingerprint.value,
            "citizen": binding.citizen,
            "bound_at": binding.bound_at,
            **check_columns(binding.last_check),
        }
        if not wrote(self._connection, _BIND, values):
            raise RequestAlreadyUsed

    def binding(self, fingerprint: CardFingerprint) -> CardBinding | None:
        """The binding of this certificate."""
        row = self._connection.execute(_BINDING, _card(fingerprint)).one_or_none()
        if row is None:
            return None
        return CardBinding(
            citizen=row.citizen,
            fingerprint=fingerprint,
            bound_at=row.bound_at,
            last_check=CertificateCheck(
                source=row.check_source,
                checked_at=row.checked_at,
                issued_at=row.check_issued_at,
                next_update=row.check_next_update,
            ),
        )

    def forget_cards(self, citizen: CitizenId) -> None:
        """Remove every binding of the citizen."""
        self._connection.execute(_FORGET_CARDS, {"of_citizen": citizen})

    def note_check(self, fingerprint: CardFingerprint, check: CertificateCheck) -> bool:
        """Remember the last good check of a bound certificate; False if it is not bound."""
        return self._connection.execute(_NOTE_CHECK, _card(fingerprint) | check_columns(check)).rowcount == 1


def check_columns(check: CertificateCheck) -> dict[str, object]:
    """The four columns of a check, named alike in every table that keeps one."""
    return {
        "check_source": check.source,
        "checked_at": check.checked_at,
        "check_issued_at": check.issued_at,
        "check_next_update": check.next_update,
    }


def _card(fingerprint: CardFingerprint) -> dict[str, object]:
    return {"of_key_id": fingerprint.key_id, "of_value": fingerprint.value}
