"""Deletion of a sweep in slices."""

from sqlalchemy import ColumnElement, Connection, Text, and_, cast, func, select, update

from service.storage import sweeps
from service.storage.run_deletion import deleting, hide, remove_verifications
from service.storage.sqlite.row_checksums import is_damaged
from service.storage.sqlite.slices import run_slice
from service.storage.tables import runs
from service.storage.tables import sweeps as sweeps_table


def remove_some_members(connection: Connection, sweep_seq: int) -> bool:
    """Deletes members for the time of a slice, and the sweep after the last one. Returns whether some remain.

    The runs are hidden, then purged in slices (`purge.purge_slice`). Hiding writes a whole row, which may be long.
    A damaged run that only its damage has put into the sweep stays, outside it.
    """
    is_member = runs.c.sweep_seq == sweep_seq
    first = select(runs.c.seq, _is_stray(sweep_seq).label("is_stray")).where(is_member).order_by(runs.c.seq).limit(1)

    def hide_one() -> bool:
        member = connection.execute(first).one_or_none()
        if member is not None and member.is_stray:
            connection.execute(update(runs).where(runs.c.seq == member.seq).values(sweep_seq=None))
        elif member is not None:
            remove_verifications(connection, [member.seq])
            hide(connection, runs.c.seq == member.seq)
        return member is not None

    with deleting():
        run_slice(hide_one)
        sweeps.remove_if_empty(connection, sweep_seq)
    return connection.execute(first).one_or_none() is not None


def _is_stray(sweep_seq: int) -> ColumnElement[bool]:
    """Whether a damaged row does not name this sweep in its column `sweep`, which members have too."""
    sweep_id = select(sweeps_table.c.id).where(sweeps_table.c.seq == sweep_seq).scalar_subquery()
    named = func.instr(func.coalesce(cast(runs.c.sweep, Text), ""), sweep_id)
    return and_(is_damaged(runs), func.coalesce(named, 0) == 0)
