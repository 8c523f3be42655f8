"""Runs, and who may change one.

Clients create, cancel and delete. Everything else is written by the worker that holds the run's lease: `claim` gives
it a token, every write carries it, and a write whose token is no longer the run's changes nothing and raises
LeaseLostError.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row

from service.core.failpoints import reach
from service.core.run_status import FINISHED, WORKABLE, RunStatus, before
from service.storage import datasets, sweeps, tables, trajectories
from service.storage.tables import run_tags, runs

_VERIFIED = (
    *("dataset_seq", "owner", "request_digest", "parameters", "classes", "columns"),
    *("train_rows", "validation_rows", "test_rows", "steps_total"),
)
_SHOWN = [tables.datasets.c[name] for name in ("id", "rows", "features", "target", "text_target")]


_SEEN = [column for column in runs.c if column.name != "checkpoint"]
"""What a reader sees of a run. The checkpoint, some times as large as θ, is for the worker that claims the run."""


def _with_dataset(*more: Any) -> Any:
    of_dataset = [column.label(f"dataset_{column.name}") for column in _SHOWN]
    return select(*_SEEN, *more, *of_dataset).join(tables.datasets)


def _create() -> Any:
    """An INSERT that gives back what `_with_dataset` selects, so that a submission is one statement less."""
    of_run = tables.datasets.c.seq == bindparam("of_dataset")
    shown = [select(column).where(of_run).scalar_subquery().label(f"dataset_{column.name}") for column in _SHOWN]
    return insert(runs).returning(*_SEEN, *shown)


# Made once: SQLAlchemy takes several times as long to put a statement together as to run it.
_CREATE = _create()
_SHOWS_TO = [runs.c.verifies.is_(None), or_(bindparam("owner").is_(None), runs.c.owner == bindparam("owner"))]
_BY_ID = _with_dataset().where(runs.c.id == bindparam("run_id"), *_SHOWS_TO)
_BY_SEQ = _with_dataset().where(runs.c.seq == bindparam("of_seq"))
_CLAIMED = _with_dataset(runs.c.checkpoint).where(runs.c.seq == bindparam("of_seq"))
_BY_KEY = _with_dataset().where(runs.c.idempotency_key == bindparam("key"))
_LATEST = _with_dataset().where(*_SHOWS_TO).order_by(runs.c.seq.desc()).limit(1)
_STATUS = select(runs.c.status, runs.c.lease_token, runs.c.rows_done).where(runs.c.seq == bindparam("of_seq"))


# A deleted run of which something is left: no one's, nobody's work, and hidden as what verifies a run is, by itself.
_REMOVED: dict[str, Any] = {
    "verifies": runs.c.seq,
    "status": RunStatus.CANCELLED,
    "owner": None,
    "idempotency_key": None,
    "sweep_seq": None,
    "finished_at": func.coalesce(runs.c.finished_at, 0.0),
    "lease_owner": None,
    "lease_expires_at": None,
    "lease_token": runs.c.lease_token + 1,
    "checkpoint": None,
}


STOPPING: Mapping[str, Any] = {"lease_owner": None}
"""What a worker that has to stop writes: a lease that runs out without an owner is no loss of the run."""


def create(connection: Connection, values: Mapping[str, Any], tags: Mapping[str, str]) -> Row[Any]:
    """Queues a run; what `find` would give. `values` are the columns that the request decides."""
    row = _queued(values, tags)
    run = connection.execute(_CREATE, row | {"of_dataset": row["dataset_seq"]}).one()
    if tags:
        connection.execute(insert(run_tags), [{"run_seq": run.seq, "key": k, "value": v} for k, v in tags.items()])
    return run


def create_members(
    connection: Connection, sweep_seq: int, members: Sequence[Mapping[str, Any]], tags: Mapping[str, str]
) -> None:
    """Queues the runs of a sweep, in this order; all have these tags."""
    connection.execute(insert(runs), [_queued(values, tags) | {"sweep_seq": sweep_seq} for values in members])
    if tags:
        made = connection.execute(select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq)).scalars()
        rows = [{"run_seq": seq, "key": key, "value": value} for seq in made for key, value in tags.items()]
        connection.execute(insert(run_tags), rows)


def _queued(values: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """The row of a new run."""
    return {
        **values,
        "id": secrets.token_hex(8),
        "tags": dict(tags),
        "status": RunStatus.QUEUED,
        "rows_done": 0,
        "timings": {},
        "lease_token": 0,
        "losses": 0,
        "created_at": time.time(),
    }


def find(connection: Connection, run_id: str, owner: str | None = None) -> Row[Any] | None:
    """The owner's run with this id, or anybody's for None, with its dataset's columns as dataset_*.

    "latest" is the newest run.
    """
    if run_id == "latest":
        return connection.execute(_LATEST, {"owner": owner}).one_or_none()
    return connection.execute(_BY_ID, {"run_id": run_id, "owner": owner}).one_or_none()


def scoped_key(key: str, owner: str | None) -> str:
    """An idempotency key as it is stored: each owner has keys of its own."""
    return key if owner is None else f"{owner}/{key}"


def find_by_seq(connection: Connection, seq: int) -> Row[Any] | None:
    """The run with this number."""
    return connection.execute(_BY_SEQ, {"of_seq": seq}).one_or_none()


def find_by_key(connection: Connection, key: str) -> Row[Any] | None:
    """The run that was made with this idempotency key, as stored."""
    return connection.execute(_BY_KEY, {"key": key}).one_or_none()


def page(
    connection: Connection,
    *,
    limit: int,
    before_seq: int | None,
    status: RunStatus | None,
    tag: tuple[str, str] | None,
    sweep: str | None = None,
    owner: str | None = None,
) -> Iterable[Row[Any]]:
    """The newest runs of an owner, or of everybody for None, whose seq is below `before_seq`, one by one."""
    query = _with_dataset().where(runs.c.verifies.is_(None)).order_by(runs.c.seq.desc()).limit(limit)
    if owner is not None:
        query = query.where(runs.c.owner == owner)
    if before_seq is not None:
        query = query.where(runs.c.seq < before_seq)
    if status is not None:
        query = query.where(tables.IS_WORKABLE if status in WORKABLE else tables.IS_AT_REST, runs.c.status == status)
    if sweep is not None:
        query = query.where(runs.c.sweep_seq == sweeps.seq_of(sweep, owner))
    if tag is not None:
        query = query.join(run_tags).where(run_tags.c.key == tag[0], run_tags.c.value == tag[1])
    return connection.execute(query)


def cancel(connection: Connection, run_id: str) -> bool:
    """Cancels a run that no worker has at once, asks another's worker to stop. False if it is finished or unknown."""
    return _cancelled(connection, runs.c.id == run_id) == 1


