"""Checksums of rows and of checkpoints. `migrations.migrate` fills in those of the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("checkpoint_checksum", sa.BigInteger()))
    for table in ("datasets", "sweeps", "runs", "api_keys"):
        op.add_column(table, sa.Column("checksum", sa.BigInteger()))
    op.execute("UPDATE runs SET checkpoint_checksum = checksum(checkpoint) WHERE checkpoint IS NOT NULL")
