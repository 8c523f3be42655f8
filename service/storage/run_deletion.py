"""Deletion of runs. A run that may be long is hidden at once, and purged in slices."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, func, select, update

from service.core.failpoints import reach
from service.core.run_status import FINISHED, RunStatus
from service.storage import damaged_rows, datasets, sweeps, trajectories
from service.storage.runs import IS_LISTED, not_before_start
from service.storage.sqlite.row_checksums import integer, is_damaged, is_sound, seal
from service.storage.tables import runs

# Values of a deleted run until its chunks are purged: the run is hidden, and no worker can claim it.
_DELETED: dict[str, Any] = {
    "deleted_at": bindparam("now"),
    "status": case((runs.c.status.in_(FINISHED), runs.c.status), else_=RunStatus.CANCELLED),
    "owner": None,
    "idempotency_key": None,
    "sweep_seq": None,
    "finished_at": func.coalesce(runs.c.finished_at, not_before_start(bindparam("now"))),
    "lease_owner": None,
    "lease_expires_at": None,
    "lease_token": runs.c.lease_token + 1,
    "checkpoint": None,
    "stored_bytes": 0,
}


def remove(connection: Connection, run_id: str) -> bool:
    """Deletes a run, its trajectory, its lease, and an inline dataset without other runs; false for an unknown run.

    A run with a long trajectory is hidden, then purged in slices (`purge.purge_slice`).
    """
    listed = select(runs.c.seq, integer(runs.c.dataset_seq), integer(runs.c.sweep_seq)).where(*IS_LISTED)
    run = connection.execute(listed.where(damaged_rows.has_id(runs, run_id))).one_or_none()
    if run is None:
        return False
    with deleting():
        remove_verifications(connection, [run.seq])
        if trajectories.is_long(connection, run.seq):
            hide(connection, runs.c.seq == run.seq)
        else:
            connection.execute(delete(runs).where(runs.c.seq == run.seq))
            datasets.release(connection, run.dataset_seq)
        if run.sweep_seq is not None:
            sweeps.remove_if_empty(connection, run.sweep_seq)
    return True


def remove_verifications(connection: Connection, run_seqs: Sequence[int]) -> None:
    """Deletes the verifications of runs. A damaged row stays: it may be another run."""
    connection.execute(delete(runs).where(runs.c.verifies.in_(run_seqs), is_sound(runs)))


def hide(connection: Connection, which: ColumnElement[bool]) -> None:
    """Hides runs until their purge. A damaged one gets a checksum: else it would be listed."""
    seal(connection, runs, and_(which, is_damaged(runs)))
    connection.execute(update(runs).where(which).values(_DELETED), {"now": time.time()})


@contextmanager
def deleting() -> Iterator[None]:
    """Reaches the failpoints of a deletion."""
    reach("delete.before")
    yield
    reach("delete.after")
