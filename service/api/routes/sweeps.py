"""Sweeps: one request with many values of its hyperparameters."""

from functools import partial
from typing import Annotated, Literal

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from service.api import described_route
from service.api.app_state import state_of
from service.api.content_negotiation import negotiated
from service.api.dependencies import NOT_LATEST, Asks, Config, IdempotencyKey, Store, refuse_latest
from service.api.etags import IfMatch, IfNoneMatch, refuse_changed, tagged, tagged_bytes
from service.api.media_types import CSV, JSON
from service.api.middleware.abandonment import while_connected
from service.api.openapi_examples import LATEST_EXAMPLES, SWEEP_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import NOT_MODIFIED, described, paged, problems
from service.api.pagination import Page, page_of, read_list
from service.api.prefer_wait import Prefer, finished, wait_of
from service.api.request_body import Body
from service.api.responses import json_response, media_type
from service.api.serializers.sweeps import ranking_csv, serialize_ranking, serialize_sweep
from service.api.streaming import look_up
from service.core import sweep_record
from service.core.caller import Caller
from service.core.exceptions import ConflictError, NotFoundError
from service.core.root_path import rooted
from service.core.run_status import FINISHED
from service.core.settings import Settings
from service.jobs import idempotency
from service.jobs.idempotency import Key
from service.jobs.quotas import Quotas
from service.jobs.sweep import SweepSubmission, queue_sweep, read_sweep, sweep_submission
from service.schemas.responses.sweeps import Sweep, SweepPrice, Sweeps, SweepSummary
from service.schemas.strict_model import parse
from service.schemas.sweep import SweepRequest
from service.storage import runs, sweeps
from service.storage.damaged_rows import Remains
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.storage.sweep_deletion import remove_some_members

router = described_route.router("sweeps", prefix="/sweeps")

FORMS: dict[Literal["json", "csv"], str] = {"json": JSON, "csv": CSV}
SweepId = Annotated[
    str, Path(description="The id of a sweep, or `latest` for the newest sweep.", openapi_examples=LATEST_EXAMPLES)
]
ChangedSweepId = Annotated[
    str, Path(description="The id of a sweep. `latest` is not allowed here.", json_schema_extra=NOT_LATEST)
]


@router.post(
    "",
    status_code=202,
    response_model=Sweep,
    summary="Submit a sweep",
    responses={
        200: {
            "model": Sweep | SweepPrice,
            "description": "With `Prefer: wait`: the finished sweep. With `validate_only`: the cost.",
        },
        202: described("The runs are queued; `Location` has the path of the sweep.", "Location", "Retry-After"),
        **problems(400, 404, 408, 409, 413, 415, 422, 429, 507),
    },
    openapi_extra=json_body(SweepRequest, SWEEP_EXAMPLES),
)
async def submit_sweep(
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    validate_only: Annotated[
        bool,
        Query(description="Validate the sweep and return its cost, or the error that it would get; store nothing."),
    ] = False,
    idempotency_key: IdempotencyKey = None,
    prefer: Prefer = None,
) -> Response:
    """A run for every combination of values in `grid`, or for every entry of `list`, on the same data.

    Each member is an ordinary run with the same numbers, bit by bit, as outside a sweep: it can be followed, paused,
    forked and verified. Any hyperparameter of `descent`, `objective`, `model` and `split` can vary.
    """
    media_type(request, JSON)
    wait = wait_of(prefer)
    async with Body(request, settings.max_body_bytes) as body:
        with while_connected(request.scope):
            if validate_only:
                price = partial(_price, store, state_of(request).quotas)
                return json_response(await body.used_by_long_task(price, read_sweep, store, settings, caller))
            queue = partial(_queued, store, state_of(request).quotas)
            seq, found = await body.used_by_long_task(queue, _read, store, settings, caller, idempotency_key)
    headers = {"Location": rooted(f"/sweeps/{found['id']}")}
    if wait is not None:
        is_over, applied = await finished(request, wait, partial(_is_over, store, seq), bool)
        found = await look_up(request, _look, store, found)
        if is_over:
            return json_response(found, 200, headers | applied)
    return json_response(found, 202, headers | {"Retry-After": "1"})


