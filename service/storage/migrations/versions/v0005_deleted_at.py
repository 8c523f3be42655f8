"""Deletion time of a run. Earlier versions marked a deleted run by verifies = seq."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("deleted_at", sa.Double()))
    runs = sa.table("runs", *(sa.column(name) for name in ("seq", "verifies", "deleted_at")))
    deleted = sa.update(runs).where(runs.c.verifies.is_not(None), runs.c.verifies == runs.c.seq)
    op.execute(deleted.values(deleted_at=time.time(), verifies=None))
    where = sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_runs_deleted_at", "runs", ["deleted_at"], sqlite_where=where, postgresql_where=where)
