"""Deletion of a sweep in slices."""

from sqlalchemy import BindParameter, Connection, Text, and_, bindparam, cast, func, select, update

from service.storage import sweeps
from service.storage.run_deletion import deleting, remove_first
from service.storage.sqlite.row_checksums import integer, is_damaged
from service.storage.sqlite.slices import run_slice
from service.storage.tables import runs
from service.storage.tables import sweeps as sweeps_table

MEMBERS_AT_ONCE = 16
"""Most members that a step deletes: each row, which may be long, is written or freed as a whole."""

_THIS: BindParameter[int] = bindparam("of_sweep")
_SWEEP_ID = select(sweeps_table.c.id).where(sweeps_table.c.seq == _THIS).scalar_subquery()
_NAMED = func.coalesce(func.instr(func.coalesce(cast(runs.c.sweep, Text), ""), _SWEEP_ID), 0)
# A damaged row that does not name the sweep in its column `sweep`, which members have too.
_IS_STRAY = and_(is_damaged(runs), _NAMED == 0).label("is_stray")
_FIRST = (
    select(runs.c.seq, integer(runs.c.dataset_seq), _IS_STRAY)
    .where(runs.c.sweep_seq == _THIS)
    .order_by(runs.c.seq)
    .limit(bindparam("most"))
)


def remove_some_members(connection: Connection, sweep_seq: int) -> bool:
    """Deletes members for the time of a slice, and the sweep after the last one. Returns whether some remain.

    A damaged run that only its damage has put into the sweep stays, outside it.
    """

    def remove_some() -> bool:
        found = connection.execute(_FIRST, {"of_sweep": sweep_seq, "most": MEMBERS_AT_ONCE}).all()
        if stray := [member.seq for member in found if member.is_stray]:
            connection.execute(update(runs).where(runs.c.seq.in_(stray)).values(sweep_seq=None))
        own = {member.seq: member.dataset_seq for member in found if not member.is_stray}
        removed = remove_first(connection, own)
        return len(found) == MEMBERS_AT_ONCE or removed < len(own)

    with deleting():
        some_remain = run_slice(remove_some)
        sweeps.remove_if_empty(connection, sweep_seq)
    return some_remain
