"""Runs: list, look at, cancel, delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from service import present
from service.errors import ConflictError, NotFoundError
from service.lifecycle import RunStatus
from service.routes.common import (
    After,
    Config,
    IfNoneMatch,
    Store,
    cursor,
    described,
    json_response,
    page_of,
    page_size,
    problems,
    query_error,
    tagged,
)
from service.schemas.answers import Run, Runs
from service.store import runs
from service.store.database import Database

router = APIRouter(prefix="/runs", tags=["runs"])

RunId = Annotated[str, Path(description="A run's id, or `latest`: the newest run.", examples=["latest"])]


@router.get("", response_model=Runs, summary="List runs, newest first", responses=problems(422))
def list_runs(
    store: Store,
    settings: Config,
    status: Annotated[RunStatus | None, Query(description="Only runs of this status.")] = None,
    tag: Annotated[
        str | None,
        Query(description="Only runs with this tag, as `key:value`.", json_schema_extra={"pattern": "^[^:]*:"}),
    ] = None,
    limit: Annotated[int, Query(ge=1, description="How many at once.")] = 50,
    after: After = None,
) -> Response:
    """A page of runs. Follow `next` until `has_more` is false; runs that come in meanwhile do not disturb it."""
    size = page_size(limit, settings)
    with store.reading() as connection:
        rows = runs.page(connection, limit=size + 1, before_seq=cursor(after), status=status, tag=_tag(tag))
    return page_of(list(rows), size, present.run)


@router.get(
    "/{run_id}",
    response_model=Run,
    summary="Look at a run",
    responses={
        200: described("The run.", "ETag"),
        304: described("The run is as the ETag says.", "ETag"),
        **problems(404),
    },
)
def get_run(run_id: RunId, store: Store, if_none_match: IfNoneMatch = None) -> Response:
    """What was asked, where the run stands, and what came out so far."""
    return tagged(present.run(find(store, run_id)), if_none_match)


@router.delete(
    "/{run_id}",
    status_code=204,
    summary="Delete a run and its trajectory",
    response_class=Response,
    responses=problems(404, 507),
)
def delete_run(run_id: RunId, store: Store) -> Response:
    """A live run is cancelled first. Its data goes with it, unless it was uploaded by itself or other runs use it."""
    found = find(store, run_id)
    with store.writing() as connection:
        if not runs.remove(connection, found.id):
            raise no_run(run_id)
    return Response(status_code=204)


@router.post(
    "/{run_id}/cancel",
    status_code=202,
    response_model=Run,
    summary="Cancel a run",
    responses=problems(404, 409, 507),
)
def cancel_run(run_id: RunId, store: Store) -> Response:
    """A queued run is cancelled at once, a running one at its next step; the steps it has done are kept."""
    found = find(store, run_id)
    with store.writing() as connection:
        changed = runs.cancel(connection, found.id)
        run = runs.find(connection, found.id)
    if run is None:
        raise no_run(run_id)
    if not changed:
        raise ConflictError(f"The run is {run.status} already, so it cannot be cancelled.", run_status=run.status)
    return json_response(present.run(run), 202)


def find(store: Database, run_id: str) -> Any:
    """The run. Raises NotFoundError."""
    with store.reading() as connection:
        found = runs.find(connection, run_id)
    if found is None:
        raise no_run(run_id)
    return found


def no_run(run_id: str) -> NotFoundError:
    """What to answer where there is no such run."""
    return NotFoundError(f"There is no run {run_id[:100]}. GET /runs lists those there are.")


def _tag(tag: str | None) -> tuple[str, str] | None:
    if tag is None:
        return None
    key, colon, value = tag.partition(":")
    if not colon:
        raise query_error("tag", "This is no tag.", "Give it as key:value.")
    return key, value