def cancel_members(connection: Connection, sweep_seq: int) -> int:
    """Does the same with each run of a sweep; how many of them were not finished."""
    return _cancelled(connection, runs.c.sweep_seq == sweep_seq)


def _cancelled(connection: Connection, which: ColumnElement[bool]) -> int:
    is_free = runs.c.status.in_([RunStatus.QUEUED, RunStatus.PAUSED])
    result = connection.execute(
        update(runs)
        .where(which, runs.c.status.not_in(FINISHED))
        .values(
            status=case((is_free, RunStatus.CANCELLED), else_=RunStatus.CANCELLING),
            stop_reason=case((is_free, "cancelled"), else_=runs.c.stop_reason),
            finished_at=case((is_free, time.time()), else_=runs.c.finished_at),
        )
    )
    return int(result.rowcount)


def pause(connection: Connection, run_id: str) -> bool:
    """Takes a run from the queue, or from its worker, whose lease is over. False if it neither waits nor runs."""
    released = {"lease_owner": None, "lease_expires_at": None, "lease_token": runs.c.lease_token + 1}
    return _moved(connection, run_id, RunStatus.PAUSED, released)


def resume(connection: Connection, run_id: str) -> bool:
    """Puts a paused run back into the queue. False if it is not paused."""
    return _moved(connection, run_id, RunStatus.QUEUED, {}, [RunStatus.PAUSED])


def _moved(
    connection: Connection,
    run_id: str,
    status: RunStatus,
    values: Mapping[str, Any],
    statuses: Sequence[RunStatus] | None = None,
) -> bool:
    may_follow = runs.c.status.in_(before(status) if statuses is None else statuses)
    moved = update(runs).where(runs.c.id == run_id, may_follow).values({**values, "status": status})
    return connection.execute(moved).rowcount == 1


def verify(connection: Connection, run_id: str) -> int | None:
    """Queues the verification of a run, unless there is one under way; its seq. None if there is no such run."""
    run = connection.execute(select(*_SEEN).where(runs.c.id == run_id)).one_or_none()
    if run is None:
        return None
    known = connection.execute(select(runs.c.seq).where(runs.c.verifies == run.seq)).scalar_one_or_none()
    if known is not None:
        return int(known)
    copied = {name: getattr(run, name) for name in _VERIFIED}
    request = run.request | {"deadline_seconds": None}
    return int(create(connection, copied | {"request": request, "verifies": run.seq}, {}).seq)


def remove(connection: Connection, run_id: str) -> bool:
    """Deletes a run, its trajectory, and its dataset if only the run kept it. Its worker, if any, loses the lease.

    A long trajectory would take too long: its run is hidden, and what it holds is taken away later (`space.take_away`).
    """
    shown = select(runs.c.seq, runs.c.dataset_seq, runs.c.sweep_seq).where(
        runs.c.id == run_id, runs.c.verifies.is_(None)
    )
    run = connection.execute(shown).one_or_none()
    if run is None:
        return False
    with _deleting():
        connection.execute(delete(runs).where(runs.c.verifies == run.seq))
        if trajectories.is_long(connection, run.seq):
            connection.execute(update(runs).where(runs.c.seq == run.seq).values(_REMOVED))
        else:
            connection.execute(delete(runs).where(runs.c.seq == run.seq))
            datasets.remove_if_unused(connection, run.dataset_seq)
        if run.sweep_seq is not None:
            sweeps.remove_if_empty(connection, run.sweep_seq)
    return True


def remove_members(connection: Connection, sweep_seq: int) -> None:
    """Deletes a sweep with its runs, which are hidden at once and taken away later, as long ones are by `remove`."""
    members = select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq).scalar_subquery()
    with _deleting():
        connection.execute(delete(runs).where(runs.c.verifies.in_(members)))
        connection.execute(update(runs).where(runs.c.sweep_seq == sweep_seq).values(_REMOVED))
        sweeps.remove_if_empty(connection, sweep_seq)


@contextmanager
def _deleting() -> Iterator[None]:
    reach("delete.before")
    yield
    reach("delete.after")


def finished_before(connection: Connection, moment: float, limit: int) -> Sequence[str]:
    """The ids of some runs that ended before a moment, the earliest first."""
    ended = select(runs.c.id).where(runs.c.finished_at < moment, runs.c.verifies.is_(None))
    return connection.execute(ended.order_by(runs.c.finished_at).limit(limit)).scalars().all()


def standing(connection: Connection, seq: int) -> Any | None:
    """A run's `status` and `rows_done`, soonest: what can change while it is under way."""
    return connection.execute(_STATUS, {"of_seq": seq}).one_or_none()
