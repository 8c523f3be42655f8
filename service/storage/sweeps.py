"""Storage of sweeps: groups of runs. A sweep exists as long as one of its runs exists."""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, bindparam, case, delete, exists, func, insert, select

from service.core.sweep_record import Member, StatusCount, Sweep
from service.storage.ownership import by_idempotency_key, is_seen_by_owner, newest
from service.storage.tables import runs, sweeps

_IS_OWN = is_seen_by_owner(sweeps)
_RECORDS = select(*(sweeps.c[name] for name in Sweep._fields))
_BY_ID = _RECORDS.where(sweeps.c.id == bindparam("sweep_id"), _IS_OWN)
_LATEST = newest(_RECORDS, sweeps)
_BY_KEY = by_idempotency_key(_RECORDS, sweeps)
_MEMBERS = select(*(runs.c[name] for name in Member._fields)).where(runs.c.sweep_seq == bindparam("of_sweep"))
_COUNTED = (
    runs.c.status,
    runs.c.sweep_seq,
    func.count().label("runs"),
    func.sum(case((runs.c.rows_done > 0, runs.c.rows_done - 1), else_=0)).label("steps_done"),
    func.sum(runs.c.steps_total).label("steps_total"),
    func.max(runs.c.finished_at).label("finished_at"),
)

_CREATE = insert(sweeps).returning(*_RECORDS.selected_columns)


def create(connection: Connection, values: Mapping[str, object]) -> Sweep:
    """Creates a sweep without runs. `values` are the columns from the request."""
    row = {**values, "id": secrets.token_hex(8), "created_at": time.time()}
    return Sweep.from_row(connection.execute(_CREATE, row).one())


def find(connection: Connection, sweep_id: str, owner: str | None = None) -> Sweep | None:
    """The sweep with this id, of one owner or of any owner for None; "latest" is the newest sweep."""
    if sweep_id == "latest":
        return _found(connection, _LATEST.of(owner), {"owner": owner})
    return _found(connection, _BY_ID, {"sweep_id": sweep_id, "owner": owner})


def find_by_key(connection: Connection, owner: str | None, key: str) -> Sweep | None:
    """The sweep of an owner with this idempotency key; with None as the owner, the sweep without an owner."""
    return _found(connection, _BY_KEY.of(owner), {"owner": owner, "key": key})


def _found(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> Sweep | None:
    row = connection.execute(query, values).one_or_none()
    return None if row is None else Sweep.from_row(row)


def page(connection: Connection, *, limit: int, before: int | None, owner: str | None = None) -> list[Sweep]:
    """The newest sweeps with seq < `before`, of one owner or of all owners for None."""
    query = _RECORDS.order_by(sweeps.c.seq.desc()).limit(limit)
    if owner is not None:
        query = query.where(sweeps.c.owner == owner)
    if before is not None:
        query = query.where(sweeps.c.seq < before)
    return [Sweep.from_row(row) for row in connection.execute(query)]


def seq_of(sweep_id: str, owner: str | None = None) -> ScalarSelect[Any]:
    """Scalar subquery for the seq of the sweep that `find` returns."""
    asked = _LATEST.of(owner) if sweep_id == "latest" else _BY_ID.params(sweep_id=sweep_id)
    return asked.params(owner=owner).with_only_columns(sweeps.c.seq).scalar_subquery()


def members(connection: Connection, sweep_seq: int) -> Iterator[Member]:
    """Lazy iterator over the members of a sweep in submission order, with the fields of a ranking."""
    return map(Member.from_row, connection.execute(_MEMBERS.order_by(runs.c.seq), {"of_sweep": sweep_seq}))


def counts(connection: Connection, seqs: Sequence[int]) -> list[StatusCount]:
    """Number of runs and steps for each pair of sweep and status, among the sweeps `seqs`."""
    counted = select(*_COUNTED).where(runs.c.sweep_seq.in_(seqs))
    grouped = counted.group_by(runs.c.sweep_seq, runs.c.status)
    return [StatusCount.from_row(row) for row in connection.execute(grouped)]


def remove_if_empty(connection: Connection, sweep_seq: int) -> None:
    """Deletes a sweep without runs."""
    has_runs = exists(select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq))
    connection.execute(delete(sweeps).where(sweeps.c.seq == sweep_seq, ~has_runs))
