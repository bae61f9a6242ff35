"""The tables and their named constraints. Instants are UTC; digests are SHA-256 or HMAC-SHA-256, 32 bytes.

A new table or column comes with a migration in `migrations/versions`; a test compares the two.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from foundation.database import UtcDateTime
from idp.domain.assurance import AuthenticationContext
from idp.domain.citizen import CheckSource, CitizenId
from idp.domain.login import IdentifierKind
from idp.domain.metadata_source import MetadataSourceName, SourceKind, WhyRefused
from idp.domain.service_provider import FederationProtocol, SectorCode, ServiceProviderId, Standing, TrustCircle
from idp.domain.session import ParticipationHandle, SessionId
from idp.domain.subject import SubjectValue

ID = String(64)
NAME = String(200)
ADDRESS = String(1024)
SERIAL_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column declared INTEGER."""


def _words(kind: type[StrEnum]) -> Enum:
    """A closed set, kept by its values; a word outside it raises `LookupError` when read."""
    return Enum(
        kind, native_enum=False, length=32, values_callable=lambda members: [member.value for member in members]
    )


class Base(DeclarativeBase):
    """All tables of the identity provider."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CitizenRow(Base):
    """Persons, by a random number."""

    __tablename__ = "citizens"

    id: Mapped[CitizenId] = mapped_column(ID, primary_key=True)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CardBindingRow(Base):
    """The only table that knows cards: a certificate by its HMAC, never its serial, and its last good check."""

    __tablename__ = "card_bindings"
    __table_args__ = (CheckConstraint("length(fingerprint) = 32", name="fingerprint"),)

    key_id: Mapped[str] = mapped_column(ID, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    citizen: Mapped[CitizenId] = mapped_column(ID, ForeignKey(CitizenRow.id), index=True)
    bound_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_source: Mapped[CheckSource] = mapped_column(_words(CheckSource))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_next_update: Mapped[datetime] = mapped_column(UtcDateTime)


class SectorRow(Base):
    """Service providers that may know a citizen by the same identifier."""

    __tablename__ = "sectors"

    code: Mapped[SectorCode] = mapped_column(ID, primary_key=True)
    owner: Mapped[str] = mapped_column(NAME)
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)


class ServiceProviderRow(Base):
    """The register of sites. One that was removed keeps its row for its history; `marks` are words between spaces."""

    __tablename__ = "service_providers"
    __table_args__ = (UniqueConstraint("protocol", "protocol_id"),)

    id: Mapped[ServiceProviderId] = mapped_column(ID, primary_key=True)
    protocol: Mapped[FederationProtocol] = mapped_column(_words(FederationProtocol))
    protocol_id: Mapped[str] = mapped_column(ADDRESS)
    sector: Mapped[SectorCode] = mapped_column(ID, ForeignKey(SectorRow.code), index=True)
    tier: Mapped[int] = mapped_column(SmallInteger)
    circle: Mapped[TrustCircle] = mapped_column(ID)
    name_ja: Mapped[str] = mapped_column(NAME)
    name_en: Mapped[str] = mapped_column(NAME)
    operator_ja: Mapped[str] = mapped_column(NAME)
    operator_en: Mapped[str] = mapped_column(NAME)
    home_url: Mapped[str] = mapped_column(ADDRESS)
    registration: Mapped[str] = mapped_column(Text)
    registration_ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[MetadataSourceName | None] = mapped_column(ID, index=True)
    standing: Mapped[Standing] = mapped_column(_words(Standing), server_default=Standing.ACTIVE.value)
    marks: Mapped[str] = mapped_column(NAME, server_default="")


class RegisterVersionRow(Base):
    """One row: the number that every change of the register raises."""

    __tablename__ = "register_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class SubjectIdentifierRow(Base):
    """A citizen has one identifier in a sector, and it is nobody else's there. Rows are never changed."""

    __tablename__ = "subject_identifiers"
    __table_args__ = (
        UniqueConstraint("sector", "value"),
        CheckConstraint("length(value) = 40", name="value"),
    )

    citizen: Mapped[CitizenId] = mapped_column(ID, ForeignKey(CitizenRow.id), primary_key=True)
    sector: Mapped[SectorCode] = mapped_column(ID, ForeignKey(SectorRow.code), primary_key=True)
    value: Mapped[SubjectValue] = mapped_column(ID)


