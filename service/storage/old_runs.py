"""Deletion of runs by age. A damaged run stays, since its time may be wrong."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from service.storage import run_deletion, sweeps
from service.storage.runs import IS_LISTED
from service.storage.sqlite.row_checksums import is_sound
from service.storage.tables import runs

_IS_KEPT = (runs.c.verifies.is_(None), runs.c.deleted_at.is_(None), is_sound(runs))


def remove_old(connection: Connection, run_ids: Sequence[str]) -> None:
    """Deletes finished runs. They are hidden, then purged in slices (`purge.purge_slice`)."""
    listed = select(runs.c.seq, runs.c.sweep_seq).where(runs.c.id.in_(run_ids), *IS_LISTED)
    found = connection.execute(listed).all()
    with run_deletion.deleting():
        run_deletion.remove_verifications(connection, [run.seq for run in found])
        run_deletion.hide(connection, runs.c.seq.in_([run.seq for run in found]))
        for sweep_seq in {run.sweep_seq for run in found} - {None}:
            sweeps.remove_if_empty(connection, sweep_seq)


def finished_before(connection: Connection, moment: float, limit: int) -> Sequence[str]:
    """Ids of at most `limit` runs with finished_at < `moment` (seconds since 1970), the earliest first."""
    ended = select(runs.c.id).where(runs.c.finished_at < moment, *_IS_KEPT)
    return connection.execute(ended.order_by(runs.c.finished_at).limit(limit)).scalars().all()


def count_finished_before(connection: Connection, moment: float) -> int:
    """Number of the runs that `finished_before` returns without a limit."""
    ended = select(func.count()).select_from(runs).where(runs.c.finished_at < moment, *_IS_KEPT)
    return int(connection.execute(ended).scalar_one())
