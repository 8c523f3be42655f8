"""Deletion of a sweep in slices."""

from sqlalchemy import Connection, delete, select

from service.storage import sweeps
from service.storage.runs import deleting, hide
from service.storage.sqlite.slices import run_slice
from service.storage.tables import runs


def remove_some_members(connection: Connection, sweep_seq: int) -> bool:
    """Deletes members for the time of a slice, and the sweep after the last one. Returns whether some remain.

    The runs are hidden, then purged in slices (`purge.purge_slice`). Hiding writes a whole row, which may be long.
    """
    first = select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq).order_by(runs.c.seq).limit(1)

    def hide_one() -> bool:
        seq = connection.execute(first).scalar_one_or_none()
        if seq is not None:
            connection.execute(delete(runs).where(runs.c.verifies == seq))
            hide(connection, runs.c.seq == seq)
        return seq is not None

    with deleting():
        run_slice(hide_one)
        sweeps.remove_if_empty(connection, sweep_seq)
    return connection.execute(first).one_or_none() is not None
