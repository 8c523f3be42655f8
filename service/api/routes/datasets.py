"""POST, GET and DELETE of datasets, without their rows."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, BinaryIO

from fastapi import Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from service.api import described_route, file_options
from service.api.app_state import state_of
from service.api.dependencies import NOT_LATEST, Asks, Config, Store, refuse_latest
from service.api.etags import IfMatch, IfNoneMatch, refuse_changed, tagged
from service.api.file_options import FileOptions
from service.api.media_types import CSV, GZIP, HAS_PARQUET, JSON, NPZ, PARQUET, XLSX
from service.api.openapi_examples import CSV_EXAMPLES, DATASET_EXAMPLES, LATEST_EXAMPLES
from service.api.openapi_request_body import json_or_file_body
from service.api.openapi_responses import cacheable, described, paged, problems
from service.api.pagination import Page, page_of, read_list
from service.api.request_body import Body
from service.api.responses import json_response, media_type, query_error
from service.api.serializers.runs import serialize_dataset, serialize_report
from service.api.streaming import look_up
from service.core import dataset_record
from service.core.caller import Caller
from service.core.dataset_record import ReportEntry
from service.core.exceptions import ConflictError, ErrorEntry, InvalidError, NotFoundError, parameter_error
from service.core.root_path import rooted
from service.core.settings import Settings
from service.datasets import ingest, npz
from service.datasets.file_reader import FileError, FileTable, read_file
from service.datasets.file_reader.options import Missing
from service.datasets.file_reader.source import PARQUET_MARK
from service.jobs.quotas import Quotas
from service.jobs.submit import check_size
from service.jobs.upload import store_upload
from service.schemas.fields import Title
from service.schemas.fit import UploadedDataset
from service.schemas.responses.datasets import Dataset, Datasets
from service.schemas.strict_model import parse
from service.storage import datasets
from service.storage.damaged_rows import Remains
from service.storage.database import Database
from service.storage.essential_write import essential_write

router = described_route.router("datasets")

DatasetId = Annotated[
    str, Path(description="The id of a dataset, or `latest` for the newest upload.", openapi_examples=LATEST_EXAMPLES)
]
ChangedDatasetId = Annotated[
    str, Path(description="The id of a dataset. `latest` is not allowed here.", json_schema_extra=NOT_LATEST)
]
ColumnName = Annotated[str | None, Query(min_length=1, max_length=200)]
Stored = tuple[dataset_record.Dataset, list[ReportEntry]]


@router.post(
    "/datasets",
    status_code=201,
    response_model=Dataset,
    summary="Upload a dataset, as JSON, NPZ, CSV, an Excel workbook or Parquet",
    responses={
        201: described("The dataset is stored; `Location` has its path.", "Location"),
        **problems(400, 408, 409, 413, 415, 422, 429, 507),
    },
    openapi_extra=json_or_file_body(UploadedDataset, DATASET_EXAMPLES, CSV_EXAMPLES),
)
async def upload_dataset(
    request: Request,
    store: Store,
    settings: Config,
    caller: Asks,
    options: FileOptions,
    name: Annotated[Title | None, Query(description="The name of the dataset.")] = None,
    target: Annotated[ColumnName, Query(description="Files: the column of the target. Default: the last one.")] = None,
    features: Annotated[
        str | None,
        Query(
            min_length=1,
            description="Files: the columns of the features, separated by commas; names with a comma in double quotes. "
            "Default: all other columns of numbers and categories. The dataset keeps the others, too, unless "
            "they have gaps or faults.",
        ),
    ] = None,
    header: Annotated[
        bool | None, Query(description="Files: whether the first row has the column names. Default: detected.")
    ] = None,
) -> Response:
    """The dataset keeps all columns; `features` and `target` are the choice of a run that makes none.

    Equal content with an equal choice has an equal id: another choice is another dataset, beside the first. The
    separator, the decimal mark and the text encoding of a file are detected. A file may be compressed by gzip. `report`
    says what the reader did: columns left out, marks read as decimal marks, rows dropped. One answer names all that is
    in the way.
    """
    kind = media_type(request, JSON, NPZ, CSV, GZIP, XLSX, *((PARQUET,) if HAS_PARQUET else ()), compressed=(CSV,))
    if kind in (JSON, NPZ):
        given = request.query_params.keys() - {"name"}
        hint = "Remove it: the body names its columns itself."
        for_files = [each for each in file_options.NAMES if each in given]
        if for_files:
            raise InvalidError([parameter_error(each, "This parameter is for files only.", hint) for each in for_files])
        async with Body(request, settings.max_body_bytes) as body:
            add = partial(_store, store, state_of(request).quotas)
            read = _read_json if kind == JSON else _read_npz
            row, report = await body.stored_by(add, read, store, settings, caller, name, options.missing)
        answer: Dataset = {**serialize_dataset(row), "report": serialize_report(report), "ignored": []}
    else:
        chosen = _names(features) if features is not None else None
        async with Body(request, settings.max_upload_bytes) as body:
            is_parquet = HAS_PARQUET and (kind == PARQUET or body.begins_with(PARQUET_MARK))
            if is_parquet:
                await body.rewrite_by(_write_cells, settings)
            reading = partial(
                read_file, target=target, features=chosen, header=header, options=options, is_parquet=is_parquet
            )
            answer = await body.read_as_file_by(
                _add_file, reading, name, store, settings, caller, state_of(request).quotas
            )
    return json_response(answer, 201, {"Location": rooted(f"/datasets/{answer['id']}")})


@router.get(
    "/datasets",
    response_model=Datasets,
    summary="List datasets, newest first",
    responses={**paged("A page of datasets."), **problems(422, 429)},
)
async def list_datasets(request: Request, store: Store, caller: Asks, page: Page) -> Response:
    """A page of uploaded datasets; datasets with very many columns make a page shorter.

    The list leaves out the inline data of runs.
    """

    def look() -> Response:
        with store.reading() as connection:
            rows = datasets.page(connection, limit=page.size + 1, before=page.after, owner=caller.owner)
            return page_of(rows, page, serialize_dataset)

    return await read_list(request, look)


@router.get(
    "/datasets/{dataset_id}",
    response_model=Dataset,
    summary="Get a dataset",
    responses={
        **cacheable("The dataset."),
        **problems(404),
    },
)
async def get_dataset(
    request: Request, dataset_id: DatasetId, store: Store, caller: Asks, if_none_match: IfNoneMatch = None
) -> Response:
    """The dataset with statistics of its columns, without its rows. A dataset whose row in the database is damaged has
    the error `damaged_data` and no facts.
    """

    def look() -> Response:
        with store.reading() as connection:
            return tagged(serialize_dataset(_readable(connection, dataset_id, caller)), if_none_match)

    return await look_up(request, look)


@router.delete(
    "/datasets/{dataset_id}",
    status_code=204,
    summary="Delete a dataset",
    response_class=Response,
    responses=problems(404, 409, 412, 507),
)
async def delete_dataset(
    request: Request, dataset_id: ChangedDatasetId, store: Store, caller: Asks, if_match: IfMatch = None
) -> Response:
    """409 while your runs use the dataset. The run of an administrator does not prevent the deletion: it keeps the
    rows, which are no longer yours.
    """

    def remove(connection: Connection) -> None:
        found = _readable(connection, dataset_id, caller)
        refuse_latest(dataset_id, "dataset_id", f"/datasets/{found.id}")
        refuse_changed(if_match, lambda: serialize_dataset(found))
        if used := datasets.uses(connection, found.seq, caller.owner):
            raise ConflictError(f"{used} run(s) use the dataset. Delete them first.", runs=used)
        datasets.remove(connection, found.seq)

    await state_of(request).short_writes.do(request.state.user, partial(essential_write, store, remove))
    return Response(status_code=204)


def _names(features: str) -> list[str]:
    try:
        names = next(csv.reader([features], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise query_error("features", f"The names cannot be read: {error}.", 'Quote like this: "a, b",c') from None
    return [name.strip() for name in names]


def _read_json(
    body: bytes, _: Database, settings: Settings, caller: Caller, name: str | None, missing: Missing
) -> ingest.Incoming:
    data = parse(UploadedDataset, body)
    check_size(data, settings)
    columns = (data.x, data.y, data.feature_names, data.target_name)
    return ingest.from_upload(*columns, missing=missing, name=name).owned_by(caller.key_id)


def _read_npz(
    body: bytes, store: Database, settings: Settings, caller: Caller, name: str | None, missing: Missing
) -> ingest.Incoming:
    return _read_json(npz.as_json(body, settings.max_body_bytes), store, settings, caller, name, missing)


def _store(store: Database, quotas: Quotas, incoming: ingest.Incoming) -> Stored:
    """The stored dataset, perhaps of an earlier upload, and the report of this upload."""
    return store_upload(incoming, store, quotas), incoming.described.report


def _write_cells(source: FilePath, _: Database, target: FilePath, settings: Settings) -> None:
    """Writes the cells of a Parquet file as text."""
    from service.datasets.file_reader.parquet import write_cells  # noqa: PLC0415 - pyarrow is an extra

    try:
        write_cells(
            source,
            target,
            max_rows=settings.max_rows,
            max_columns=settings.max_features + 1,
            max_bytes=settings.max_upload_bytes,
        )
    except FileError as error:
        raise refused(error) from None


def _add_file(
    file: BinaryIO,
    reading: Callable[..., FileTable],
    name: str | None,
    store: Database,
    settings: Settings,
    caller: Caller,
    quotas: Quotas,
) -> Dataset:
    file.seek(0)
    limits = {"max_rows": settings.max_rows, "max_columns": settings.max_features + 1}
    try:
        with reading(file, **limits, max_bytes=settings.max_upload_bytes) as table:
            row, report = _store(store, quotas, ingest.from_table(table, name).owned_by(caller.key_id))
            return {**serialize_dataset(row), "ignored": table.ignored, "report": serialize_report(report)}
    except FileError as error:
        raise refused(error) from None


def refused(error: FileError) -> InvalidError:
    """The error of a file, with all its faults."""
    return InvalidError([_error_entry(each) for each in (error, *error.more)])


def _error_entry(error: FileError) -> ErrorEntry:
    entry: ErrorEntry = {"message": _sentence(error.message)}
    if error.row is not None:
        entry["row"] = error.row
    if error.column is not None:
        entry["column"] = error.column
    if error.hint is not None:
        entry["hint"] = _sentence(error.hint)
    return entry


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}{'' if clause.endswith('?') else '.'}"


def find(connection: Connection, dataset_id: str, caller: Caller) -> dataset_record.Dataset:
    """The dataset, if the caller may read it. Raises NotFoundError."""
    found = datasets.find(connection, dataset_id, caller.owner)
    if found is None:
        raise _none(dataset_id)
    return found


def _readable(connection: Connection, dataset_id: str, caller: Caller) -> dataset_record.Dataset | Remains:
    found = datasets.find_readable(connection, dataset_id, caller.owner)
    if found is None:
        raise _none(dataset_id)
    return found


def _none(dataset_id: str) -> NotFoundError:
    return NotFoundError(f"No dataset has the id {dataset_id[:100]}. GET /datasets lists the datasets.")
