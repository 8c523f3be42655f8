"""Reading of runs some of which are damaged: a row that cannot be read is shown as a failed run.

A page is read as one query. Only when a row of it cannot be read, the rows after that are read one by one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import OperationalError

from service.core.run_record import Run, RunError
from service.core.run_status import RunStatus
from service.storage.errors import CorruptError, has_code
from service.storage.tables import runs

ERROR: RunError = {
    "code": "damaged_data",
    "message": "The row of this run is damaged. `descent check` says where; DELETE removes the run.",
}
_LEFT = select(runs.c.seq, runs.c.id, runs.c.owner, runs.c.created_at)


def readable(connection: Connection, query: Select[Any], values: Mapping[str, object]) -> Iterator[Run]:
    """Lazy iterator over the runs of a query of records, the newest first; a damaged one as a failed run."""
    seqs = query.with_only_columns(runs.c.seq)
    last = None
    try:
        for row in connection.execute(query, values):
            run = Run.from_row(row)
            last = run.seq
            yield run
    except (CorruptError, ValueError, OperationalError) as error:
        _raise_of_file(error)
        left = seqs if last is None else seqs.where(runs.c.seq < last)
        for seq in connection.execute(left, values).scalars().all():
            yield _one(connection, query.where(runs.c.seq == seq), values, seq)


def _one(connection: Connection, query: Select[Any], values: Mapping[str, object], seq: int) -> Run:
    try:
        return Run.from_row(connection.execute(query, values).one())
    except (CorruptError, ValueError, OperationalError) as error:
        _raise_of_file(error)
        return _damaged(connection, seq)


def _raise_of_file(error: Exception) -> None:
    """Raises an error of SQLite that concerns the file. Text that is not UTF-8 gives an error without a code."""
    if isinstance(error, OperationalError) and has_code(error):
        raise error


def _damaged(connection: Connection, seq: int) -> Run:
    """A failed run with what can be read of the row, and nothing else."""
    found = connection.execute(_LEFT.where(runs.c.seq == seq)).one()
    empty: dict[str, Any] = dict.fromkeys(Run._fields)
    empty |= {"tags": {}, "request": {}, "timings": {}}
    empty |= {name: [] for name in ("parameters", "columns", "diagnosis", "dataset_features")}
    empty |= dict.fromkeys(("dataset_seq", "train_rows", "validation_rows", "test_rows", "steps_total"), 0)
    empty |= dict.fromkeys(("rows_done", "lease_token", "losses", "dataset_rows"), 0)
    empty |= {"request_digest": "", "dataset_id": "", "dataset_target": "", "dataset_text_target": False}
    empty |= {"status": RunStatus.FAILED, "error": ERROR, "seq": seq, "id": found.id, "owner": found.owner}
    return Run(**empty | {"created_at": found.created_at if isinstance(found.created_at, float) else 0.0})
