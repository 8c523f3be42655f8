"""Runs, and who may change one.

Clients create, cancel and delete. Everything else is written by the worker that holds the run's lease: `claim` gives
it a token, every write carries it, and a write whose token is no longer the run's changes nothing and raises
LeaseLostError.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, insert, or_, select, update
from sqlalchemy.engine import Row

from service.lifecycle import FINISHED, HELD, RunStatus, before
from service.store import datasets, tables
from service.store.tables import run_tags, runs

MAX_LOSSES = 3
WORKER_LOST = {
    "code": "worker_lost",
    "message": f"The run's worker died {MAX_LOSSES} times without a step stored in between, "
    "so the run was given up. Perhaps it needs more memory than a worker has; the service's log says more.",
}


_SHOWN = [tables.datasets.c[name] for name in ("id", "rows", "features", "target", "text_target")]


def _with_dataset() -> Any:
    return select(runs, *(column.label(f"dataset_{column.name}") for column in _SHOWN)).join(tables.datasets)


def _create() -> Any:
    """An INSERT that gives back what `_with_dataset` selects, so that a submission is one statement less."""
    of_run = tables.datasets.c.seq == bindparam("of_dataset")
    shown = [select(column).where(of_run).scalar_subquery().label(f"dataset_{column.name}") for column in _SHOWN]
    return insert(runs).returning(runs, *shown)


def _claimable() -> ColumnElement[bool]:
    expired = and_(runs.c.status.in_(HELD), runs.c.lease_expires_at < bindparam("now"))
    return and_(tables.IS_LIVE, or_(runs.c.status == RunStatus.QUEUED, expired))


def _claim() -> Any:
    oldest = _OLDEST.scalar_subquery()
    is_queued = runs.c.status == RunStatus.QUEUED
    return (
        update(runs)
        .where(runs.c.seq == oldest, _claimable())
        .values(
            status=case((is_queued, RunStatus.RUNNING), else_=runs.c.status),
            started_at=case((runs.c.started_at.is_(None), bindparam("now")), else_=runs.c.started_at),
            losses=case((is_queued, runs.c.losses), else_=runs.c.losses + 1),
            lease_owner=bindparam("owner"),
            lease_token=runs.c.lease_token + 1,
            lease_expires_at=bindparam("expires_at"),
        )
        .returning(runs.c.seq)
    )


# Made once: SQLAlchemy takes several times as long to put a statement together as to run it.
_CREATE = _create()
_BY_ID = _with_dataset().where(runs.c.id == bindparam("run_id"))
_BY_SEQ = _with_dataset().where(runs.c.seq == bindparam("of_seq"))
_BY_KEY = _with_dataset().where(runs.c.idempotency_key == bindparam("key"))
_LATEST = _with_dataset().order_by(runs.c.seq.desc()).limit(1)
_OLDEST = select(runs.c.seq).where(_claimable()).order_by(runs.c.seq).limit(1)
_CLAIM = _claim()


class LeaseLostError(Exception):
    """The run is no longer this worker's: it was deleted, or another worker has it."""


class Claim(NamedTuple):
    """A run in a worker's hands."""

    run: Row[Any]
    token: int


