"""Citizens and their cards, the register of sites, sessions, releases, one-time values, audit trail, due work."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "due_work",
    "audit_events",
    "one_time",
    "releases",
    "participations",
    "sessions",
    "subject_identifiers",
    "register_version",
    "service_providers",
    "sectors",
    "card_bindings",
    "citizens",
)


def upgrade() -> None:
    """Make every table."""
    _citizens()
    _register()
    _subject_identifiers()
    _sessions()
    _releases()
    _one_time()
    _audit_events()
    _due_work()


def downgrade() -> None:
    """Drop every table."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=False)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(200), nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False)


def _address(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(1024), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _digest(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False, autoincrement=False)


def _row_number() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _refers(table: str, column: str, to: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _citizens() -> None:
    op.create_table("citizens", _id("id"), _instant("registered_at"), _primary("citizens", "id"))
    op.create_table(
        "card_bindings",
        _id("key_id"),
        _digest("fingerprint"),
        _id("citizen"),
        _instant("bound_at"),
        _word("check_source"),
        _instant("checked_at"),
        _instant("check_issued_at"),
        _instant("check_next_update"),
        _check("card_bindings", "fingerprint", "length(fingerprint) = 32"),
        _refers("card_bindings", "citizen", "citizens.id"),
        _primary("card_bindings", "key_id", "fingerprint"),
    )
    _index("card_bindings", "citizen")


def _register() -> None:
    op.create_table(
        "sectors", _id("code"), _name("owner"), _text("purpose"), _text("legal_basis"), _primary("sectors", "code")
    )
    op.create_table(
        "service_providers",
        _id("id"),
        _word("protocol"),
        _address("protocol_id"),
        _id("sector"),
        _number("tier"),
        _id("circle"),
        _name("name_ja"),
        _name("name_en"),
        _name("operator_ja"),
        _name("operator_en"),
        _address("home_url"),
        _text("registration"),
        _refers("service_providers", "sector", "sectors.code"),
        _primary("service_providers", "id"),
        _unique("service_providers", "protocol", "protocol_id"),
    )
    _index("service_providers", "sector")
    version = op.create_table(
        "register_version",
        _number("id"),
        sa.Column("version", sa.BigInteger, nullable=False),
        _check("register_version", "one_row", "id = 1"),
        _primary("register_version", "id"),
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])


def _subject_identifiers() -> None:
    op.create_table(
        "subject_identifiers",
        _id("citizen"),
        _id("sector"),
        _id("value"),
        _check("subject_identifiers", "value", "length(value) = 40"),
        _refers("subject_identifiers", "citizen", "citizens.id"),
        _refers("subject_identifiers", "sector", "sectors.code"),
        _primary("subject_identifiers", "citizen", "sector"),
        _unique("subject_identifiers", "sector", "value"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        _id("id"),
        _digest("handle_digest"),
        _id("citizen"),
        _word("context"),
        _instant("authenticated_at"),
        _word("check_source"),
        _instant("checked_at"),
        _instant("check_issued_at"),
        _instant("check_next_update"),
        _number("tier"),
        _id("circle"),
        _instant("expires_at"),
        _instant("ended_at", nullable=True),
        _check("sessions", "handle_digest", "length(handle_digest) = 32"),
        _check("sessions", "ends_after_it_begins", "expires_at > authenticated_at"),
        _refers("sessions", "citizen", "citizens.id"),
        _primary("sessions", "id"),
        _unique("sessions", "handle_digest"),
    )
    _index("sessions", "citizen")
    _index("sessions", "expires_at")
    op.create_table(
        "participations",
        _id("session"),
        _id("service_provider"),
        _id("handle"),
        _instant("since"),
        _refers("participations", "session", "sessions.id", ondelete="CASCADE"),
        _refers("participations", "service_provider", "service_providers.id"),
        _primary("participations", "session", "service_provider"),
        _unique("participations", "handle"),
    )
    _index("participations", "service_provider")


def _releases() -> None:
    op.create_table(
        "releases",
        _row_number(),
        _id("session"),
        _id("citizen"),
        _id("service_provider"),
        _id("sector"),
        _word("identifier"),
        _word("context"),
        _instant("authenticated_at"),
        _instant("released_at"),
        _refers("releases", "citizen", "citizens.id"),
        _refers("releases", "service_provider", "service_providers.id"),
        _refers("releases", "sector", "sectors.code"),
        _primary("releases", "id"),
    )
    _index("releases", "citizen")
    _index("releases", "service_provider")


def _one_time() -> None:
    op.create_table(
        "one_time",
        _word("kind"),
        _digest("key_digest"),
        _text("payload"),
        _instant("put_at"),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        _check("one_time", "key_digest", "length(key_digest) = 32"),
        _primary("one_time", "kind", "key_digest"),
    )
    _index("one_time", "expires_at")


def _audit_events() -> None:
    op.create_table(
        "audit_events", _row_number(), _instant("at"), _id("kind"), _text("body"), _primary("audit_events", "id")
    )
    _index("audit_events", "at")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_no_{change.lower()} BEFORE {change} ON audit_events "
            "BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"
        )


def _due_work() -> None:
    op.create_table(
        "due_work",
        _id("name"),
        _instant("due_at"),
        _instant("claimed_until", nullable=True),
        sa.Column("claimed_by", sa.String(64), nullable=True),
        _check("due_work", "claim", "(claimed_until IS NULL) = (claimed_by IS NULL)"),
        _primary("due_work", "name"),
    )
