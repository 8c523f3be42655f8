"""Runs without a dataset: runs.dataset_seq may be null.

SQLite cannot drop NOT NULL by ALTER TABLE before version 3.53, and a rewritten table would delete all trajectories with
the old one. A constraint changes no byte of a row, so its text is taken out of the stored schema, as SQLite's
documentation of ALTER TABLE describes (section 8).
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMN = "dataset_seq INTEGER"


def upgrade() -> None:
    if op.get_context().dialect.name != "sqlite":
        op.alter_column("runs", "dataset_seq", nullable=True)
        return
    connection = op.get_bind()
    version = connection.execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = 'runs' AND instr(sql, :before) > 0"
        ),
        {"before": f"{COLUMN} NOT NULL", "after": COLUMN},
    ).rowcount
    op.execute(f"PRAGMA schema_version = {version + 1}")  # other connections read the schema again
    op.execute("PRAGMA writable_schema = RESET")  # this one, too
    columns = connection.execute(sa.text("PRAGMA table_info(runs)")).all()
    if changed != 1 or any(column.notnull for column in columns if column.name == "dataset_seq"):
        raise RuntimeError("The schema of the database cannot be changed: runs.dataset_seq is still NOT NULL.")