@router.get(
    "",
    response_model=Sweeps,
    summary="List sweeps, newest first",
    responses={**paged("A page of sweeps."), **problems(422, 429)},
)
async def list_sweeps(request: Request, store: Store, caller: Asks, page: Page) -> Response:
    """A page of sweeps, without their rankings. Follow `next` until `has_more` is false."""

    def look() -> Response:
        with store.reading() as connection:
            rows = sweeps.page(connection, limit=page.size + 1, before=page.after, owner=caller.owner)
            counts = sweeps.counts(connection, [row.seq for row in rows])

        def summary(sweep: sweep_record.Sweep | Remains) -> SweepSummary:
            return serialize_sweep(sweep, [row for row in counts if row.sweep_seq == sweep.seq])

        return page_of(rows, page, summary)

    return await read_list(request, look)


@router.get(
    "/{sweep_id}",
    response_model=Sweep,
    summary="Get a sweep and the ranking of its runs",
    responses={
        200: {
            **described(
                "The sweep; with `Prefer: wait`, when its runs are finished or the time is over.", "ETag", "Vary"
            ),
            "content": {CSV: {"schema": {"type": "string", "description": "rank,run_id,name,status,state,…,value,…"}}},
        },
        304: NOT_MODIFIED,
        **problems(404, 406, 429),
    },
)
async def get_sweep(
    request: Request,
    sweep_id: SweepId,
    store: Store,
    caller: Asks,
    form: Annotated[
        Literal["json", "csv"] | None,
        Query(alias="format", description="csv: the ranking as a table. It overrides the header Accept."),
    ] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    if_none_match: IfNoneMatch = None,
    prefer: Prefer = None,
) -> Response:
    """The ranking has finished runs in order of `rank_by` at their last step, then diverged, cancelled, failed and
    unfinished runs. As CSV it has a column for each varied field. A sweep whose row in the database is damaged has the
    error `damaged_data` and no ranking.
    """
    form = form or negotiated(accept, FORMS)
    wait = wait_of(prefer)
    applied: dict[str, str] = {}
    if wait is not None:
        known = await look_up(request, _known, store, sweep_id, caller)
        sweep_id = known.id  # the latest one may be another after the wait
        _, applied = await finished(request, wait, partial(_is_over, store, known.seq), bool)

    def look() -> Response:
        with store.reading() as connection:
            found = with_ranking(connection, _find_readable(connection, sweep_id, caller))
        if form == "csv":
            answer = tagged_bytes(ranking_csv(found), if_none_match, CSV)
            answer.headers["Content-Disposition"] = f'inline; filename="sweep-{found["id"]}.csv"'
        else:
            answer = tagged(found, if_none_match)
        answer.headers.update({"Vary": "Accept"} | applied)
        return answer

    return await read_list(request, look)


@router.delete(
    "/{sweep_id}",
    status_code=204,
    summary="Delete a sweep and its runs",
    response_class=Response,
    responses=problems(404, 412, 429, 507),
)
async def delete_sweep(
    request: Request, sweep_id: ChangedSweepId, store: Store, caller: Asks, if_match: IfMatch = None
) -> Response:
    """Unfinished runs are cancelled first. Data from the request is deleted too, unless other runs use it."""
    seq = await look_up(request, _seq_to_change, store, sweep_id, caller)
    remove = partial(remove_some_members, sweep_seq=seq)

    def remove_first(connection: Connection) -> bool:
        refuse_changed(if_match, lambda: with_ranking(connection, _find_readable(connection, sweep_id, caller)))
        return remove(connection)

    do = partial(state_of(request).long_tasks.do, request.state.user)
    is_more = await do(partial(essential_write, store, remove_first))
    while is_more:
        is_more = await do(partial(essential_write, store, remove))
    return Response(status_code=204)


