"""Storage of runs: creation, queries, cancellation, pausing, deletion.

API requests create, cancel, pause, resume and delete runs. Only the worker with the run's lease writes progress and
results. A claim issues a lease token, and every write of the worker carries it. A write with an outdated
token changes nothing and raises LeaseLostError.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from zlib import crc32

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from service.core.run_record import Run, RunColumns
from service.core.run_request import StoredRequest
from service.core.run_status import FINISHED, RunStatus, before
from service.storage import damaged_rows, tables
from service.storage.damaged_run import damaged_run
from service.storage.errors import CorruptError
from service.storage.ownership import by_idempotency_key, is_seen_by_owner, newest
from service.storage.sqlite.row_checksums import is_damaged, is_sound, is_sound_or_fails
from service.storage.tables import run_tags, runs
from service.storage.usage import STORED_AT_END

_VERIFIED = (
    *("dataset_seq", "owner", "request_digest", "parameters", "classes", "columns"),
    *("train_rows", "validation_rows", "test_rows", "steps_total"),
)


def _column(name: str) -> tuple[Column[Any], bool]:
    """Column of a field of `Run`, and whether it belongs to the table of datasets."""
    of_run = runs.c.get(name)
    return (tables.datasets.c[name.removeprefix("dataset_")], True) if of_run is None else (of_run, False)


_COLUMNS = [_column(name) for name in Run._fields]


def records(*more: Column[Any]) -> Select[Any]:
    """SELECT of the fields of `Run` in order, the columns `more`, and whether run and dataset are sound."""
    data = or_(runs.c.dataset_seq.is_(None), is_sound_or_fails(tables.datasets))
    sound = and_(is_sound_or_fails(runs), data).label("is_sound")
    return select(*(column for column, _ in _COLUMNS), *more, sound).select_from(runs).outerjoin(tables.datasets)


def _create() -> ReturningInsert[Any]:
    """INSERT that returns the columns of `records`, so that a submission needs no SELECT."""
    of_run = tables.datasets.c.seq == bindparam("of_dataset")
    fields = [select(column).where(of_run).scalar_subquery() if other else column for column, other in _COLUMNS]
    return insert(runs).returning(*fields)


# Built once: SQLAlchemy builds a statement several times slower than SQLite runs it.
_CREATE = _create()
# A damaged row may say by mistake that it is hidden.
IS_LISTED = [or_(and_(runs.c.verifies.is_(None), runs.c.deleted_at.is_(None)), is_damaged(runs))]
_SHOWS_TO = [*IS_LISTED, is_seen_by_owner(runs)]
_BY_ID = records().where(runs.c.id == bindparam("run_id"), *_SHOWS_TO)
_BY_KEY = by_idempotency_key(records(), runs)
_LATEST = newest(records().where(*IS_LISTED), runs)
_BY_SEQ = records().where(runs.c.seq == bindparam("of_seq"), runs.c.deleted_at.is_(None))
_CLAIMED = records(runs.c.checkpoint, runs.c.checkpoint_checksum).where(runs.c.seq == bindparam("of_seq"))
_STATE = select(
    *(runs.c[name] for name in ("status", "lease_token", "rows_done", "finished_at")),
    runs.c.convergence.is_not(None).label("is_judged"),
    is_sound(runs).label("is_sound"),
).where(runs.c.seq == bindparam("of_seq"), runs.c.deleted_at.is_(None))
_VERIFICATION = select(runs.c.seq).where(runs.c.verifies == bindparam("run_seq"))


def not_before_creation(now: Any) -> ColumnElement[Any]:
    """The time `now`, or the run's creation if the wall clock has gone back since."""
    return func.max(now, runs.c.created_at)


def not_before_start(now: Any) -> ColumnElement[Any]:
    """The time `now`, or the run's start or creation if the wall clock has gone back since."""
    return func.max(now, func.coalesce(runs.c.started_at, runs.c.created_at))


# A damaged row may have the seq of a run that did not exist yet.
_ADD_TAGS = insert(run_tags).prefix_with("OR REPLACE")


class RunState(NamedTuple):
    """The columns of a run that change during a lease, and just after it. `is_judged`: its convergence is written."""

    status: RunStatus
    lease_token: int
    rows_done: int
    finished_at: float | None
    is_judged: bool


