"""Validation rows, optimum and diagnosis of a run; the state of early stopping in its checkpoint."""

import numpy as np
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Initial state of early stopping: E of the previous step, the least validation error, its step.
_WATCH = np.array([np.inf, np.inf, 0.0], dtype="<f8").tobytes()


def upgrade() -> None:
    op.add_column("runs", sa.Column("validation_rows", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("optimum", sa.JSON()))
    op.add_column("runs", sa.Column("diagnosis", sa.JSON(), nullable=False, server_default="[]"))
    runs = sa.table("runs", sa.column("seq"), sa.column("checkpoint", sa.LargeBinary))
    connection = op.get_bind()
    waiting = sa.select(runs).where(runs.c.checkpoint.is_not(None))
    for run in connection.execute(waiting).all():
        checkpoint = run.checkpoint + _WATCH
        connection.execute(sa.update(runs).where(runs.c.seq == run.seq).values(checkpoint=checkpoint))
