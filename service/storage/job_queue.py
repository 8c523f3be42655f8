"""The runs as a queue: claims, leases and their tokens, and what a worker writes while it holds one."""

import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, delete, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from service.core.failpoints import reach
from service.core.run_record import Run
from service.core.run_request import StoredRequest
from service.core.run_status import HELD, RunStatus, before
from service.storage import tables
from service.storage.runs import STOPPING, claimed, state
from service.storage.tables import runs


def _claimable() -> ColumnElement[bool]:
    expired = and_(runs.c.status.in_(HELD), runs.c.lease_expires_at < bindparam("now"))
    return and_(tables.IS_WORKABLE, or_(runs.c.status == RunStatus.QUEUED, expired))


def _claim(*which: Any) -> ReturningUpdate[Any]:
    is_queued = runs.c.status == RunStatus.QUEUED
    return (
        update(runs)
        .where(*which)
        .values(
            status=case((is_queued, RunStatus.RUNNING), else_=runs.c.status),
            started_at=case((runs.c.started_at.is_(None), bindparam("now")), else_=runs.c.started_at),
            losses=case((or_(is_queued, runs.c.lease_owner.is_(None)), runs.c.losses), else_=runs.c.losses + 1),
            lease_owner=bindparam("worker"),
            lease_token=runs.c.lease_token + 1,
            lease_expires_at=bindparam("expires_at"),
        )
        .returning(runs.c.seq)
    )


_OLDEST = select(runs.c.seq).where(_claimable()).order_by(runs.c.seq).limit(1)


_CLAIM = _claim(runs.c.seq == _OLDEST.scalar_subquery(), _claimable())


_CLAIM_ONE = _claim(runs.c.seq == bindparam("wanted"), tables.IS_WORKABLE, runs.c.status == RunStatus.QUEUED)


class LeaseLostError(Exception):
    """The run is no longer this worker's: it was deleted, or another worker has it."""


class Claim(NamedTuple):
    """A run in a worker's hands."""

    run: Run
    token: int
    checkpoint: bytes | None = None


class WaitingRun(NamedTuple):
    """A run of a sweep that no worker has had."""

    seq: int
    request: StoredRequest


def has_work(connection: Connection) -> bool:
    """Whether a claim could succeed: a cheap look, without the write lock."""
    return connection.execute(_OLDEST, {"now": time.time()}).one_or_none() is not None


def claim(connection: Connection, owner: str, lease_seconds: float, wanted: int | None = None) -> Claim | None:
    """The oldest run that waits, or whose worker has been silent for longer than its lease, in one statement.

    Or the one that is `wanted`, if it still waits.
    """
    reach("claim.before")
    now = time.time()
    given = {"now": now, "worker": owner, "expires_at": now + lease_seconds}
    if wanted is None:
        seq = connection.execute(_CLAIM, given).scalar_one_or_none()
    else:
        seq = connection.execute(_CLAIM_ONE, given | {"wanted": wanted}).scalar_one_or_none()
    if seq is None:
        return None
    run, checkpoint = claimed(connection, seq)
    reach("claim.after", run.name)
    return Claim(run, run.lease_token, checkpoint)


def beside(connection: Connection, run: Run) -> tuple[int, list[WaitingRun]]:
    """Of the runs of a run's sweep: how many workers hold, and those, in order, that wait and never had a worker."""
    of_sweep = select(runs.c.seq, runs.c.status, runs.c.lease_token, runs.c.request).where(
        runs.c.sweep_seq == run.sweep_seq, tables.IS_WORKABLE
    )
    found = connection.execute(of_sweep.order_by(runs.c.seq)).all()
    held = sum(each.status in HELD for each in found)
    waiting = [each for each in found if each.status == RunStatus.QUEUED and each.lease_token == 0]
    return held, [WaitingRun(each.seq, each.request) for each in waiting]


def status(connection: Connection, claim: Claim) -> RunStatus:
    """The status of a run in a worker's hands. Raises LeaseLostError if it is in them no more."""
    found = state(connection, claim.run.seq)
    if found is None or found.lease_token != claim.token or found.status not in HELD:
        raise LeaseLostError
    return found.status


def has_steps(connection: Connection, claim: Claim) -> bool:
    """Whether any step of the run is stored."""
    found = state(connection, claim.run.seq)
    return found is not None and found.rows_done > 0


def progress(connection: Connection, claim: Claim, lease_seconds: float, values: Mapping[str, Any]) -> RunStatus:
    """Writes what a worker has found out and renews its lease; the status, in which a wish to cancel shows.

    Raises LeaseLostError if the run is not the worker's any more.
    """
    return _held(connection, claim, {**values, "lease_expires_at": time.time() + lease_seconds})


def finish(connection: Connection, claim: Claim, status: RunStatus, values: Mapping[str, Any]) -> None:
    """Ends a run for good and gives up its lease. Raises LeaseLostError."""
    reach("finish.before")
    released = {"lease_owner": None, "lease_expires_at": None, "checkpoint": None, "finished_at": time.time()}
    _held(connection, claim, {**values, **released, "status": status}, before(status))
    if claim.run.verifies is not None:
        _report(connection, claim, values)
    reach("finish.after")


def _report(connection: Connection, claim: Claim, values: Mapping[str, Any]) -> None:
    """A verification is over: what came of it goes to the run that it verified, and nothing else of it is kept."""
    found = values.get("verification") or {"identical": None, "error": values.get("error"), "verified_at": time.time()}
    connection.execute(update(runs).where(runs.c.seq == claim.run.verifies).values(verification=found))
    connection.execute(delete(runs).where(runs.c.seq == claim.run.seq))


def hand_back(connection: Connection, claim: Claim) -> None:
    """Puts a run back into the queue at its last stored block, for another worker to go on. Raises LeaseLostError."""
    values = {"status": RunStatus.QUEUED, "lease_owner": None, "lease_expires_at": None}
    _held(connection, claim, values, before(RunStatus.QUEUED))


def expire_leases(connection: Connection, owner: str, *, is_loss: bool) -> int:
    """Ends the leases of a worker that is known to be dead, so that nobody has to wait for them to run out.

    It is no loss of the run if the worker was killed because the service stops.
    """
    ended = {"lease_expires_at": 0.0} if is_loss else {"lease_expires_at": 0.0, **STOPPING}
    lost = update(runs).where(runs.c.lease_owner == owner, runs.c.status.in_(HELD)).values(ended)
    return int(connection.execute(lost).rowcount)


def _held(
    connection: Connection, claim: Claim, values: Mapping[str, Any], statuses: Sequence[RunStatus] = tuple(HELD)
) -> RunStatus:
    place = {"of_seq": claim.run.seq, "of_token": claim.token}
    status = connection.execute(_while_held(HELD & {*statuses}), {**values, **place}).scalar_one_or_none()
    if status is None:
        raise LeaseLostError
    return RunStatus(status)


@cache
def _while_held(statuses: frozenset[RunStatus]) -> ReturningUpdate[Any]:
    """An UPDATE that sets the columns that its parameters name."""
    is_held = (runs.c.seq == bindparam("of_seq"), runs.c.lease_token == bindparam("of_token"))
    return update(runs).where(*is_held, runs.c.status.in_(statuses)).returning(runs.c.status)