class SessionRow(Base):
    """Browser logins, until they expire; the browser's handle as SHA-256."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("handle_digest"),
        CheckConstraint("length(handle_digest) = 32", name="handle_digest"),
        CheckConstraint("expires_at > authenticated_at", name="ends_after_it_begins"),
    )

    id: Mapped[SessionId] = mapped_column(ID, primary_key=True)
    handle_digest: Mapped[bytes] = mapped_column(LargeBinary)
    citizen: Mapped[CitizenId] = mapped_column(ID, ForeignKey(CitizenRow.id), index=True)
    context: Mapped[AuthenticationContext] = mapped_column(_words(AuthenticationContext))
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_source: Mapped[CheckSource] = mapped_column(_words(CheckSource))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    check_next_update: Mapped[datetime] = mapped_column(UtcDateTime)
    tier: Mapped[int] = mapped_column(SmallInteger)
    circle: Mapped[TrustCircle] = mapped_column(ID)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ParticipationRow(Base):
    """Sites that take part in a session; gone with it."""

    __tablename__ = "participations"
    __table_args__ = (UniqueConstraint("handle"),)

    session: Mapped[SessionId] = mapped_column(ID, ForeignKey(SessionRow.id, ondelete="CASCADE"), primary_key=True)
    service_provider: Mapped[ServiceProviderId] = mapped_column(
        ID, ForeignKey(ServiceProviderRow.id), primary_key=True, index=True
    )
    handle: Mapped[ParticipationHandle] = mapped_column(ID)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class ReleaseRow(Base):
    """What was told to whom. It outlives its session, so it has the session's id without a foreign key."""

    __tablename__ = "releases"

    id: Mapped[int] = mapped_column(SERIAL_NUMBER, primary_key=True)
    session: Mapped[SessionId] = mapped_column(ID)
    citizen: Mapped[CitizenId] = mapped_column(ID, ForeignKey(CitizenRow.id), index=True)
    service_provider: Mapped[ServiceProviderId] = mapped_column(ID, ForeignKey(ServiceProviderRow.id), index=True)
    sector: Mapped[SectorCode] = mapped_column(ID, ForeignKey(SectorRow.code))
    identifier: Mapped[IdentifierKind] = mapped_column(_words(IdentifierKind))
    context: Mapped[AuthenticationContext] = mapped_column(_words(AuthenticationContext))
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OneTimeRow(Base):
    """Challenges, logins, codes, message ids: `payload` is the value as JSON text."""

    __tablename__ = "one_time"
    __table_args__ = (CheckConstraint("length(key_digest) = 32", name="key_digest"),)

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    key_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    payload: Mapped[str] = mapped_column(Text)
    put_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEventRow(Base):
    """The audit trail. Triggers refuse to change or delete a row."""

    __tablename__ = "audit_events"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(SERIAL_NUMBER, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)


class DueWorkRow(Base):
    """The workers' agenda: what is due when, and who has it in hand until when."""

    __tablename__ = "due_work"
    __table_args__ = (CheckConstraint("(claimed_until IS NULL) = (claimed_by IS NULL)", name="claim"),)

    name: Mapped[str] = mapped_column(ID, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(ID)


class MetadataSourceRow(Base):
    """Where descriptions of sites come from; `signers` is a list of PEM texts as JSON."""

    __tablename__ = "metadata_sources"

    name: Mapped[MetadataSourceName] = mapped_column(ID, primary_key=True)
    kind: Mapped[SourceKind] = mapped_column(_words(SourceKind))
    url: Mapped[str] = mapped_column(ADDRESS)
    signers: Mapped[str] = mapped_column(Text)
    last_generation: Mapped[int] = mapped_column(Integer)


class MetadataReadingRow(Base):
    """How it stands with an aggregate, whose `entity_id` is empty, or a site of a source, and the last good reading."""

    __tablename__ = "metadata_readings"
    __table_args__ = (
        CheckConstraint(
            "(read_at IS NULL) = (ends_at IS NULL)"
            " AND (read_at IS NULL) = (digest IS NULL)"
            " AND (read_at IS NULL) = (entities IS NULL)",
            name="good_reading",
        ),
    )

    source: Mapped[MetadataSourceName] = mapped_column(
        ID, ForeignKey(MetadataSourceRow.name, ondelete="CASCADE"), primary_key=True
    )
    entity_id: Mapped[str] = mapped_column(ADDRESS, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trouble: Mapped[WhyRefused | None] = mapped_column(_words(WhyRefused))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    entities: Mapped[int | None] = mapped_column(Integer)
    etag: Mapped[str | None] = mapped_column(NAME)
    generation: Mapped[int | None] = mapped_column(Integer)


class FederationEntityRow(Base):
    """Members of aggregates: the copies that are looked at, and others that are being made or swept."""

    __tablename__ = "federation_entities"

    source: Mapped[MetadataSourceName] = mapped_column(ID, ForeignKey(MetadataSourceRow.name), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    entity_id: Mapped[str] = mapped_column(ADDRESS, primary_key=True)
    names: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
