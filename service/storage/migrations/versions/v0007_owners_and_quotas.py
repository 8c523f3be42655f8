"""Owner and idempotency key in separate columns; the sizes of runs and datasets; the runs that a key sees;
indexes by owner.

Earlier versions stored owner and key as "owner/key" in one unique column. SQLite cannot drop a unique column without
rewriting the table, whose deletion would delete all trajectories. So the earlier column stays, always null, as
`former_key`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("runs", "sweeps"):
        _separate_keys(table)
    _measure_datasets()
    _measure_runs()
    op.add_column("api_keys", sa.Column("sees", sa.String()))
    _index_owners()


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


def _measure_datasets() -> None:
    op.add_column("datasets", sa.Column("stored_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE datasets SET stored_bytes = coalesce("
        "(SELECT sum(length(data)) FROM dataset_chunks WHERE dataset_seq = datasets.seq), 0)"
    )
    op.create_index("ix_datasets_stored_bytes", "datasets", ["owner", "stored_bytes"])


def _measure_runs() -> None:
    """A run with damaged columns counts as empty."""
    for name in ("step_bytes", "stored_bytes"):
        op.add_column("runs", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE runs SET step_bytes = 8 * (json_array_length(parameters) + json_array_length(columns))"
        " WHERE json_valid(parameters) AND json_valid(columns) AND verifies IS NULL"
    )
    op.execute(
        "UPDATE runs SET stored_bytes = length(request) + length(parameters)"
        " + step_bytes * CASE WHEN finished_at IS NULL THEN steps_total + 1 ELSE rows_done END"
        " WHERE step_bytes > 0 AND deleted_at IS NULL"
    )
    op.create_index("ix_runs_stored_bytes", "runs", ["owner", "stored_bytes"])


def _index_owners() -> None:
    op.create_index("ix_sweeps_owner", "sweeps", ["owner", "seq"])
    is_uploaded = sa.text("uploaded = 1")
    for name, columns in (("uploaded", ["seq"]), ("owner", ["owner", "seq"])):
        op.create_index(
            f"ix_datasets_{name}", "datasets", columns, sqlite_where=is_uploaded, postgresql_where=is_uploaded
        )
