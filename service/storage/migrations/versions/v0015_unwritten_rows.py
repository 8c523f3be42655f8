"""The bytes that unfinished runs will still store count their rows too: with few steps, the results are most of a run.

The whole row counts until the end of the run, also the request, which is there already.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UNFINISHED = "('queued', 'running', 'paused', 'cancelling')"
ADD = "UPDATE unwritten_bytes SET bytes = bytes + "


def upgrade() -> None:
    new, old = _unwritten("NEW"), _unwritten("OLD")
    for event, change in (
        ("INSERT", new),
        ("UPDATE OF status, stored_bytes, step_bytes, rows_done", f"({new}) - ({old})"),
        ("DELETE", f"-({old})"),
    ):
        name = f"unwritten_bytes_{event.split()[0].lower()}"
        op.execute(f"DROP TRIGGER {name}")
        op.execute(f"CREATE TRIGGER {name} AFTER {event} ON runs WHEN ({change}) <> 0 BEGIN {ADD}{change}; END")
    op.execute(
        "UPDATE unwritten_bytes SET bytes ="  # noqa: S608 - constants
        f" coalesce((SELECT sum({_unwritten('runs')}) FROM runs WHERE status IN {UNFINISHED}), 0)"
    )


def _unwritten(row: str) -> str:
    """Expression for the bytes of a run less those of its stored steps; 0 for a finished or a damaged run."""
    numbers = [f"{row}.{name}" for name in ("stored_bytes", "step_bytes", "rows_done")]
    sound = " AND ".join(f"typeof({each}) = 'integer' AND {each} BETWEEN 0 AND {1 << 48}" for each in numbers)
    missing = f"max({numbers[0]} - {numbers[1]} * {numbers[2]}, 0)"
    return f"CASE WHEN {row}.status IN {UNFINISHED} AND {sound} THEN {missing} ELSE 0 END"