class Version(NamedTuple):
    """What changes of a run while somebody waits for it, as its row has it, damaged or not."""

    status: object
    lease_token: object
    rows_done: object
    finished_at: object
    deleted_at: object
    is_judged: object


_VERSIONS = select(runs.c.seq, *(runs.c[name] for name in Version._fields[:-1]), runs.c.convergence.is_not(None)).where(
    runs.c.seq.in_(bindparam("seqs", expanding=True))
)


def create(connection: Connection, values: RunColumns, tags: Mapping[str, str]) -> Run:
    """Creates a queued run. `values` are the columns from the request."""
    row = _queued(values, tags)
    run = Run.from_row(connection.execute(_CREATE, row | {"of_dataset": row["dataset_seq"]}).one())
    if tags:
        connection.execute(_ADD_TAGS, [{"run_seq": run.seq, "key": k, "value": v} for k, v in tags.items()])
    return run


def create_members(
    connection: Connection, sweep_seq: int, members: Sequence[RunColumns], tags: Mapping[str, str]
) -> None:
    """Creates the queued runs of a sweep in this order, each with the same tags."""
    connection.execute(insert(runs), [_queued(values, tags) | {"sweep_seq": sweep_seq} for values in members])
    if tags:
        made = connection.execute(select(runs.c.seq).where(runs.c.sweep_seq == sweep_seq)).scalars()
        rows = [{"run_seq": seq, "key": key, "value": value} for seq in made for key, value in tags.items()]
        connection.execute(_ADD_TAGS, rows)


def _queued(values: RunColumns, tags: Mapping[str, str]) -> dict[str, object]:
    """Row of a new run."""
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


def find(connection: Connection, run_id: str, owner: str | None = None) -> Run | None:
    """The run with this id, of one owner or of any owner for None; "latest" is the newest run."""
    if run_id == "latest":
        return _found(connection, _LATEST.of(owner), {"owner": owner})
    return _found(connection, _BY_ID, {"run_id": run_id, "owner": owner})


def find_readable(connection: Connection, run_id: str, owner: str | None = None) -> Run | None:
    """The run as `find` does; a damaged run as a failed one."""
    query = _LATEST.of(owner) if run_id == "latest" else _BY_ID
    if damaged_rows.is_stand_in(run_id):
        query = records().where(damaged_rows.has_id(runs, run_id), *_SHOWS_TO)
    return next(readable(connection, query, {"run_id": run_id, "owner": owner}), None)


def readable(connection: Connection, query: Select[Any], values: Mapping[str, object]) -> Iterator[Run]:
    """Lazy iterator over the runs of a query of `records`. A damaged run is shown as a failed one."""
    return damaged_rows.readable(connection, query, values, runs, Run.from_row, damaged_run)


def find_by_seq(connection: Connection, seq: int) -> Run | None:
    """The run with this seq; None if it is deleted."""
    return _found(connection, _BY_SEQ, {"of_seq": seq})


def find_readable_by_seq(connection: Connection, seq: int) -> Run | None:
    """The run as `find_by_seq` does; a damaged run as a failed one."""
    return next(readable(connection, _BY_SEQ, {"of_seq": seq}), None)


def find_by_key(connection: Connection, owner: str | None, key: str) -> Run | None:
    """The run of an owner with this idempotency key; with None as the owner, the run without an owner."""
    return _found(connection, _BY_KEY.of(owner), {"owner": owner, "key": key})


def _found(connection: Connection, query: Select[Any], values: Mapping[str, object]) -> Run | None:
    fields = damaged_rows.one(connection, query, values)
    return None if fields is None else Run.from_row(fields)


def claimed(connection: Connection, seq: int) -> tuple[Run, bytes | None]:
    """A claimed run and its checkpoint; the checkpoint of a run without steps is None. Raises CorruptError."""
    fields = damaged_rows.one(connection, _CLAIMED, {"of_seq": seq})
    assert fields is not None  # noqa: S101 - the transaction has claimed it
    *row, checkpoint, checksum = fields
    run = Run.from_row(row)
    if checkpoint is None and run.rows_done == 0:
        return run, None
    if not isinstance(checkpoint, bytes) or crc32(checkpoint) != checksum:
        raise CorruptError("The checkpoint of the run is damaged. Submit the run again, which gives the same numbers.")
    return run, checkpoint


