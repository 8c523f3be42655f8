"""Owner and idempotency key in separate columns. Earlier versions stored both as "owner/key" in one unique column.

SQLite cannot drop a unique column without rewriting the table, whose deletion would delete all trajectories. So the
earlier column stays, always null, as `former_key`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("runs", "sweeps"):
        _separate_keys(table)


def _separate_keys(table: str) -> None:
    op.execute(f"ALTER TABLE {table} RENAME COLUMN idempotency_key TO former_key")
    op.add_column(table, sa.Column("idempotency_key", sa.String()))
    op.execute(
        f"UPDATE {table} SET former_key = NULL, idempotency_key = CASE"  # noqa: S608 - a constant
        " WHEN substr(former_key, 1, length(owner) + 1) = owner || '/' THEN substr(former_key, length(owner) + 2)"
        " ELSE former_key END WHERE former_key IS NOT NULL"
    )
    for name, columns, where in (
        ("owned_key", ["owner", "idempotency_key"], "owner IS NOT NULL AND idempotency_key IS NOT NULL"),
        ("bare_key", ["idempotency_key"], "owner IS NULL AND idempotency_key IS NOT NULL"),
    ):
        condition = sa.text(where)
        op.create_index(
            f"uq_{table}_{name}", table, columns, unique=True, sqlite_where=condition, postgresql_where=condition
        )
