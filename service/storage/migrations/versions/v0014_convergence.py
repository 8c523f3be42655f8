"""How a descent ended, beside its reference minimum; null in the runs of earlier versions."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("convergence", sa.JSON()))
