"""Sources of metadata, what was read there, and the members of their aggregates."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No site has a source yet."""
    op.create_table(
        "metadata_sources",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("url", sa.String(1024), nullable=False),
        sa.Column("signers", sa.Text(), nullable=False),
        sa.Column("last_generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_metadata_sources")),
    )
    op.create_table(
        "metadata_readings",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("entity_id", sa.String(1024), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.String(32)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("entities", sa.Integer()),
        sa.Column("etag", sa.String(200)),
        sa.Column("generation", sa.Integer()),
        sa.PrimaryKeyConstraint("source", "entity_id", name=op.f("pk_metadata_readings")),
        sa.ForeignKeyConstraint(
            ["source"], ["metadata_sources.name"], name=op.f("fk_metadata_readings_source"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "(read_at IS NULL) = (ends_at IS NULL)"
            " AND (read_at IS NULL) = (digest IS NULL)"
            " AND (read_at IS NULL) = (entities IS NULL)",
            name=op.f("ck_metadata_readings_good_reading"),
        ),
    )
    op.create_table(
        "federation_entities",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.String(1024), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("source", "generation", "entity_id", name=op.f("pk_federation_entities")),
        sa.ForeignKeyConstraint(["source"], ["metadata_sources.name"], name=op.f("fk_federation_entities_source")),
    )


def downgrade() -> None:
    """Sites keep the descriptions they have; nobody brings newer ones."""
    for table in ("federation_entities", "metadata_readings", "metadata_sources"):
        op.drop_table(table)