def create(connection: Connection, values: Mapping[str, Any], tags: Mapping[str, str]) -> Row[Any]:
    """Queues a run; what `find` would give. `values` are the columns that the request decides."""
    row = {
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
    run = connection.execute(_CREATE, row | {"of_dataset": row["dataset_seq"]}).one()
    if tags:
        connection.execute(insert(run_tags), [{"run_seq": run.seq, "key": k, "value": v} for k, v in tags.items()])
    return run


def find(connection: Connection, run_id: str) -> Row[Any] | None:
    """The run with this id, with its dataset's columns as dataset_*; "latest" is the newest run."""
    if run_id == "latest":
        return connection.execute(_LATEST).one_or_none()
    return connection.execute(_BY_ID, {"run_id": run_id}).one_or_none()


def find_by_key(connection: Connection, key: str) -> Row[Any] | None:
    """The run that was made with this idempotency key."""
    return connection.execute(_BY_KEY, {"key": key}).one_or_none()


def page(
    connection: Connection, *, limit: int, before_seq: int | None, status: RunStatus | None, tag: tuple[str, str] | None
) -> Sequence[Row[Any]]:
    """The newest runs whose seq is below `before_seq`."""
    query = _with_dataset().order_by(runs.c.seq.desc()).limit(limit)
    if before_seq is not None:
        query = query.where(runs.c.seq < before_seq)
    if status is not None:
        query = query.where(tables.IS_FINISHED if status in FINISHED else tables.IS_LIVE, runs.c.status == status)
    if tag is not None:
        query = query.join(run_tags).where(run_tags.c.key == tag[0], run_tags.c.value == tag[1])
    return connection.execute(query).all()


def cancel(connection: Connection, run_id: str) -> bool:
    """Cancels a queued run at once and asks a running one's worker to stop. False if it is finished or unknown."""
    is_queued = runs.c.status == RunStatus.QUEUED
    result = connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.status.not_in(FINISHED))
        .values(
            status=case((is_queued, RunStatus.CANCELLED), else_=RunStatus.CANCELLING),
            stop_reason=case((is_queued, "cancelled"), else_=runs.c.stop_reason),
            finished_at=case((is_queued, time.time()), else_=runs.c.finished_at),
        )
    )
    return result.rowcount == 1


def remove(connection: Connection, run_id: str) -> bool:
    """Deletes a run, its trajectory, and its dataset if only the run kept it. Its worker, if any, loses the lease."""
    dataset_seq = connection.execute(
        delete(runs).where(runs.c.id == run_id).returning(runs.c.dataset_seq)
    ).scalar_one_or_none()
    if dataset_seq is None:
        return False
    datasets.remove_if_unused(connection, dataset_seq)
    return True


def has_work(connection: Connection) -> bool:
    """Whether a claim could succeed: a cheap look, without the write lock."""
    return connection.execute(_OLDEST, {"now": time.time()}).one_or_none() is not None


def claim(connection: Connection, owner: str, lease_seconds: float) -> Claim | None:
    """The oldest run that waits, or whose worker has been silent for longer than its lease, in one statement."""
    now = time.time()
    given = {"now": now, "owner": owner, "expires_at": now + lease_seconds}
    seq = connection.execute(_CLAIM, given).scalar_one_or_none()
    if seq is None:
        return None
    run = connection.execute(_BY_SEQ, {"of_seq": seq}).one()
    return Claim(run, run.lease_token)


def progress(connection: Connection, claim: Claim, lease_seconds: float, values: Mapping[str, Any]) -> RunStatus:
    """Writes what a worker has found out and renews its lease; the status, in which a wish to cancel shows.

    Raises LeaseLostError if the run is not the worker's any more.
    """
    return _held(connection, claim, {**values, "lease_expires_at": time.time() + lease_seconds})


def finish(connection: Connection, claim: Claim, status: RunStatus, values: Mapping[str, Any]) -> None:
    """Ends a run for good and gives up its lease. Raises LeaseLostError."""
    released = {"lease_owner": None, "lease_expires_at": None, "checkpoint": None, "finished_at": time.time()}
    _held(connection, claim, {**values, **released, "status": status}, before(status))


def hand_back(connection: Connection, claim: Claim) -> None:
    """Puts a run back into the queue at its last stored block, for another worker to go on. Raises LeaseLostError."""
    values = {"status": RunStatus.QUEUED, "lease_owner": None, "lease_expires_at": None}
    _held(connection, claim, values, before(RunStatus.QUEUED))


def expire_leases(connection: Connection, owner: str) -> int:
    """Ends the leases of a worker that is known to be dead, so that nobody has to wait for them to run out."""
    lost = update(runs).where(runs.c.lease_owner == owner, runs.c.status.in_(HELD)).values(lease_expires_at=0.0)
    return int(connection.execute(lost).rowcount)


def _held(
    connection: Connection, claim: Claim, values: Mapping[str, Any], statuses: Sequence[RunStatus] = tuple(HELD)
) -> RunStatus:
    status = connection.execute(
        update(runs)
        .where(runs.c.seq == claim.run.seq, runs.c.lease_token == claim.token, runs.c.status.in_(statuses))
        .values(dict(values))
        .returning(runs.c.status)
    ).scalar_one_or_none()
    if status is None:
        raise LeaseLostError
    return RunStatus(status)
