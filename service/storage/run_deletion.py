"""Deletion of runs. A run that may be long is hidden at once, and purged in slices."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, case, delete, func, select, update

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

# Built once: SQLAlchemy builds a statement several times slower than SQLite runs it.
_SEQS: BindParameter[int] = bindparam("run_seqs", expanding=True)
_REMOVE = delete(runs).where(runs.c.seq.in_(_SEQS))
_REMOVE_VERIFICATIONS = delete(runs).where(runs.c.verifies.in_(_SEQS), is_sound(runs))


def remove(connection: Connection, run_id: str) -> bool:
    """Deletes a run, its trajectory, its lease, and an inline dataset without other runs; false for an unknown run.

    A run with a long trajectory is hidden, then purged in slices (`purge.purge_slice`).
    """
    listed = select(runs.c.seq, integer(runs.c.dataset_seq), integer(runs.c.sweep_seq)).where(*IS_LISTED)
    run = connection.execute(listed.where(damaged_rows.has_id(runs, run_id))).one_or_none()
    if run is None:
        return False
    with deleting():
        remove_first(connection, {run.seq: run.dataset_seq})
        if run.sweep_seq is not None:
            sweeps.remove_if_empty(connection, run.sweep_seq)
    return True


def remove_all(connection: Connection, run_ids: Sequence[str]) -> str | None:
    """Deletes several runs as `remove` does; none if one is unknown, whose id it returns.

    They are hidden, then purged in slices: their chunks together would hold the lock for long.
    """
    found = []
    for run_id in run_ids:
        listed = select(runs.c.seq, integer(runs.c.sweep_seq)).where(*IS_LISTED, damaged_rows.has_id(runs, run_id))
        run = connection.execute(listed).one_or_none()
        if run is None:
            return run_id
        found.append(run)
    with deleting():
        seqs = [run.seq for run in found]
        remove_verifications(connection, seqs)
        hide(connection, runs.c.seq.in_(seqs))
        for sweep_seq in {run.sweep_seq for run in found if run.sweep_seq is not None}:
            sweeps.remove_if_empty(connection, sweep_seq)
    return None


def remove_first(connection: Connection, found: Mapping[int, int | None]) -> int:
    """Deletes the first of the runs, as many as have DELETED_AT_ONCE chunks together, and hides a longer run.

    The runs are given by their seqs and those of their datasets. Returns how many of them are deleted or hidden.
    """
    counts = trajectories.chunk_counts(connection, [*found])
    short, long, freed = dict[int, int | None](), list[int](), 0
    for seq, dataset_seq in found.items():
        chunks = counts.get(seq, 0)
        if chunks > trajectories.DELETED_AT_ONCE:
            long.append(seq)
        elif freed + chunks > trajectories.DELETED_AT_ONCE:
            break
        else:
            short[seq] = dataset_seq
            freed += chunks
    remove_verifications(connection, [*short, *long])
    if long:
        hide(connection, runs.c.seq.in_(long))
    if short:
        remove_rows(connection, short)
    return len(short) + len(long)


def remove_rows(connection: Connection, found: Mapping[int, int | None]) -> None:
    """Deletes the rows of runs with few chunks or none, given as to `remove_first`, and data without other runs."""
    connection.execute(_REMOVE, {"run_seqs": [*found]})
    for dataset_seq in {each for each in found.values() if each is not None}:
        datasets.release(connection, dataset_seq)


def remove_verifications(connection: Connection, run_seqs: Sequence[int]) -> None:
    """Deletes the verifications of runs. A damaged row stays: it may be another run."""
    connection.execute(_REMOVE_VERIFICATIONS, {"run_seqs": run_seqs})


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
