"""Fair shares: the computing time of each owner, and the weight and the limit of each key."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "computing_times",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("charged_at", sa.Double(), nullable=False),
    )
    op.add_column("api_keys", sa.Column("weight", sa.Double(), nullable=False, server_default="1"))
    op.add_column("api_keys", sa.Column("max_running", sa.Integer()))
    where = sa.text("status IN ('queued', 'running', 'cancelling')")
    columns = ["owner", "status", "seq"]
    op.create_index("ix_runs_waiting", "runs", columns, sqlite_where=where, postgresql_where=where)
