"""POST /runs/{id}/predict: f(θ, x) for rows of features as JSON, CSV or NPZ, or for all rows of a dataset."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Annotated, BinaryIO
from urllib.parse import quote

import numpy as np
from fastapi import Header, Query, Request
from fastapi.responses import Response

from service.analysis.predictions import RowsRequest, at_rows, csv_at_rows, csv_header, row_values
from service.api import described_route
from service.api.app_state import state_of
from service.api.content_negotiation import negotiated
from service.api.dependencies import Asks, Config, Store
from service.api.file_options import NOTATION, FileNotation
from service.api.media_types import CSV, JSON, NPZ
from service.api.middleware.abandonment import while_connected
from service.api.openapi_examples import PREDICT_CSV_EXAMPLES, PREDICT_EXAMPLES
from service.api.openapi_request_body import json_or_rows_body
from service.api.openapi_responses import IGNORED_COLUMNS, problems
from service.api.prediction_rows import BodyRows, FileRows, RowsToPredict, StoredRows
from service.api.request_body import Body
from service.api.responses import media_type, query_error
from service.api.routes import datasets as dataset_routes
from service.api.routes.analysis import refuse_functions, step_of
from service.api.routes.runs import RunId, find
from service.api.streaming import Stream, look_up
from service.core.caller import Caller
from service.core.dataset_record import Dataset, Rows
from service.core.exceptions import (
    InvalidError,
    TooManyRequestsError,
    UnavailableError,
    header_error,
    invalid,
    parameter_error,
)
from service.core.plurals import counted
from service.core.run_record import Run
from service.core.settings import Settings
from service.datasets.file_reader import FileError, FileTable, Needed, Options, read_feature_rows
from service.datasets.npz import features_of
from service.jobs.prediction_columns import file_columns, sources_of
from service.schemas.predict import PredictRequest
from service.schemas.responses.analysis import Predicted
from service.schemas.strict_model import parse
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

router = described_route.router("inquiries", prefix="/runs")

MEDIA_TYPES = {"json": JSON, "csv": CSV}
WORDS = ("last", "best")
MOST_VALUES = 2_000_000
"""The most numbers of one JSON object, predictions and probabilities, and of the features of a dataset for it."""
MOST_IGNORED = 20
"""The most columns that the header Ignored-Columns names."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""The seconds after which rows are tried again that found no process free, once the answer has begun."""


@router.post(
    "/{run_id}/predict",
    response_model=Predicted,
    summary="Predict from rows of features, or from a dataset",
    responses={
        200: {
            "description": "The predictions.",
            "headers": {"Ignored-Columns": IGNORED_COLUMNS},
            "content": {CSV: {"schema": {"type": "string"}}},
        },
        **problems(400, 404, 406, 408, 409, 413, 415, 422, 429),
    },
    openapi_extra=json_or_rows_body(PredictRequest, PREDICT_EXAMPLES, PREDICT_CSV_EXAMPLES),
)
async def predict(
    run_id: RunId,
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    notation: FileNotation,
    step: Annotated[
        str, Query(pattern="^(last|best|[0-9]{1,18})$", description="CSV, NPZ: a stored step, `last`, or `best`.")
    ] = "last",
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
) -> Response:
    """Predictions by the θ of the last, the best or any stored step: numbers, or class labels with probabilities.

    The header row of a CSV body names the features of the run in any order, those of a category by its column. The
    cells are read as those of an upload. Each row gives a prediction, in the same order: a missing value, a text that
    the run has not seen and a line that is no row are refused. `Ignored-Columns` names the other columns.

    NPZ is the file of `numpy.savez(file, x=x)`, with the features in the order of the run: eight bytes a number.

    Predictions as CSV, by `Accept: text/csv`, are streamed. JSON is for up to two million numbers.
    """
    kind = media_type(request, JSON, CSV, NPZ, compressed=(CSV,))
    form = negotiated(accept, MEDIA_TYPES)
    run = await look_up(request, find, store, run_id, caller)
    refuse_functions(run)
    asked: int | str = step
    rows: RowsToPredict
    _refuse_parameters(request, kind)
    if kind == CSV:
        rows = await _read_csv(request, run, store, settings, notation)
    elif kind == NPZ:
        async with Body(request, settings.max_body_bytes) as body:
            rows = BodyRows(await body.read_as_file_by(_read_npz, run, settings))
    else:
        async with Body(request, settings.max_body_bytes) as body:
            rows, asked = await body.read_by(_read, store, settings, run, caller)
    with ExitStack() as stack:
        stack.callback(rows.close)
        fault = partial(invalid, "/step") if kind == JSON else partial(query_error, "step")
        theta = step_of(run, asked if asked in WORDS else int(asked), fault)
        headers = {"Vary": "Accept", **_ignored(rows)}
        if form == "json":
            return await _answer(request, run, theta, await look_up(request, _whole, store, run, rows), headers)
        content = _lines(request, run, theta, rows.blocks(store, row_values(run)))
        headers["Content-Disposition"] = f'inline; filename="predictions-{run.id}.csv"'
        stack.pop_all()
        return Stream(state_of(request).streams, request.state.user, content, CSV, headers, close=rows.close)


