"""The register of service providers and sectors in the database."""

from sqlalchemy import Connection, Row, select, update

from idp.adapters.db.conflicts import insert_or_replace, wrote
from idp.adapters.db.tables import RegisterVersionRow, SectorRow, ServiceProviderRow
from idp.domain.service_provider import LocalText, Mark, Sector, ServiceProvider, Tier

_SAVE_SECTOR = insert_or_replace(SectorRow, ("code",))
_SAVE = insert_or_replace(ServiceProviderRow, ("id",))
_RAISE_VERSION = update(RegisterVersionRow).values(version=RegisterVersionRow.version + 1)
_VERSION = select(RegisterVersionRow.version)
_HOLD = _VERSION.with_for_update()
_SECTORS = select(SectorRow.code, SectorRow.owner, SectorRow.purpose, SectorRow.legal_basis).order_by(SectorRow.code)
_ALL = select(ServiceProviderRow.__table__).order_by(ServiceProviderRow.id)


class SqlServiceProviderStore:
    """Fulfils `ServiceProviderStore` inside one transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self) -> None:
        """Lock the row that every change of the register touches. On SQLite a writing transaction is alone anyway."""
        self._connection.execute(_HOLD)

    def save_sector(self, sector: Sector) -> None:
        """Add or replace by code, and raise the register's version."""
        values = {
            "code": sector.code,
            "owner": sector.owner,
            "purpose": sector.purpose,
            "legal_basis": sector.legal_basis,
        }
        wrote(self._connection, _SAVE_SECTOR, values)
        self._connection.execute(_RAISE_VERSION)

    def save(self, service_provider: ServiceProvider) -> None:
        """Add or replace by id, and raise the register's version.

        Raises `sqlalchemy.exc.IntegrityError` for a protocol id that another one has, and for an unknown sector.
        """
        values = {
            "id": service_provider.id,
            "protocol": service_provider.protocol,
            "protocol_id": service_provider.protocol_id,
            "sector": service_provider.sector,
            "tier": service_provider.tier.value,
            "circle": service_provider.circle,
            "name_ja": service_provider.name.ja,
            "name_en": service_provider.name.en,
            "operator_ja": service_provider.operator.ja,
            "operator_en": service_provider.operator.en,
            "home_url": service_provider.home_url,
            "registration": service_provider.registration,
            "registration_ends_at": service_provider.registration_ends_at,
            "source": service_provider.source,
            "standing": service_provider.standing,
            "marks": " ".join(sorted(service_provider.marks)),
        }
        wrote(self._connection, _SAVE, values)
        self._connection.execute(_RAISE_VERSION)

    def all(self) -> tuple[ServiceProvider, ...]:
        """Every service provider, by id."""
        return tuple(_service_provider(row) for row in self._connection.execute(_ALL))

    def sectors(self) -> tuple[Sector, ...]:
        """Every sector, by code."""
        return tuple(
            Sector(code=row.code, owner=row.owner, purpose=row.purpose, legal_basis=row.legal_basis)
            for row in self._connection.execute(_SECTORS)
        )

    def version(self) -> int:
        """A number that grows with every change."""
        return self._connection.execute(_VERSION).scalar_one()


def _service_provider(row: Row[*tuple[object, ...]]) -> ServiceProvider:
    return ServiceProvider(
        id=row.id,
        protocol=row.protocol,
        protocol_id=row.protocol_id,
        sector=row.sector,
        tier=Tier(row.tier),
        circle=row.circle,
        name=LocalText(ja=row.name_ja, en=row.name_en),
        operator=LocalText(ja=row.operator_ja, en=row.operator_en),
        home_url=row.home_url,
        registration=row.registration,
        registration_ends_at=row.registration_ends_at,
        source=row.source,
        standing=row.standing,
        marks=frozenset(Mark(word) for word in row.marks.split()),
    )