@router.post(
    "/{sweep_id}/cancel",
    status_code=202,
    response_model=Sweep,
    summary="Cancel the unfinished runs of a sweep",
    responses=problems(404, 409, 429, 507),
)
async def cancel_sweep(request: Request, sweep_id: ChangedSweepId, store: Store, caller: Asks) -> Response:
    """Queued runs are cancelled at once, running ones within about a second. Stored steps are kept."""
    seq = await look_up(request, _seq_to_change, store, sweep_id, caller)
    cancel = partial(essential_write, store, partial(runs.cancel_members, sweep_seq=seq))
    if not await state_of(request).long_tasks.do(request.state.user, cancel):
        raise ConflictError("All runs of the sweep are finished; none can be cancelled.")

    def look() -> Response:
        with store.reading() as connection:
            return json_response(with_ranking(connection, _find_readable(connection, sweep_id, caller)), 202)

    return await look_up(request, look)


_Read = tuple[SweepSubmission | sweep_record.Sweep, Key | None]
"""A submission, or the sweep of an earlier request with its idempotency key."""


def _read(body: bytes, store: Database, settings: Settings, caller: Caller, key: str | None) -> _Read:
    asked = parse(SweepRequest, body)
    of_request = idempotency.key_of(key, caller.key_id, "POST /sweeps", asked.sent)
    known = idempotency.original(store, of_request, sweeps.find_by_key)
    return known or sweep_submission(asked, store, settings, caller), of_request


def _queued(store: Database, quotas: Quotas, read: _Read) -> tuple[int, Sweep]:
    found, key = read
    made = queue_sweep(store, found, key, quotas) if isinstance(found, SweepSubmission) else found
    with store.reading() as connection:
        return made.seq, with_ranking(connection, made)


def _look(store: Database, known: Sweep) -> Sweep:
    """The current state of the sweep, or the known one if the sweep has been deleted."""
    with store.reading() as connection:
        found = sweeps.find(connection, known["id"])
        return known if found is None else with_ranking(connection, found)


def _is_over(store: Database, seq: int) -> bool:
    with store.reading() as connection:
        return all(row.status in FINISHED for row in sweeps.counts(connection, [seq]))


def find_sound(connection: Connection, sweep_id: str, caller: Caller) -> sweep_record.Sweep:
    """The sweep, if the caller may read it. Raises NotFoundError, CorruptError."""
    found = sweeps.find(connection, sweep_id, caller.owner)
    if found is None:
        raise _none(sweep_id)
    return found


def _find_readable(connection: Connection, sweep_id: str, caller: Caller) -> sweep_record.Sweep | Remains:
    found = sweeps.find_readable(connection, sweep_id, caller.owner)
    if found is None:
        raise _none(sweep_id)
    return found


def _none(sweep_id: str) -> NotFoundError:
    return NotFoundError(f"No sweep has the id {sweep_id[:100]}. GET /sweeps lists the sweeps.")


def _known(store: Database, sweep_id: str, caller: Caller) -> sweep_record.Sweep | Remains:
    with store.reading() as connection:
        return _find_readable(connection, sweep_id, caller)


def _seq_to_change(store: Database, sweep_id: str, caller: Caller) -> int:
    """The seq of a sweep, which may be damaged: its members can be changed nevertheless."""
    with store.reading() as connection:
        found = _find_readable(connection, sweep_id, caller)
    refuse_latest(sweep_id, "sweep_id", f"/sweeps/{found.id}")
    return found.seq


def with_ranking(connection: Connection, sweep: sweep_record.Sweep | Remains) -> Sweep:
    """The answer for a sweep."""
    if isinstance(sweep, Remains):
        return {**serialize_sweep(sweep, sweeps.counts(connection, [sweep.seq])), "ranking": []}
    members = list(sweeps.members(connection, sweep.seq))
    summary = serialize_sweep(sweep, sweeps.counts_of(sweep.seq, members))
    return {**summary, "ranking": serialize_ranking(members, sweep.rank_by)}


def _price(store: Database, quotas: Quotas, sweep: SweepSubmission) -> SweepPrice:
    """The price of a sweep. Raises as its storage would for an exhausted quota or disk."""
    plans = sweep.members
    quotas.check_run(store, sweep.owner, sweep.asked_bytes, len(plans))
    steps = sum(made.steps for made in plans)
    return {
        "valid": True,
        "members": len(plans),
        "steps": steps,
        "parameters": max(made.shape.size for made in plans),
        "bytes": sweep.asked_bytes,
        "gradient_evaluations": sum(made.gradient_evaluations for made in plans),
    }
