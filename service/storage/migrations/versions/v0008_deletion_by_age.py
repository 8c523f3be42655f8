"""The state of the deletion by age: readings of the clocks, and the notice."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletion_by_age",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("wall", sa.Double(), nullable=False),
        sa.Column("steady", sa.Double(), nullable=False),
        sa.Column("leaps", sa.JSON(), nullable=False),
        sa.Column("ended_before", sa.Double()),
        sa.Column("announced_at", sa.Double()),
    )
