"""API keys and owners; forks; verifications; the digest of a trajectory."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_keys_sha256")),
    )
    op.add_column("datasets", sa.Column("owner", sa.String()))
    seq = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for column in (
        sa.Column("owner", sa.String()),
        sa.Column("forked_from", sa.JSON()),
        sa.Column("verifies", seq),
        sa.Column("verification", sa.JSON()),
        sa.Column("trajectory_sha256", sa.String()),
    ):
        op.add_column("runs", column)
    for name, columns in (
        ("owner", ["owner", "seq"]),
        ("verifies", ["verifies"]),
        ("finished_at", ["finished_at"]),
    ):
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_runs_{name}", "runs", columns, sqlite_where=where, postgresql_where=where)
