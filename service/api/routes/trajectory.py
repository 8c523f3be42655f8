"""GET /runs/{id}/trajectory: θ and both criteria at every step."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import Annotated, Literal

from fastapi import Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from service.api import described_route
from service.api.app_state import state_of
from service.api.content_negotiation import negotiated
from service.api.dependencies import Asks, Store
from service.api.etags import IfNoneMatch, etag_of, matches
from service.api.media_types import CSV, HAS_PARQUET, JSON, NDJSON, NPZ, PARQUET
from service.api.openapi_responses import NOT_MODIFIED, described, problems
from service.api.readers import PIECE_BYTES
from service.api.responses import query_error
from service.api.routes.runs import RunId, find
from service.api.streaming import Stream, look_up, piece_bytes
from service.core.caller import Caller
from service.core.run_record import Run
from service.schemas.responses.trajectories import Trajectory, TrajectoryHead
from service.storage import trajectories
from service.storage.database import Database
from service.trajectories import export, slicing
from service.trajectories.export import Piece
from service.trajectories.npz import as_npz
from service.trajectories.slicing import Steps, View

router = described_route.router("trajectory", prefix="/runs")

MEDIA_TYPES = {"json": JSON, "ndjson": NDJSON, "csv": CSV, "npz": NPZ, "parquet": PARQUET}
SLICE_SECONDS = 0.01
MOST_POINTS = 250_000
"""The maximum number of single steps whose numbers are kept in memory during an answer."""
ON_REQUEST = "optimality_gap"
"""A column that is sent only by name."""


class TrajectoryQuery(BaseModel):
    """The part of a trajectory to send, and its format."""

    from_step: int = Field(0, ge=0, description="The first step.")
    to_step: int | None = Field(None, ge=0, description="The last step, included.")
    every: int = Field(1, ge=1, description="Only every k-th step, from the first one.")
    max_points: int | None = Field(
        None,
        ge=3,
        description="The maximum number of steps, evenly spaced; the first, last and best step are kept. "
        f"Above {MOST_POINTS:,} it leaves out steps as {MOST_POINTS:,} does.",
    )
    fields: str | None = Field(
        None,
        description="Names of columns, separated by commas: step,theta,test_mse. The column optimality_gap, "
        "E(θ) − E(θ*), "
        "exists where E is quadratic in θ and is sent only if named.",
    )
    format: Literal["json", "ndjson", "csv", "npz", "parquet"] | None = Field(
        None, description="The format; overrides the header Accept. Parquet needs the extra `parquet` of the service."
    )


@router.get(
    "/{run_id}/trajectory",
    response_model=Trajectory,
    summary="Read θ and both criteria at every step",
    responses={
        200: {
            **described("The trajectory, streamed. That of a finished run has an ETag.", "Vary"),
            "content": {
                NDJSON: {"schema": {"type": "string", "description": "One JSON object per step."}},
                CSV: {"schema": {"type": "string", "description": "step,theta.intercept,…,train_loss,…"}},
                NPZ: {
                    "schema": {
                        "type": "string",
                        "format": "binary",
                        "description": "A file of `numpy.load`: an array a column, and `parameters`, the names.",
                    }
                },
                PARQUET: {
                    "schema": {
                        "type": "string",
                        "format": "binary",
                        "description": "The columns of CSV, and null for a number that does not apply.",
                    }
                },
            },
        },
        304: NOT_MODIFIED,
        **problems(404, 406, 422),
    },
)
async def get_trajectory(
    request: Request,
    run_id: RunId,
    store: Store,
    caller: Asks,
    query: Annotated[TrajectoryQuery, Query()],
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Every stored step from 0 (θ₀) on, also of a running run. Only `every` and `max_points` leave steps out."""
    kind = _format(query.format, accept)
    headers = {"Vary": "Accept"}
    run, view = await look_up(request, _found, store, run_id, caller, query)
    if run.is_finished:
        headers["ETag"] = etag_of(f"{run.id} {kind} {query.model_dump_json()}".encode())
        if matches(if_none_match, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if kind != "json":
        headers["Content-Disposition"] = f'inline; filename="{run.id}.{kind}"'
    state, user = state_of(request), request.state.user
    content = state.readers.pieces(user, _slices(_written(kind, run, view, query), partial(piece_bytes, state.streams)))
    return Stream(state.streams, user, content, MEDIA_TYPES[kind], headers, whole_bytes=PIECE_BYTES)


def _found(store: Database, run_id: str, caller: Caller, query: TrajectoryQuery) -> tuple[Run, View]:
    run = find(store, run_id, caller)
    return run, _view(run, query, store)


def _format(asked: str | None, accept: str) -> str:
    """The format of the answer. Raises InvalidError for Parquet that is not installed, and NotAcceptableError."""
    if asked == "parquet" and not HAS_PARQUET:
        hint = "Ask for npz, or install descent-service[parquet] where the service runs."
        raise query_error("format", "Parquet is not available: pyarrow is not installed.", hint)
    offered = {kind: media for kind, media in MEDIA_TYPES.items() if kind != "parquet" or HAS_PARQUET}
    return asked or negotiated(accept, offered)


def _view(run: Run, query: TrajectoryQuery, store: Store) -> View:
    if query.to_step is not None and query.from_step > query.to_step:
        raise query_error("from_step", "from_step is after to_step.", "Give a from_step of at most to_step.")
    every = slicing.every(query.from_step, _last_step(run, query), query.every)
    steps: Steps = every
    if query.max_points is not None and len(every) > query.max_points:
        steps = slicing.thinned(every, min(query.max_points, MOST_POINTS), run.best_step)
    return view_of(run, fields_of(run, query.fields), steps, store)


def _last_step(run: Run, query: TrajectoryQuery) -> int:
    """The last stored step of those that are asked for; −1 before the first one."""
    last = run.rows_done - 1
    return last if query.to_step is None else min(last, query.to_step)


def view_of(run: Run, fields: Sequence[str], steps: Steps, store: Database) -> View:
    """The given columns and steps of a run."""
    return View(run.parameters, run.columns, fields, steps, partial(trajectories.read, store, run.seq, run.width))


def fields_of(run: Run, asked: str | None) -> list[str]:
    """The columns to send for the query parameter `fields`. Raises InvalidError for an unknown column."""
    known = ["step", "theta", *run.columns]
    if asked is None:
        return [name for name in known if name != ON_REQUEST]
    fields = [name.strip() for name in asked.split(",")]
    for name in fields:
        if name not in known:
            raise query_error(
                "fields", f"The run has no column {name[:100]!r}.", f"The columns are {', '.join(known)}."
            )
    return list(dict.fromkeys(fields))


def _written(kind: str, run: Run, view: View, query: TrajectoryQuery) -> Iterator[Piece]:
    if kind == "json":
        count = _last_step(run, query) - query.from_step + 1
        return export.as_json(view, head_of(run, is_sampled=len(view.steps) < count))
    if kind == "parquet":
        from service.trajectories.parquet import MOST_COLUMNS, as_parquet  # noqa: PLC0415 - pyarrow is an extra

        if len(export.column_names(view)) > MOST_COLUMNS:
            message = f"The run has more columns than the {MOST_COLUMNS} of Parquet."
            raise query_error("format", message, "Ask for npz, or for fields without theta.")
        return as_parquet(view)
    writers = {"ndjson": export.as_ndjson, "csv": export.as_csv, "npz": as_npz}
    return writers[kind](view)


def head_of(run: Run, *, is_sampled: bool) -> TrajectoryHead:
    """The fields of a JSON trajectory before its columns."""
    return {
        "run_id": run.id,
        "status": run.status,
        "parameters": run.parameters,
        "total_steps": run.rows_done,
        "complete": run.is_finished or run.rows_done == run.steps_total + 1,
        "sampled": is_sampled,
    }


def _slices(body: Iterator[Piece], piece_size: Callable[[], int]) -> Iterator[bytes]:
    """The same bytes in larger pieces, since each costs a change of threads; an empty one for work without a result.

    Each takes SLICE_SECONDS of work or little more, so that other readers get the thread soon.
    """
    found: list[Piece] = []
    size, end = 0, monotonic() + SLICE_SECONDS
    for part in body:
        found.append(part)
        size += len(part)
        del part  # a generator that waits keeps its variables
        if size >= piece_size() or monotonic() >= end:
            yield _taken(found)
            size, end = 0, monotonic() + SLICE_SECONDS
    yield _taken(found)


def _taken(found: list[Piece]) -> bytes:
    whole = b"".join(found)
    found.clear()
    return whole
