"""GET /datasets/{id}/rows: the rows of a dataset, a few at a time."""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from service.api import described_route
from service.api.dependencies import Asks, Config, Store
from service.api.media_types import JSON
from service.api.openapi_responses import problems
from service.api.responses import query_error
from service.api.routes.datasets import DatasetId, find
from service.api.streaming import PIECE_BYTES, Stream
from service.auth.api_keys import Caller
from service.core import dataset_record
from service.core.settings import Settings
from service.schemas.responses.datasets import DatasetRows
from service.storage import datasets
from service.storage.database import Database

router = described_route.router("datasets")

VALUES_AT_ONCE = 14_000
"""Values of a piece, of about PIECE_BYTES in JSON. The pieces of slow readers stay in memory: with 50,000 values, the
readers of one key doubled the memory of the API."""
_NUMPY = orjson.OPT_SERIALIZE_NUMPY


@router.get(
    "/datasets/{dataset_id}/rows",
    response_model=DatasetRows,
    summary="Read rows of a dataset",
    responses=problems(404, 422, 429),
)
async def get_rows(
    request: Request,
    dataset_id: DatasetId,
    store: Store,
    settings: Config,
    caller: Asks,
    first: Annotated[int, Query(alias="from", ge=0, description="The first row, from 0.")] = 0,
    last: Annotated[int | None, Query(alias="to", ge=0, description="The last row, included.")] = None,
) -> Response:
    """Rows in the format of an inline dataset, streamed; without `to`, up to the limit.

    The limit is `max_row_page` rows and `max_row_cells` numbers; see GET /limits.
    """
    dataset = await run_in_threadpool(_found, store, dataset_id, caller)
    asked = _asked(dataset, settings, first, last)
    state, user = request.app.state, request.state.user
    content = state.readers.pieces(user, _written(store, dataset, asked))
    return Stream(state.streams, user, content, JSON, {}, whole_bytes=PIECE_BYTES)


def _found(store: Database, dataset_id: str, caller: Caller) -> dataset_record.Dataset:
    with store.reading() as connection:
        return find(connection, dataset_id, caller)


def _asked(dataset: dataset_record.Dataset, settings: Settings, first: int, last: int | None) -> range:
    """The numbers of the rows to send. Raises InvalidError for too many."""
    first = min(first, dataset.rows)
    end = dataset.rows - 1 if last is None else min(last, dataset.rows - 1)
    most = min(settings.max_row_page, max(1, settings.max_row_cells // (len(dataset.features) + 1)))
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
    }
    yield orjson.dumps(head)[:-1] + b',"x":['
    codes = []
    height = max(1, VALUES_AT_ONCE // (len(dataset.features) + 1))
    for start in range(asked.start, asked.stop, height):
        x, y = _encoded(store, dataset, range(start, min(start + height, asked.stop)))
        codes.append(y)
        yield (b"," if start > asked.start else b"") + x
    yield b'],"y":' + orjson.dumps(_target(dataset, codes), option=_NUMPY) + b"}"


def _encoded(store: Database, dataset: dataset_record.Dataset, rows: range) -> tuple[bytes, Any]:
    """The features of the rows as JSON without the outer brackets, and their targets, shape (rows,)."""
    with store.reading() as connection:
        table = np.vstack(list(datasets.read(connection, dataset, rows.start, rows.stop - 1)))
    x = np.ascontiguousarray(table[:, :-1])  # orjson encodes the array: a list would take four times the memory
    return orjson.dumps(x, option=_NUMPY)[1:-1], table[:, -1].copy()


def _target(dataset: dataset_record.Dataset, codes: list[Any]) -> Any:
    y, labels = np.concatenate([np.empty(0), *codes]), dataset.labels or []
    return [str(labels[int(code)]) for code in y] if dataset.text_target else y
