"""GET of the runs, and of those of a dataset: filtered, sorted, a page at a time."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from service.api import described_route
from service.api.dependencies import LATEST, Asks, Store
from service.api.openapi_responses import paged, problems
from service.api.pagination import AskedPage, Page, page_of, read_list
from service.api.responses import query_error
from service.api.routes.datasets import DatasetId, find
from service.api.serializers.runs import serialize_listed
from service.api.streaming import look_up
from service.core.caller import Caller
from service.core.run_record import Run
from service.core.run_status import RunStatus
from service.schemas.responses.runs import ListedRun, Runs, SelectedRuns
from service.storage import datasets, run_list
from service.storage.database import Database
from service.storage.run_list import Asked

router = described_route.router()

Sort = Literal[
    "created_at",
    "-created_at",
    "name",
    "-name",
    "train_loss",
    "-train_loss",
    "train_mse",
    "-train_mse",
    "test_mse",
    "-test_mse",
    "best_test_mse",
    "-best_test_mse",
]
TIME = "2026-11-30T14:00:00Z"
DATE_TIME = {"format": "date-time"}


async def _asked(
    status: Annotated[
        list[RunStatus] | None, Query(description="Only runs of this status, or of one of several.")
    ] = None,
    name: Annotated[
        str | None,
        Query(
            max_length=200, description="Only runs of this name; `*` stands for any text, in either case: `height*`."
        ),
    ] = None,
    tag: Annotated[
        str | None,
        Query(description="Only runs with this tag, as `key:value`.", json_schema_extra={"pattern": "^[^:]*:"}),
    ] = None,
    sweep: Annotated[
        str | None, Query(description="Only the runs of the sweep with this id, or of the newest for `latest`.")
    ] = None,
    dataset: Annotated[
        str | None, Query(description="Only runs on the dataset with this id, or on the newest for `latest`.")
    ] = None,
    created_after: Annotated[
        str | None,
        Query(
            description=f"Only runs created after this time, in UTC unless it says otherwise: `{TIME}`.",
            json_schema_extra=DATE_TIME,
        ),
    ] = None,
    created_before: Annotated[
        str | None, Query(description="Only runs created before this time.", json_schema_extra=DATE_TIME)
    ] = None,
) -> Asked:
    return Asked(
        statuses=tuple(status or ()),
        name=name,
        tag=_tag(tag),
        sweep=sweep,
        dataset=dataset,
        created_after=_time("created_after", created_after),
        created_before=_time("created_before", created_before),
    )


RunFilter = Annotated[Asked, Depends(_asked)]
_PAGE = paged("A page of runs.")


@router.get(
    "/runs",
    tags=["runs"],
    summary="List runs, newest first",
    responses={**_PAGE, 200: {**_PAGE[200], "model": Runs | SelectedRuns}, **problems(422, 429)},
)
async def list_runs(
    request: Request,
    store: Store,
    caller: Asks,
    asked: RunFilter,
    page: Page,
    sort: Annotated[
        Sort, Query(description="The order; a minus makes it descending. Runs without the value come last.")
    ] = "-created_at",
    total: Annotated[bool, Query(description="Whether the answer has `total`, the number of all these runs.")] = False,
    fields: Annotated[
        str | None, Query(description="Only these fields of each run, and its id: `name,status,final`. Default: all.")
    ] = None,
) -> Response:
    """A page of runs; large runs make a page shorter. Follow `next` until `has_more` is false. New runs do not disturb
    the sequence of pages.
    """
    serialize = serialize_listed if fields is None else partial(_selected, _known(fields))
    look = partial(_page, store, caller, asked, page, sort, serialize, total=total)
    return await read_list(request, look)


@router.get(
    "/datasets/{dataset_id}/runs",
    response_model=Runs,
    tags=["datasets"],
    summary="List the runs on a dataset, newest first",
    responses={**_PAGE, **problems(404, 422, 429)},
)
async def list_runs_of_dataset(
    request: Request,
    dataset_id: DatasetId,
    store: Store,
    caller: Asks,
    page: Page,
) -> Response:
    """A page of runs, as of `GET /runs?dataset=`."""
    asked = Asked(dataset=await look_up(request, _id_of, store, dataset_id, caller))
    look = partial(_page, store, caller, asked, page, "-created_at", serialize_listed)
    return await read_list(request, look)


def _known(fields: str) -> list[str]:
    """The names of the fields. Raises InvalidError for an unknown one."""
    names = [name.strip() for name in fields.split(",")]
    for name in names:
        if name not in ListedRun.__annotations__:
            known = ", ".join(ListedRun.__annotations__)
            raise query_error("fields", f"A run has no field {name[:100]!r}.", f"The fields are {known}.")
    return names


def _selected(fields: Collection[str], run: Run) -> dict[str, object]:
    return {name: value for name, value in serialize_listed(run).items() if name in fields or name == "id"}


def _id_of(store: Database, dataset_id: str, caller: Caller) -> str:
    with store.reading() as connection:
        return find(connection, dataset_id, caller).id


def _page(
    store: Database,
    caller: Caller,
    asked: Asked,
    page: AskedPage,
    sort: Sort,
    serialize: Callable[[Run], Mapping[str, object]],
    *,
    total: bool = False,
) -> Response:
    asked = asked.of(caller.owner)
    with store.reading() as connection:
        if asked.dataset == LATEST and (latest := datasets.find(connection, LATEST, caller.owner)) is not None:
            asked = replace(asked, dataset=latest.id)
        count = {"total": run_list.count(connection, asked)} if total else {}
        try:
            rows = run_list.page(connection, asked, limit=page.size + 1, after=page.after, sort=sort)
        except KeyError:
            message = "The run of the cursor is deleted, so its place in this order is unknown."
            raise query_error("after", message, "Begin with the first page.") from None
        return page_of(rows, page, serialize, **count)


def _tag(tag: str | None) -> tuple[str, str] | None:
    if tag is None:
        return None
    key, colon, value = tag.partition(":")
    if not colon:
        raise query_error("tag", "This is not a tag.", "Write it as key:value.")
    return key, value


def _time(parameter: str, given: str | None) -> float | None:
    """Seconds since 1970. Raises InvalidError."""
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise query_error(parameter, "This is not a time.", f"Write it as {TIME}.") from None