async def _read_csv(request: Request, run: Run, store: Database, settings: Settings, notation: Options) -> FileRows:
    """The rows of a CSV body. Raises InvalidError that names all faults of the file."""
    trained = await look_up(request, _own, store, run)
    needed, sources = file_columns(run.dataset_features, trained.columns)
    async with Body(request, settings.max_upload_bytes) as body:
        return FileRows(await body.read_as_file_by(_table, needed, notation, settings), sources)


def _table(file: BinaryIO, needed: Needed, notation: Options, settings: Settings) -> FileTable:
    try:
        return read_feature_rows(
            file,
            needed,
            options=notation,
            max_rows=settings.max_rows,
            max_columns=settings.max_features + 1,
            max_bytes=settings.max_upload_bytes,
        )
    except FileError as error:
        raise dataset_routes.refused(error) from None


def _read_npz(file: BinaryIO, run: Run, settings: Settings) -> Rows:
    x, features = features_of(file, settings.max_body_bytes), len(run.dataset_features)
    _refuse_many(len(x), settings)
    if x.shape[1] != features:
        message = f"The array x has {counted(x.shape[1], 'column')}; the run has {counted(features, 'feature')}."
        raise InvalidError([{"message": message, "hint": "Give one column for each feature."}])
    return x


def _refuse_parameters(request: Request, kind: str) -> None:
    """Raises InvalidError for parameters of another kind of body."""
    others = {CSV: (), NPZ: NOTATION, JSON: ("step", *NOTATION)}[kind]
    hint = "Leave it out; the step belongs in the body." if kind == JSON else "Remove it."
    given = [name for name in others if name in request.query_params]
    if given:
        raise InvalidError([parameter_error(name, "This parameter is for CSV only.", hint) for name in given])


def _ignored(rows: RowsToPredict) -> dict[str, str]:
    """The header that names the columns of a file that are no features."""
    names = rows.table.ignored if isinstance(rows, FileRows) else []
    more = ["..."] if len(names) > MOST_IGNORED else []
    value = ", ".join([*(quote(name, safe=" ") for name in names[:MOST_IGNORED]), *more])
    return {"Ignored-Columns": value} if names else {}


def _own(store: Database, run: Run) -> Dataset:
    """The dataset of the run. Raises GoneError."""
    with store.reading() as connection:
        own = datasets.find(connection, run.dataset_id or "")
    if own is None:
        raise GoneError("The run was deleted just now, and its data with it.")
    return own


def _read(
    content: bytes, store: Database, settings: Settings, run: Run, caller: Caller
) -> tuple[RowsToPredict, int | str]:
    asked = parse(PredictRequest, content)
    if asked.dataset is None:
        return BodyRows(_checked(asked.x or [], len(run.dataset_features), settings)), asked.step
    with store.reading() as connection:
        dataset = dataset_routes.find(connection, asked.dataset.id, caller)
    own = _own(store, run)
    return StoredRows(dataset, sources_of(run.dataset_features, dataset.columns, own.columns)), asked.step


def _checked(x: list[list[float]], features: int, settings: Settings) -> Rows:
    _refuse_many(len(x), settings)
    for number, row in enumerate(x):
        if len(row) != features:
            message = f"This row has {counted(len(row), 'value')}; the run has {counted(features, 'feature')}."
            raise invalid(f"/x/{number}", message, "Give one value for each feature.")
    return np.array(x, dtype=np.float64)


def _refuse_many(rows: int, settings: Settings) -> None:
    """Raises InvalidError above the limit of rows."""
    if rows > settings.max_rows:
        raise invalid("/x", f"{counted(rows, 'row')}; the limit is {settings.max_rows}.", "Send fewer rows.")


def _whole(store: Database, run: Run, rows: RowsToPredict) -> Rows:
    """All rows. Raises InvalidError for so many that one answer would be too large."""
    if isinstance(rows, BodyRows):
        found, features = rows.x, 0
    else:
        found, features = None, len(run.dataset_features)
    values = rows.count * max(features, 1 + len(run.classes or ()))
    if values > MOST_VALUES:
        message = f"The answer or its rows would have {values:,} numbers; as JSON the limit is {MOST_VALUES:,}."
        hint = "Send Accept: text/csv."
        if isinstance(rows, FileRows):
            raise InvalidError([header_error("Accept", message, hint)])
        raise invalid("/dataset" if isinstance(rows, StoredRows) else "/x", message, hint)
    return np.concatenate(list(rows.blocks(store, features))) if found is None else found


async def _answer(request: Request, run: Run, step: int, x: Rows, headers: dict[str, str]) -> Response:
    analyses, user = state_of(request).analyses, request.state.user
    with while_connected(request.scope):
        content = await analyses.answer_once(user, at_rows, RowsRequest(run.seq, step, x))
    return Response(content, media_type=JSON, headers=headers)


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
