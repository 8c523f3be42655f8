"""Job queue of the runs: claims, leases, lease tokens, and the writes of a worker during a lease.

Leases count by the machine's monotonic clock, which its processes share and which no change of the wall clock moves.
"""

import time
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    Connection,
    TextClause,
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from service.core.failpoints import reach
from service.core.run_record import Run, RunColumns, RunError, Timings, Verification
from service.core.run_request import StoredRequest
from service.core.run_status import HELD, JUDGED, RunStatus, before
from service.storage import tables
from service.storage.errors import CorruptError
from service.storage.runs import claimed, not_before_creation, not_before_start, state
from service.storage.sqlite.row_checksums import is_sound
from service.storage.tables import runs
from service.storage.usage import STORED_AT_END

STOPPING = "stopping:"
"""Prefix of the lease's owner once the worker stops. The expiry of such a lease does not count as a loss."""


MORE_LEASE_SECONDS = 120.0
"""The duration that a lease may have beyond the settings of the process that judges it."""


def has_run_out() -> ColumnElement[bool]:
    """Whether a lease ended before `moment`, or ends after `latest` as none can: it is from before a restart of the
    machine, where its clock began anew. A damaged lease has no time, or a text, which SQLite sorts after all numbers.
    """
    expires_at = runs.c.lease_expires_at
    return or_(expires_at.is_(None), expires_at < bindparam("moment"), expires_at > bindparam("latest"))


def lease_times(lease_seconds: float) -> dict[str, float]:
    """Parameters of `has_run_out`."""
    moment = time.monotonic()
    return {"moment": moment, "latest": moment + lease_seconds + MORE_LEASE_SECONDS}


# A damaged token would refuse every write.
_IS_TOKEN = (func.typeof(runs.c.lease_token) == "integer") & runs.c.lease_token.between(0, 2**62)


def _claim() -> ReturningUpdate[Any]:
    is_claimable = or_(runs.c.status == RunStatus.QUEUED, and_(runs.c.status.in_(HELD), has_run_out()))
    is_queued = runs.c.status == RunStatus.QUEUED
    is_no_loss = or_(is_queued, runs.c.lease_owner.is_(None), runs.c.lease_owner.startswith(STOPPING))
    return (
        update(runs)
        .where(runs.c.seq == bindparam("of_seq"), is_claimable)
        .values(
            status=case((is_queued, RunStatus.RUNNING), else_=runs.c.status),
            started_at=func.coalesce(runs.c.started_at, not_before_creation(bindparam("now"))),
            losses=case((is_no_loss, runs.c.losses), else_=runs.c.losses + 1),
            lease_owner=bindparam("worker"),
            lease_token=case((_IS_TOKEN, runs.c.lease_token + 1), else_=1),
            lease_expires_at=bindparam("expires_at"),
        )
        .returning(runs.c.seq)
    )


_CLAIM = _claim()
_IS_OWN = (runs.c.seq == bindparam("of_seq"), runs.c.lease_token == bindparam("of_token"))
_IS_CANCELLED = runs.c.status == RunStatus.CANCELLING
_HAND_BACK = (
    update(runs)
    .where(*_IS_OWN, runs.c.status.in_(HELD))
    .values(
        status=case((_IS_CANCELLED, RunStatus.CANCELLED), else_=RunStatus.QUEUED),
        stop_reason=case((_IS_CANCELLED, "cancelled"), else_=runs.c.stop_reason),
        finished_at=case((_IS_CANCELLED, not_before_start(bindparam("now"))), else_=runs.c.finished_at),
        checkpoint=case((_IS_CANCELLED, null()), else_=runs.c.checkpoint),
        stored_bytes=case((_IS_CANCELLED, STORED_AT_END), else_=runs.c.stored_bytes),
        lease_owner=None,
        lease_expires_at=None,
    )
)
_COUNT_HELD = select(func.count(runs.c.seq)).where(tables.IS_WORKABLE, runs.c.status.in_(HELD))
_TIMINGS = select(runs.c.timings).where(runs.c.seq == bindparam("of_seq"))
# After the last block: an UPDATE computes with the columns as they were before it.
_MEASURE = (
    update(runs)
    .where(runs.c.seq == bindparam("of_seq"), runs.c.rows_done <= runs.c.steps_total)
    .values(stored_bytes=STORED_AT_END)
)
_GROW = (
    update(runs)
    .where(runs.c.seq == bindparam("of_seq"))
    .values(stored_bytes=runs.c.stored_bytes + bindparam("more_bytes"))
)


