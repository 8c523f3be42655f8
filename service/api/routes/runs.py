"""GET and DELETE of one run."""

from functools import partial
from typing import Annotated, NamedTuple

from fastapi import Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import NOT_LATEST, Asks, Config, Store, refuse_latest
from service.api.etags import IfMatch, IfNoneMatch, refuse_changed, tagged
from service.api.judgement import is_settled
from service.api.openapi_examples import LATEST_EXAMPLES
from service.api.openapi_responses import cacheable, problems
from service.api.prefer_wait import Prefer, finished, wait_of
from service.api.responses import query_error
from service.api.serializers.runs import serialize_run
from service.api.streaming import look_up
from service.core import run_record
from service.core.caller import Caller
from service.core.exceptions import NotFoundError
from service.core.settings import Settings
from service.jobs import submit
from service.jobs.quotas import Quotas
from service.schemas.responses.runs import Run
from service.storage import run_deletion, runs
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.storage.queue_position import QueueSnapshots, position_of
from service.storage.runs import RunState

MOST_IDS = 100
"""The most runs that one request deletes."""
router = described_route.router("runs", prefix="/runs")

RunId = Annotated[
    str, Path(description="The id of a run, or `latest` for the newest run.", openapi_examples=LATEST_EXAMPLES)
]
ChangedRunId = Annotated[
    str, Path(description="The id of a run. `latest` is not allowed here.", json_schema_extra=NOT_LATEST)
]


@router.get(
    "/{run_id}",
    response_model=Run,
    summary="Get a run",
    responses={
        **cacheable("The run; with `Prefer: wait`, when it is finished or the time is over."),
        **problems(404),
    },
)
async def get_run(
    request: Request,
    run_id: RunId,
    store: Store,
    settings: Config,
    caller: Asks,
    if_none_match: IfNoneMatch = None,
    prefer: Prefer = None,
) -> Response:
    """The request, status and results of a run, and its place in the queue while it waits. A run whose row in the
    database is damaged is failed, with the error `damaged_data`.
    """
    wait = wait_of(prefer)
    applied: dict[str, str] = {}
    if wait is not None:
        found = await look_up(request, find_readable, store, run_id, caller)
        run_id = found.id  # the latest run may be another one after the wait
        _, applied = await finished(request, wait, partial(run_state, store, found.seq), is_settled, run=found.seq)

    def look() -> Response:
        with store.reading() as connection:
            found = _found(runs.find_readable(connection, run_id, caller.owner), run_id)
            answer = tagged(answer_of(connection, found, settings), if_none_match)
        answer.headers.update(applied)
        return answer

    return await look_up(request, look)


@router.delete(
    "/{run_id}",
    status_code=204,
    summary="Delete a run and its trajectory",
    response_class=Response,
    responses=problems(404, 412, 507),
)
async def delete_run(
    request: Request,
    run_id: ChangedRunId,
    store: Store,
    settings: Config,
    caller: Asks,
    if_match: IfMatch = None,
) -> Response:
    """An unfinished run is cancelled first. Data from the request is deleted too, unless other runs use it."""

    def remove(connection: Connection) -> None:
        found = _found(runs.find_readable(connection, run_id, caller.owner), run_id)
        refuse_latest(run_id, "run_id", f"/runs/{found.id}")
        refuse_changed(if_match, lambda: answer_of(connection, found, settings))
        run_deletion.remove(connection, found.id)

    await state_of(request).short_writes.do(request.state.user, partial(essential_write, store, remove))
    return Response(status_code=204)


@router.delete(
    "",
    status_code=204,
    summary="Delete several runs and their trajectories",
    response_class=Response,
    responses=problems(404, 422, 507),
)
async def delete_runs(
    request: Request,
    store: Store,
    caller: Asks,
    ids: Annotated[str, Query(description=f"The ids, separated by commas: at most {MOST_IDS}.")],
) -> Response:
    """All of them, or none if one is unknown. Unfinished runs are cancelled first."""
    wanted = [each.strip() for each in ids.split(",")]
    if not all(wanted):
        raise query_error("ids", "An id is empty.", "Give the ids with one comma between two.")
    if len(wanted) > MOST_IDS:
        message = f"The request names {len(wanted)} runs; the limit is {MOST_IDS}."
        raise query_error("ids", message, "Send the others in another request.")

    def remove() -> None:
        found = [find_readable(store, run_id, caller) for run_id in wanted]
        for run_id, run in zip(wanted, found, strict=True):
            refuse_latest(run_id, "ids", f"the id {run.id}")
        unknown = essential_write(
            store, lambda connection: run_deletion.remove_all(connection, [run.id for run in found])
        )
        if unknown is not None:  # deleted since
            raise no_run(unknown)

    await state_of(request).short_writes.do(request.state.user, remove)
    return Response(status_code=204)


def run_state(store: Database, seq: int) -> RunState | None:
    """The state of a run; None for a deleted one."""
    with store.reading() as connection:
        return runs.state(connection, seq)


def find(store: Database, run_id: str, caller: Caller) -> run_record.Run:
    """The run, if the caller may read it. Raises NotFoundError, CorruptError."""
    with store.reading() as connection:
        return _found(runs.find(connection, run_id, caller.owner), run_id)


def find_readable(store: Database, run_id: str, caller: Caller) -> run_record.Run:
    """The run as `find` does; a damaged run as a failed one."""
    with store.reading() as connection:
        return _found(runs.find_readable(connection, run_id, caller.owner), run_id)


def _found(run: run_record.Run | None, run_id: str) -> run_record.Run:
    if run is None:
        raise no_run(run_id)
    return run


def find_to_change(store: Database, run_id: str, caller: Caller) -> run_record.Run:
    """The run to change. Raises NotFoundError, InvalidError for `latest`."""
    found = find(store, run_id, caller)
    refuse_latest(run_id, "run_id", f"/runs/{found.id}")
    return found


class Placed(NamedTuple):
    """A run, and the answer for it with its place in the queue."""

    run: run_record.Run
    answer: Run


def placed(store: Database, run: run_record.Run, settings: Settings) -> Placed:
    """The run with its answer."""
    with store.reading() as connection:
        return Placed(run, answer_of(connection, run, settings))


def answer_of(connection: Connection, run: run_record.Run, settings: Settings) -> Run:
    """The answer for a run, with its place in the queue."""
    return serialize_run(run, position_of(connection, run, settings))


def queue_placed(
    store: Database, quotas: Quotas, snapshots: QueueSnapshots, read: submit.Keyed | run_record.Run
) -> Placed:
    """The queued run of `submit.read_keyed`, or the earlier one. Raises as `submit.queue_keyed` does."""
    run = submit.queue_keyed(store, quotas, read)
    return Placed(run, serialize_run(run, snapshots.position_of(run)))


def no_run(run_id: str) -> NotFoundError:
    """The error for an unknown run."""
    return NotFoundError(f"No run has the id {run_id[:100]}. GET /runs lists the runs.")
