"""The columns of a dataset and the report of its reader, in place of the summary.

The rows of an earlier dataset are its features and its target. Those columns have the statistics of the summary, and a
text target has its labels. A damaged row stays as it is, and empty in the new columns.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATISTICS = ("min", "max", "mean", "standard_deviation")
SLICE = 1_000
READ = (
    "SELECT seq, CAST(features AS BLOB), CAST(target AS BLOB), CAST(labels AS BLOB), text_target,"
    " CAST(summary AS BLOB) FROM datasets WHERE seq > :after ORDER BY seq LIMIT :most"
)

WRITE = (
    "UPDATE datasets SET columns = :columns, stored_bytes = CASE WHEN typeof(stored_bytes) = 'integer'"
    " AND stored_bytes > 0 THEN stored_bytes + length(CAST(:columns AS BLOB)) - length(CAST(summary AS BLOB))"
    " ELSE stored_bytes END WHERE seq = :seq"
)


def upgrade() -> None:
    for name in ("columns", "report"):
        op.add_column("datasets", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    connection, after = op.get_bind(), -1
    while rows := connection.execute(sa.text(READ), {"after": after, "most": SLICE}).all():
        after = rows[-1][0]
        found = [{"seq": row[0], "columns": columns} for row in rows if (columns := _columns(row)) is not None]
        if found:
            connection.execute(sa.text(WRITE), found)
    op.execute("ALTER TABLE datasets DROP COLUMN summary")


def _columns(row: Sequence[Any]) -> str | None:
    """The columns of a row as JSON; None for a damaged one."""
    _, features, target, labels, text_target, summary = row
    try:
        known = {column["name"]: column for column in json.loads(summary)}
        classes = json.loads(labels) if labels is not None else None
        names = [*json.loads(features), target.decode()]
        columns = [_column(name, known.get(name, {})) for name in names]
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if text_target:
        columns[-1] |= {
            **dict.fromkeys(STATISTICS),
            "kind": "label",
            "categories": [str(each) for each in classes or ()],
        }
    else:
        columns[-1]["labels"] = classes
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))


def _column(name: str, known: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "number",
        "missing": 0,
        **{each: known.get(each) for each in STATISTICS},
        "categories": None,
    }