class LeaseLostError(Exception):
    """The lease is no longer valid: the run was deleted, paused, finished or claimed by another worker."""


class Claim(NamedTuple):
    """A claimed run, with the lease token of the claim, and the checkpoint after its last stored step."""

    run: Run
    checkpoint: bytes | None = None


class WaitingRun(NamedTuple):
    """A queued member of a sweep that was never claimed."""

    seq: int
    request: StoredRequest


def claim(connection: Connection, owner: str, lease_seconds: float, seq: int) -> Claim | None:
    """Claims the run with this seq; None if it is neither queued nor has an expired lease. A damaged run fails."""
    reach("claim.before")
    lease = lease_times(lease_seconds)
    given = {"now": time.time(), "worker": owner, "expires_at": lease["moment"] + lease_seconds, **lease}
    if connection.execute(_CLAIM, {**given, "of_seq": seq}).one_or_none() is None:
        return None
    try:
        run, checkpoint = claimed(connection, seq)
    except CorruptError as error:
        _fail_damaged(connection, seq, str(error))
        return None
    reach("claim.after", run.name)
    return Claim(run, checkpoint)


def _fail_damaged(connection: Connection, seq: int, message: str) -> None:
    """Ends a run whose row cannot be read. A verification is listed from then on, so that it can be deleted."""
    error: RunError = {"code": "damaged_data", "message": message}
    ended = {"status": RunStatus.FAILED, "error": error, "finished_at": time.time(), "verifies": None}
    released = {"lease_owner": None, "lease_expires_at": None, "checkpoint": None, "stored_bytes": STORED_AT_END}
    connection.execute(update(runs).where(runs.c.seq == seq).values({**ended, **released}))


def beside(connection: Connection, run: Run) -> tuple[int, list[WaitingRun]]:
    """The unfinished members of the run's sweep, without damaged ones: the number of leased members, and the queued,
    never claimed members in order.
    """
    of_sweep = select(runs.c.seq, runs.c.status, runs.c.lease_token, runs.c.request).where(
        runs.c.sweep_seq == run.sweep_seq, tables.IS_WORKABLE, is_sound(runs)
    )
    found = connection.execute(of_sweep.order_by(runs.c.seq)).all()
    held = sum(each.status in HELD for each in found)
    waiting = [each for each in found if each.status == RunStatus.QUEUED and each.lease_token == 0]
    return held, [WaitingRun(each.seq, each.request) for each in waiting]


def status(connection: Connection, claim: Claim) -> RunStatus:
    """The status of a claimed run. Raises LeaseLostError."""
    found = state(connection, claim.run.seq)
    if found is None or found.lease_token != claim.run.lease_token or found.status not in HELD:
        raise LeaseLostError
    return found.status


def has_steps(connection: Connection, claim: Claim) -> bool:
    """Whether the run has a stored step."""
    found = state(connection, claim.run.seq)
    return found is not None and found.rows_done > 0


def progress(connection: Connection, claim: Claim, lease_seconds: float, values: RunColumns) -> RunStatus:
    """Writes the columns `values`, renews the lease, and returns the status; CANCELLING is a request to cancel.

    Raises LeaseLostError.
    """
    written: RunColumns = {**values, "lease_expires_at": time.monotonic() + lease_seconds}
    if checkpoint := values.get("checkpoint"):
        written["checkpoint_checksum"] = crc32(checkpoint)
    return _held(connection, claim, written)


def renew(connection: Connection, claim: Claim, lease_seconds: float) -> RunStatus:
    """Renews the lease, and returns the status as `progress` does. Raises LeaseLostError."""
    return progress(connection, claim, lease_seconds, {})


def mark_stopping(connection: Connection, claim: Claim, lease_seconds: float) -> RunStatus:
    """Renews the lease and marks it as the lease of a stopping worker. Raises LeaseLostError."""
    return progress(connection, claim, lease_seconds, {"lease_owner": f"{STOPPING}{claim.run.lease_owner}"})


def judge(connection: Connection, claim: Claim, values: RunColumns, more_bytes: int) -> None:
    """Writes how the descent of a finished run ended, which takes `more_bytes`. A run deleted since has nothing."""
    place = {"of_seq": claim.run.seq, "of_token": claim.run.lease_token}
    judged = connection.execute(_while_held(JUDGED), {**values, **place}).scalar_one_or_none()
    if judged is not None:
        connection.execute(_GROW, {"of_seq": claim.run.seq, "more_bytes": more_bytes})


