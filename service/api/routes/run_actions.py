"""Actions on a run: cancel, pause, resume, fork, verify."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, IdempotencyKey, Store
from service.api.media_types import JSON
from service.api.new_run import queued_or_finished
from service.api.openapi_examples import FORK_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import described, problems
from service.api.prefer_wait import Prefer, finished, wait_of
from service.api.request_body import Body
from service.api.responses import json_response, media_type
from service.api.routes.runs import ChangedRunId, RunId, find, find_to_change, no_run, placed, queue_placed
from service.api.serializers.runs import serialize_verification
from service.core import run_record
from service.core.caller import Caller
from service.core.exceptions import ConflictError
from service.core.settings import Settings
from service.jobs import idempotency
from service.jobs.fork import fork_submission
from service.jobs.quotas import Quotas
from service.jobs.submit import Keyed
from service.schemas.fit import ForkRequest
from service.schemas.responses.runs import Run, Verification
from service.schemas.strict_model import parse
from service.storage import runs
from service.storage.database import Database
from service.storage.essential_write import essential_write

router = described_route.router("runs", prefix="/runs")


@router.post(
    "/{run_id}/cancel",
    status_code=202,
    response_model=Run,
    summary="Cancel a run",
    responses=problems(404, 409, 507),
)
async def cancel_run(request: Request, run_id: ChangedRunId, store: Store, settings: Config, caller: Asks) -> Response:
    """A queued run is cancelled at once, a running one within about a second. Stored steps are kept."""
    return await _changed(request, run_id, store, settings, caller, (runs.cancel, "cancelled"))


@router.post(
    "/{run_id}/pause",
    status_code=202,
    response_model=Run,
    summary="Pause a run",
    responses=problems(404, 409, 507),
)
async def pause_run(request: Request, run_id: ChangedRunId, store: Store, settings: Config, caller: Asks) -> Response:
    """The run stops at its last stored step. A resumed run continues there and gives the same numbers bit by bit."""
    return await _changed(request, run_id, store, settings, caller, (runs.pause, "paused"))


@router.post(
    "/{run_id}/resume",
    status_code=202,
    response_model=Run,
    summary="Resume a paused run",
    responses=problems(404, 409, 507),
)
async def resume_run(request: Request, run_id: ChangedRunId, store: Store, settings: Config, caller: Asks) -> Response:
    """The run returns to the queue."""
    return await _changed(request, run_id, store, settings, caller, (runs.resume, "resumed"))


@router.post(
    "/{run_id}/fork",
    status_code=202,
    response_model=Run,
    summary="Start a new run at a step of this one",
    responses={
        200: {"model": Run, "description": "With `Prefer: wait`: the finished run."},
        202: described("The new run is queued; `Location` has its path.", "Location", "Retry-After"),
        **problems(400, 404, 408, 409, 413, 415, 422, 429, 507),
    },
    openapi_extra=json_body(ForkRequest, FORK_EXAMPLES),
)
async def fork_run(
    run_id: RunId,
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """The fork has the same data, split and hyperparameters, except for `changes`.

    Its step 0 is the θ of `from_step`; the memory of the optimiser and the schedule start anew. For the learning rate
    "auto" the fork keeps the number that the run used, unless the objective changes.
    """
    media_type(request, JSON)
    wait = wait_of(prefer)
    state = state_of(request)
    async with Body(request, settings.max_body_bytes) as body:
        queue = partial(queue_placed, store, state.quotas, state.queue_snapshots)
        queued = await body.stored_by(queue, _read_fork, store, settings, caller, run_id, idempotency_key)
    return await queued_or_finished(request, store, settings, queued, wait)


@router.post(
    "/{run_id}/verify",
    response_model=Verification,
    summary="Recompute a finished run and compare",
    responses={
        202: {
            "model": Verification,
            **described("The comparison is not finished; send the request again.", "Retry-After"),
        },
        **problems(404, 409, 429, 507),
    },
)
async def verify_run(
    run_id: RunId, request: Request, store: Store, settings: Config, caller: Asks, prefer: Prefer = None
) -> Response:
    """A worker computes the run again from its request and compares every number with the stored one bit by bit.

    The response waits for the result, at most `DESCENT_MAX_WAIT_SECONDS`, or with `Prefer: wait=10` at most 10 seconds.
    The run also has the result, in `verification`.
    """
    wait = wait_of(prefer)
    quotas = state_of(request).quotas
    write = partial(_verifying, run_id, store, caller, quotas)
    seq, verification_seq = await state_of(request).short_writes.do(request.state.user, write)
    look = partial(_verified, seq, verification_seq, store)
    seconds = settings.max_wait_seconds if wait is None else wait
    verified, applied = await finished(
        request, seconds, look, lambda found: found.run is None or found.is_over, run=verification_seq
    )
    headers = {} if wait is None else applied
    if verified.run is None:
        raise no_run(run_id)
    if verified.is_over:
        return json_response(serialize_verification(verified.run.verification), 200, headers)
    return json_response(serialize_verification(None), 202, headers | {"Retry-After": "1"})


_Change = tuple[Callable[[Connection, str], bool], str]
"""A change of a run by its id, and its participle."""


async def _changed(
    request: Request, run_id: str, store: Database, settings: Settings, caller: Caller, change: _Change
) -> Response:
    write = partial(_change, run_id, store, settings, caller, change)
    return json_response(await state_of(request).short_writes.do(request.state.user, write), 202)


def _change(run_id: str, store: Database, settings: Settings, caller: Caller, change: _Change) -> Run:
    """The answer for a run after its change. Raises ConflictError for a run that has none."""
    make, done = change
    found = find_to_change(store, run_id, caller)
    changed, run = essential_write(
        store, lambda connection: (make(connection, found.id), runs.find(connection, found.id))
    )
    if run is None:
        raise no_run(run_id)
    if not changed:
        raise ConflictError(f"A run that is {run.status.words} cannot be {done}.", run_status=run.status)
    return placed(store, run, settings).answer


def _read_fork(
    body: bytes, store: Database, settings: Settings, caller: Caller, run_id: str, key: str | None
) -> Keyed | run_record.Run:
    fork = parse(ForkRequest, body)
    of_request = idempotency.key_of(key, caller.key_id, f"POST /runs/{run_id}/fork", fork.sent)
    if (known := idempotency.original(store, of_request, runs.find_by_key)) is not None:
        return known
    parent = find(store, run_id, caller)
    return Keyed(fork_submission(fork, parent, store, settings, caller), of_request)


def _verifying(run_id: str, store: Database, caller: Caller, quotas: Quotas) -> tuple[int, int]:
    """The run's seq and its verification's, which is queued unless there is one under way."""
    found = find(store, run_id, caller)
    if not found.is_finished:
        message = f"The run is {found.status.words}; only a finished run can be verified."
        raise ConflictError(message, run_status=found.status)
    with store.writing() as connection:
        run = runs.find_by_seq(connection, found.seq)
        if run is None:  # deleted since
            raise no_run(run_id)
        seq = runs.verification_of(connection, run.seq)
        if seq is None:
            quotas.admit_verification(connection, run.owner)
            seq = runs.create_verification(connection, run)
    return run.seq, seq


class _Verified(NamedTuple):
    """A run, None if it was deleted, and whether its verification is over."""

    run: run_record.Run | None
    is_over: bool


def _verified(seq: int, verification_seq: int, store: Database) -> _Verified:
    with store.reading() as connection:
        is_over = runs.find_by_seq(connection, verification_seq) is None
        return _Verified(runs.find_by_seq(connection, seq), is_over)
