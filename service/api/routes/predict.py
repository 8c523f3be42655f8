"""POST /runs/{id}/predict: f(θ, x) for rows of features, or for all rows of a dataset."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
from fastapi import Header, Request
from fastapi.responses import Response

from service.analysis.predictions import RowsRequest, at_rows, csv_at_rows, csv_header, row_values
from service.api import described_route
from service.api.app_state import state_of
from service.api.content_negotiation import negotiated
from service.api.dependencies import Asks, Config, Store
from service.api.media_types import CSV, JSON
from service.api.middleware.abandonment import while_connected
from service.api.openapi_examples import PREDICT_EXAMPLES
from service.api.openapi_request_body import json_body
from service.api.openapi_responses import problems
from service.api.request_body import Body
from service.api.responses import media_type
from service.api.routes import datasets as dataset_routes
from service.api.routes.analysis import refuse_functions, step_of
from service.api.routes.runs import RunId, find
from service.api.streaming import Stream, look_up
from service.core.caller import Caller
from service.core.column_choice import Sources, select_columns
from service.core.dataset_record import Dataset, Rows
from service.core.exceptions import TooManyRequestsError, UnavailableError, invalid
from service.core.plurals import counted
from service.core.run_record import Run
from service.core.settings import Settings
from service.jobs.prediction_columns import sources_of
from service.schemas.predict import PredictRequest
from service.schemas.responses.analysis import Predicted
from service.schemas.strict_model import parse
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

router = described_route.router("inquiries", prefix="/runs")

MEDIA_TYPES = {"json": JSON, "csv": CSV}
MOST_VALUES = 2_000_000
"""The most numbers of one JSON object, predictions and probabilities, and of the features of a dataset for it."""
BLOCK_VALUES = 500_000
"""The numbers that the rows of a block of CSV take, in memory and in the answer."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""The seconds after which rows are tried again that found no process free, once the answer has begun."""


class Given(NamedTuple):
    """The step, and the rows of features: those of the body, or of a dataset with the places of the features in it."""

    step: int | str
    rows: Rows | tuple[Dataset, Sources]


@router.post(
    "/{run_id}/predict",
    response_model=Predicted,
    summary="Predict from rows of features, or from a dataset",
    responses={
        200: {"description": "The predictions.", "content": {CSV: {"schema": {"type": "string"}}}},
        **problems(400, 404, 406, 408, 409, 413, 415, 422, 429),
    },
    openapi_extra=json_body(PredictRequest, PREDICT_EXAMPLES),
)
async def predict(
    run_id: RunId,
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
) -> Response:
    """Predictions by the θ of the last, the best or any stored step: numbers, or class labels with probabilities.

    As CSV, by `Accept: text/csv`, those of a dataset of any size are streamed. JSON is for up to two million numbers.
    """
    media_type(request, JSON)
    form = negotiated(accept, MEDIA_TYPES)
    run = await look_up(request, find, store, run_id, caller)
    refuse_functions(run)
    async with Body(request, settings.max_body_bytes) as body:
        given = await body.read_by(_read, store, settings, run, caller)
    step = step_of(run, given.step, partial(invalid, "/step"))
    analyses, user = state_of(request).analyses, request.state.user
    if form == "json":
        rows = RowsRequest(run.seq, step, await look_up(request, _whole, store, run, given.rows))
        with while_connected(request.scope):
            return Response(await analyses.answer_once(user, at_rows, rows), media_type=JSON)
    content = _lines(request, run, step, _blocks(store, given.rows, row_values(run)))
    headers = {"Content-Disposition": f'inline; filename="predictions-{run.id}.csv"', "Vary": "Accept"}
    return Stream(state_of(request).streams, user, content, CSV, headers)


def _read(content: bytes, store: Database, settings: Settings, run: Run, caller: Caller) -> Given:
    asked = parse(PredictRequest, content)
    if asked.dataset is None:
        return Given(asked.step, _checked(asked.x or [], len(run.dataset_features), settings))
    with store.reading() as connection:
        dataset = dataset_routes.find(connection, asked.dataset.id, caller)
        own = datasets.find(connection, run.dataset_id or "")
    if own is None:
        raise GoneError("The run was deleted just now, and its data with it.")
    return Given(asked.step, (dataset, sources_of(run.dataset_features, dataset.columns, own.columns)))


def _checked(x: list[list[float]], features: int, settings: Settings) -> Rows:
    if len(x) > settings.max_rows:
        raise invalid("/x", f"{counted(len(x), 'row')}; the limit is {settings.max_rows}.", "Send fewer rows.")
    for number, row in enumerate(x):
        if len(row) != features:
            message = f"This row has {counted(len(row), 'value')}; the run has {counted(features, 'feature')}."
            raise invalid(f"/x/{number}", message, "Give one value for each feature.")
    return np.array(x, dtype=np.float64)


def _whole(store: Database, run: Run, rows: Rows | tuple[Dataset, Sources]) -> Rows:
    """All rows. Raises InvalidError for so many that one answer would be too large."""
    is_dataset = isinstance(rows, tuple)
    count = rows[0].rows if isinstance(rows, tuple) else len(rows)
    values = count * max(len(run.dataset_features) if is_dataset else 0, 1 + len(run.classes or ()))
    if values > MOST_VALUES:
        message = f"The answer or its rows would have {values:,} numbers; as JSON the limit is {MOST_VALUES:,}."
        raise invalid("/dataset" if is_dataset else "/x", message, "Send Accept: text/csv.")
    return rows if not isinstance(rows, tuple) else np.concatenate(list(_blocks(store, rows, rows[0].width)))


def _blocks(store: Database, rows: Rows | tuple[Dataset, Sources], width: int) -> Iterator[Rows]:
    """The rows of features, some at a time, each of which takes `width` numbers.

    A short transaction reads each block of a dataset: a slow client does not hold the log.
    """
    if not isinstance(rows, tuple):
        height = max(1, BLOCK_VALUES // width)
        yield from (rows[first : first + height] for first in range(0, len(rows), height))
        return
    dataset, sources = rows
    height = max(1, BLOCK_VALUES // max(dataset.width, width))
    for first in range(0, dataset.rows, height):
        with store.reading() as connection:
            last = min(first + height, dataset.rows) - 1
            table = np.concatenate(list(datasets.read(connection, dataset, first, last)))
        yield np.ascontiguousarray(select_columns(table, sources)[0])


async def _lines(request: Request, run: Run, step: int, blocks: Iterator[Rows]) -> AsyncIterator[bytes]:
    """The header with the lines of the first block, then those of the others."""
    analyses, readers, user = state_of(request).analyses, state_of(request).readers, request.state.user
    before = csv_header(run)
    while (x := await readers.read(user, partial(next, blocks, None))) is not None:
        ask = partial(analyses.answer_once, user, csv_at_rows, RowsRequest(run.seq, step, x))
        yield before + await (ask() if before else _patiently(ask))
        before = b""


async def _patiently(ask: Callable[[], Awaitable[bytes]]) -> bytes:
    """The answer, also if no process is free for a while."""
    for pause in PAUSES:
        try:
            return await ask()
        except (TooManyRequestsError, UnavailableError):
            await asyncio.sleep(pause)
    return await ask()
