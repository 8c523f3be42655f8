"""GET /datasets/{id}/rows: the rows of a dataset, a few at a time."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import orjson
from fastapi import Query, Request
from fastapi.responses import Response

from service.api import described_route
from service.api.app_state import state_of
from service.api.dependencies import Asks, Config, Store
from service.api.etags import IfNoneMatch, etag_of, matches
from service.api.media_types import JSON
from service.api.openapi_responses import paged, problems
from service.api.pagination import next_page
from service.api.readers import PIECE_BYTES
from service.api.responses import query_error
from service.api.routes.datasets import DatasetId, find
from service.api.streaming import Stream, look_up
from service.core import dataset_record
from service.core.caller import Caller
from service.core.column_choice import default_choice, select_columns
from service.core.dataset_record import Rows
from service.core.settings import Settings
from service.schemas.responses.datasets import DatasetRows
from service.storage import datasets
from service.storage.database import Database

router = described_route.router("datasets")

VALUES_AT_ONCE = 7_000
"""Values of a piece, of about PIECE_BYTES in JSON. The pieces of slow readers stay in memory: with 50,000 values, the
readers of one key doubled the memory of the API."""
_NUMPY = orjson.OPT_SERIALIZE_NUMPY


@router.get(
    "/datasets/{dataset_id}/rows",
    response_model=DatasetRows,
    summary="Read rows of a dataset",
    responses={**paged("The rows, streamed."), **problems(404, 422, 429)},
)
async def get_rows(
    request: Request,
    dataset_id: DatasetId,
    store: Store,
    settings: Config,
    caller: Asks,
    first: Annotated[int, Query(alias="from", ge=0, description="The first row, from 0.")] = 0,
    last: Annotated[int | None, Query(alias="to", ge=0, description="The last row, included.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Rows, streamed; without `to`, up to the limit. `Link` has the address of the next ones.

    `x` and `y` have the features and the target that the upload chose, in the format of an inline dataset; `rows` has
    all columns.

    The limit is `max_row_page` rows and `max_row_cells` numbers; see GET /limits.
    """
    dataset = await look_up(request, _found, store, dataset_id, caller)
    asked = _asked(dataset, settings, first, last)
    headers = {"ETag": etag_of(f"{dataset.id} {asked}".encode())}
    if asked.stop < dataset.rows and last is None:
        headers["Link"] = next_page(request.url, {"from": asked.stop})
    if matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    state, user = state_of(request), request.state.user
    content = state.readers.pieces(user, _written(store, dataset, asked))
    return Stream(state.streams, user, content, JSON, headers, whole_bytes=PIECE_BYTES)


def _found(store: Database, dataset_id: str, caller: Caller) -> dataset_record.Dataset:
    with store.reading() as connection:
        return find(connection, dataset_id, caller)


def _asked(dataset: dataset_record.Dataset, settings: Settings, first: int, last: int | None) -> range:
    """The numbers of the rows to send. Raises InvalidError for too many."""
    first = min(first, dataset.rows)
    end = dataset.rows - 1 if last is None else min(last, dataset.rows - 1)
    most = min(settings.max_row_page, max(1, settings.max_row_cells // _width(dataset)))
    if last is None:
        end = min(end, first + most - 1)
    elif end - first + 1 > most:
        raise query_error("to", f"The limit for this dataset is {most} rows per request.", "Request fewer rows.")
    return range(first, max(first, end + 1))


def _written(store: Database, dataset: dataset_record.Dataset, asked: range) -> Iterator[bytes]:
    """The answer in pieces. A short transaction reads the rows of each, so a slow client does not block the log.

    Raises GoneError if the dataset is deleted meanwhile, CorruptError on a wrong checksum.
    """
    head = {
        "id": dataset.id,
        "from": asked.start,
        "to": asked.stop - 1,
        "feature_names": dataset.features,
        "target_name": dataset.target,
        "columns": [column["name"] for column in dataset.columns],
    }
    yield orjson.dumps(head)[:-1] + b',"x":['
    codes = []
    for comma, table in _tables(store, dataset, asked):
        x, y = select_columns(table, default_choice(dataset).sources)
        codes.append(y.copy())
        # orjson encodes the array: a list would take four times the memory
        yield comma + orjson.dumps(np.ascontiguousarray(x), option=_NUMPY)[1:-1]
    yield b'],"y":' + orjson.dumps(_target(dataset, codes), option=_NUMPY) + b',"rows":['
    for comma, table in _tables(store, dataset, asked):
        yield comma + orjson.dumps(_with_texts(dataset, table), option=_NUMPY)[1:-1]
    yield b"]}"


def _tables(store: Database, dataset: dataset_record.Dataset, asked: range) -> Iterator[tuple[bytes, Rows]]:
    """The rows in arrays of some rows with all columns, each with the comma before it."""
    height = max(1, VALUES_AT_ONCE // _width(dataset))
    for start in range(asked.start, asked.stop, height):
        stop = min(start + height, asked.stop)
        with store.reading() as connection:
            table = np.vstack(list(datasets.read(connection, dataset, start, stop - 1)))
        yield b"," if start > asked.start else b"", table


def _width(dataset: dataset_record.Dataset) -> int:
    """The greater number of values of a row: with all columns, or with the features and the target."""
    return max(dataset.width, len(dataset.features) + 1)


def _with_texts(dataset: dataset_record.Dataset, table: Rows) -> Rows | list[tuple[float | str, ...]]:
    """The rows with the texts of categories in place of their codes."""
    texts = {j: column["categories"] for j, column in enumerate(dataset.columns) if column["categories"] is not None}
    if not texts:
        return table
    columns = [
        [texts[j][int(code)] for code in values] if j in texts else values.tolist() for j, values in enumerate(table.T)
    ]
    return list(zip(*columns, strict=True))


def _target(dataset: dataset_record.Dataset, codes: list[Rows]) -> Rows | list[str]:
    y, labels = np.concatenate([np.empty(0), *codes]), dataset.labels or []
    return [str(labels[int(code)]) for code in y] if dataset.text_target else y
