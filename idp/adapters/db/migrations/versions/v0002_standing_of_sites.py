"""A site's standing and marks, the end of its registration, and where newer registrations come from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "service_providers"


def upgrade() -> None:
    """Every site that is there stays active, unmarked and without a source."""
    op.add_column(TABLE, sa.Column("registration_ends_at", sa.DateTime(timezone=True)))
    op.add_column(TABLE, sa.Column("source", sa.String(64)))
    op.add_column(TABLE, sa.Column("standing", sa.String(32), nullable=False, server_default="active"))
    op.add_column(TABLE, sa.Column("marks", sa.String(200), nullable=False, server_default=""))
    op.create_index("ix_service_providers_source", TABLE, ["source"])


def downgrade() -> None:
    """Suspended and removed sites are served again by the older program: end their registration first."""
    op.drop_index("ix_service_providers_source", TABLE)
    for column in ("marks", "standing", "source", "registration_ends_at"):
        op.drop_column(TABLE, column)