def state(connection: Connection, seq: int) -> RunState | None:
    """The state of a run; None for a deleted run. Faster than reading the whole record. A damaged run has failed."""
    try:
        fields = damaged_rows.one(connection, _STATE, {"of_seq": seq})
    except CorruptError:
        return RunState(RunStatus.FAILED, 0, 0, None, is_judged=True)
    return None if fields is None else RunState(RunStatus(fields[0]), *fields[1:])


def versions(connection: Connection, seqs: Sequence[int]) -> dict[int, Version]:
    """The version of each of these runs; one that is gone has none."""
    return {seq: Version(*version) for seq, *version in connection.execute(_VERSIONS, {"seqs": seqs})}


def cancel(connection: Connection, run_id: str) -> bool:
    """Cancels a run; false for a finished or unknown run. A run in a worker gets the status CANCELLING first."""
    return _cancelled(connection, runs.c.id == run_id) == 1


def cancel_members(connection: Connection, sweep_seq: int) -> int:
    """Cancels each unfinished run of a sweep, and returns the number of these runs."""
    return _cancelled(connection, runs.c.sweep_seq == sweep_seq)


def _cancelled(connection: Connection, which: ColumnElement[bool]) -> int:
    has_no_worker = runs.c.status.in_([RunStatus.QUEUED, RunStatus.PAUSED])
    result = connection.execute(
        update(runs)
        .where(which, runs.c.status.not_in(FINISHED))
        .values(
            status=case((has_no_worker, RunStatus.CANCELLED), else_=RunStatus.CANCELLING),
            stop_reason=case((has_no_worker, "cancelled"), else_=runs.c.stop_reason),
            finished_at=case((has_no_worker, not_before_start(time.time())), else_=runs.c.finished_at),
            stored_bytes=case((has_no_worker, STORED_AT_END), else_=runs.c.stored_bytes),
        )
    )
    return int(result.rowcount)


def pause(connection: Connection, run_id: str) -> bool:
    """Pauses a queued or running run, and revokes its lease; false for any other run."""
    released = {"lease_owner": None, "lease_expires_at": None, "lease_token": runs.c.lease_token + 1}
    return _moved(connection, run_id, RunStatus.PAUSED, released)


def resume(connection: Connection, run_id: str) -> bool:
    """Queues a paused run again; false for any other run."""
    return _moved(connection, run_id, RunStatus.QUEUED, {}, [RunStatus.PAUSED])


def _moved(
    connection: Connection,
    run_id: str,
    status: RunStatus,
    values: Mapping[str, object],
    statuses: Sequence[RunStatus] | None = None,
) -> bool:
    may_follow = runs.c.status.in_(before(status) if statuses is None else statuses)
    moved = update(runs).where(runs.c.id == run_id, may_follow).values({**values, "status": status})
    return connection.execute(moved).rowcount == 1


def relabel(connection: Connection, seq: int, name: str | None, tags: Mapping[str, str]) -> None:
    """Gives a run another name and other tags."""
    connection.execute(update(runs).where(runs.c.seq == seq).values(name=name, tags=dict(tags)))
    connection.execute(delete(run_tags).where(run_tags.c.run_seq == seq))
    if tags:
        connection.execute(_ADD_TAGS, [{"run_seq": seq, "key": key, "value": value} for key, value in tags.items()])


def verification_of(connection: Connection, run_seq: int) -> int | None:
    """Seq of the unfinished verification of a run; None if there is none."""
    return connection.execute(_VERIFICATION, {"run_seq": run_seq}).scalar_one_or_none()


def create_verification(connection: Connection, run: Run) -> int:
    """Queues a verification of a run, and returns its seq."""
    copied = cast("RunColumns", {name: getattr(run, name) for name in _VERIFIED})
    request: StoredRequest = {**run.request, "deadline_seconds": None}
    return create(connection, {**copied, "request": request, "verifies": run.seq}, {}).seq