def finish(connection: Connection, claim: Claim, status: RunStatus, values: RunColumns) -> None:
    """Writes the final status and the columns `values`, and releases the lease. Raises LeaseLostError."""
    reach("finish.before")
    released: RunColumns = {"status": status, "lease_owner": None, "lease_expires_at": None, "checkpoint": None}
    finished_at = max(time.time(), claim.run.started_at or claim.run.created_at)  # the wall clock may go back
    _held(connection, claim, {**values, **released, "finished_at": finished_at}, before(status))
    connection.execute(_MEASURE, {"of_seq": claim.run.seq})
    if claim.run.verifies is not None:
        _report(connection, claim, values)
    reach("finish.after")


def _report(connection: Connection, claim: Claim, values: RunColumns) -> None:
    """Copies the result of a verification to the verified run, and deletes the verification."""
    unknown: Verification = {"identical": None, "error": values.get("error"), "verified_at": time.time()}
    found = values.get("verification") or unknown
    connection.execute(update(runs).where(runs.c.seq == claim.run.verifies).values(verification=found))
    connection.execute(delete(runs).where(runs.c.seq == claim.run.seq))


def hand_back(connection: Connection, claim: Claim) -> None:
    """Queues a claimed run again, or ends it if a client cancelled it. Raises LeaseLostError.

    The next worker resumes after the last stored block.
    """
    place = {"of_seq": claim.run.seq, "of_token": claim.run.lease_token, "now": time.time()}
    if connection.execute(_HAND_BACK, place).rowcount == 0:
        raise LeaseLostError


def interrupt(connection: Connection, claim: Claim, lost_seconds: float) -> None:
    """Queues a claimed run again whose work of the last seconds is lost, and records them. Raises LeaseLostError."""
    recorded: Timings | None = connection.execute(_TIMINGS, {"of_seq": claim.run.seq}).scalar_one_or_none()
    if recorded is None:
        raise LeaseLostError
    recorded["interrupted_seconds"] = recorded.get("interrupted_seconds", 0.0) + lost_seconds
    _held(connection, claim, {"timings": recorded})
    hand_back(connection, claim)


def count_held(connection: Connection) -> int:
    """The number of runs in workers."""
    return int(connection.execute(_COUNT_HELD).scalar_one())


def has_lease(connection: Connection, owner: str) -> bool:
    """Whether a worker has a lease. The query takes no write lock."""
    return connection.execute(select(runs.c.seq).where(*_is_lease_of(owner)).limit(1)).one_or_none() is not None


def ages(connection: Connection, owner: str, lease_seconds: float) -> list[tuple[str | None, float]]:
    """For each unexpired lease of a worker, the owner of the run and the seconds since the last renewal."""
    moment = time.monotonic()
    leases = select(runs.c.owner, runs.c.lease_expires_at).where(
        *_is_lease_of(owner), runs.c.lease_expires_at.between(moment, moment + lease_seconds)
    )
    return [(row.owner, moment + lease_seconds - row.lease_expires_at) for row in connection.execute(leases)]


def expire_leases(connection: Connection, owner: str, *, is_loss: bool) -> int:
    """Expires the leases of a dead worker immediately, and returns their number.

    `is_loss` is false for a worker that died during the shutdown of the service: its death does not count as a loss.
    """
    ended = {"lease_expires_at": 0.0} if is_loss else {"lease_expires_at": 0.0, "lease_owner": f"{STOPPING}{owner}"}
    return int(connection.execute(update(runs).where(*_is_lease_of(owner)).values(ended)).rowcount)


def _is_lease_of(owner: str) -> tuple[ColumnElement[bool] | TextClause, ...]:
    is_held = (tables.IS_WORKABLE, runs.c.status.in_(HELD))
    return (*is_held, runs.c.lease_owner.in_([owner, f"{STOPPING}{owner}"]))


def _held(
    connection: Connection, claim: Claim, values: RunColumns, statuses: Sequence[RunStatus] = tuple(HELD)
) -> RunStatus:
    place = {"of_seq": claim.run.seq, "of_token": claim.run.lease_token}
    status = connection.execute(_while_held(HELD & {*statuses}), {**values, **place}).scalar_one_or_none()
    if status is None:
        raise LeaseLostError
    return RunStatus(status)


@cache
def _while_held(statuses: frozenset[RunStatus]) -> ReturningUpdate[Any]:
    """Fenced UPDATE: sets the columns named by its parameters while the lease's token and status are valid, and
    returns the status.
    """
    return update(runs).where(*_IS_OWN, runs.c.status.in_(statuses)).returning(runs.c.status)
