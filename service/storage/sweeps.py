"""Sweeps: what holds several runs together. A sweep is there as long as one of its runs is."""

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, ScalarSelect, bindparam, case, delete, exists, func, insert, or_, select
from sqlalchemy.engine import Row

from service.storage.tables import runs, sweeps

_IS_OWN = or_(bindparam("owner").is_(None), sweeps.c.owner == bindparam("owner"))
_BY_ID = select(sweeps).where(sweeps.c.id == bindparam("sweep_id"), _IS_OWN)
_LATEST = select(sweeps).where(_IS_OWN).order_by(sweeps.c.seq.desc()).limit(1)
_RANKED = (
    *("seq", "id", "name", "status", "sweep", "learning_rate", "rows_done", "steps_total"),
    *("final", "best", "diverged_at", "finished_at"),
)
_MEMBERS = select(*(runs.c[name] for name in _RANKED)).where(runs.c.sweep_seq == bindparam("of_sweep"))
_COUNTED = (
    runs.c.status,
    func.count().label("runs"),
    func.sum(case((runs.c.rows_done > 0, runs.c.rows_done - 1), else_=0)).label("steps_done"),
    func.sum(runs.c.steps_total).label("steps_total"),
    func.max(runs.c.finished_at).label("finished_at"),
)


def create(connection: Connection, values: Mapping[str, Any]) -> Row[Any]:
    """A new sweep, without runs as yet. `values` are the columns that the request decides."""
    row = {**values, "id": secrets.token_hex(8), "created_at": time.time()}
    return connection.execute(insert(sweeps).returning(sweeps), row).one()


def find(connection: Connection, sweep_id: str, owner: str | None = None) -> Row[Any] | None:
    """The owner's sweep with this id, or anybody's for None; "latest" is the newest."""
    if sweep_id == "latest":
        return connection.execute(_LATEST, {"owner": owner}).one_or_none()
    return connection.execute(_BY_ID, {"sweep_id": sweep_id, "owner": owner}).one_or_none()


def find_by_key(connection: Connection, key: str) -> Row[Any] | None:
    """The sweep that was made with this idempotency key, as stored."""
    return connection.execute(select(sweeps).where(sweeps.c.idempotency_key == key)).one_or_none()


def page(connection: Connection, *, limit: int, before: int | None, owner: str | None = None) -> Sequence[Row[Any]]:
    """The newest sweeps of an owner, or of everybody for None, whose seq is below `before`."""
    query = select(sweeps).order_by(sweeps.c.seq.desc()).limit(limit)
    if owner is not None:
        query = query.where(sweeps.c.owner == owner)
    if before is not None:
        query = query.where(sweeps.c.seq < before)
    return connection.execute(query).all()


def seq_of(sweep_id: str, owner: str | None = None) -> ScalarSelect[Any]:
    """The number of the sweep that `find` would give, to be asked for within a query."""
    asked = _LATEST if sweep_id == "latest" else _BY_ID.params(sweep_id=sweep_id)
    return asked.params(owner=owner).with_only_columns(sweeps.c.seq).scalar_subquery()


def members(connection: Connection, sweep_seq: int) -> Iterable[Row[Any]]:
    """What a ranking needs of a sweep's runs, one by one in the order in which they were asked for."""
    return connection.execute(_MEMBERS.order_by(runs.c.seq), {"of_sweep": sweep_seq})


def counts(connection: Connection, seqs: Sequence[int]) -> Sequence[Row[Any]]:
    """How many `runs` each of some sweeps has in each `status`, with their steps: a row a `sweep_seq` and status."""
    counted = select(runs.c.sweep_seq, *_COUNTED).where(runs.c.sweep_seq.in_(seqs))
    return connection.execute(counted.group_by(runs.c.sweep_seq, runs.c.status)).all()


def remove_if_empty(connection: Connection, sweep_seq: int) -> None:
    """Deletes a sweep that has no run any more."""
    has_runs = exists(select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq))
    connection.execute(delete(sweeps).where(sweeps.c.seq == sweep_seq, ~has_runs))
