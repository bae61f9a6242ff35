"""Run by Alembic: migrates on the connection that `schema` hands over, inside its transaction."""

from alembic import context

from idp.adapters.db.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
