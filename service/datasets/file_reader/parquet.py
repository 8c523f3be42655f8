"""Reads a Parquet file: another process writes its cells as text, the reader takes them record by record.

The process is one whose memory and time are bounded: a Parquet file of some kilobytes may decompress to gigabytes.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import orjson
import pyarrow as pa
from pyarrow import parquet

from service.datasets.file_reader.dialect import is_ruler
from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.text_records import MAX_RECORD_CHARACTERS
from service.datasets.file_reader.typed_cells import CellRecords, cell_text
from service.storage.errors import Failure, failure_of

BATCH_CELLS = 10_000


def write_cells(source: Path, target: Path, *, max_rows: int, max_columns: int, max_bytes: int) -> None:
    """Writes the names and then the rows, at most `max_rows` + 1, as a JSON list of texts a line. Raises FileError."""
    try:
        with parquet.ParquetFile(source) as file, target.open("wb") as lines:
            schema, groups = file.schema_arrow, range(file.metadata.num_row_groups)
            _check_size(sum(file.metadata.row_group(group).total_byte_size for group in groups), max_bytes)
            if len(schema) > max_columns:
                message = f"the file has {len(schema):,} columns; the limit is {max_columns:,}"
                raise FileError(message, hint="upload fewer columns")
            order, names = _ordered(schema)
            lines.write(orjson.dumps(names) + b"\n")
            size = 0
            for line in itertools.islice(_lines(file, order, names), max_rows + 1):
                size += len(line)  # a text that the file has once may be in all rows
                _check_size(size, max_bytes)
                lines.write(line)
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        if failure_of(error) is not Failure.OTHER:  # of the disk, and not of the file
            raise
        raise FileError("the Parquet file is damaged or incomplete", hint="write it again") from error


def _lines(file: parquet.ParquetFile, order: Sequence[int], names: Sequence[str]) -> Iterator[bytes]:
    for batch in file.iter_batches(max(1, BATCH_CELLS // max(1, len(order)))):
        columns = [_texts(name, batch.column(place)) for name, place in zip(names, order, strict=True)]
        for cells in zip(*columns, strict=True):
            line = orjson.dumps(cells) + b"\n"
            if len(line) > MAX_RECORD_CHARACTERS:
                message = f"the record is longer than {MAX_RECORD_CHARACTERS:,} characters"
                raise FileError(message, hint="upload shorter texts")
            yield line


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise FileError(f"the decompressed file exceeds {most:,} bytes", hint="upload fewer rows")


def _ordered(schema: pa.Schema) -> tuple[list[int], list[str]]:
    """The places of the columns, and their names. The index of pandas is first, without a name, as in its CSV."""
    names = list(schema.names)
    stored = (schema.pandas_metadata or {}).get("index_columns", ())
    index = next((names.index(name) for name in stored if isinstance(name, str) and name in names), None)
    named = [name if name.strip() and not is_ruler([name]) else f"column {k}" for k, name in enumerate(names, start=1)]
    order = sorted(range(len(names)), key=lambda place: place != index)
    return order, ["" if place == index else named[place] for place in order]


def _texts(name: str, column: pa.Array) -> Sequence[str]:
    """The cells of a column; what Python lacks, such as the year 10000, as Arrow writes it. Raises FileError."""
    if pa.types.is_timestamp(column.type):  # Python has no nanoseconds
        column = column.cast(pa.timestamp("us"), safe=False)
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):
        try:
            values = column.cast(pa.string()).to_pylist()
        except (pa.ArrowException, ValueError):
            hint = "write it as numbers or texts"
            raise FileError(f"values of the type {column.type} cannot be read", column=name, hint=hint) from None
    return [cell_text(None if value != value else value, ".") for value in values]


class ParquetRecords(CellRecords):
    """The cells of each record that `write_cells` wrote."""

    is_typed = True

    def __init__(self, lines: IO[bytes]) -> None:
        super().__init__(map(orjson.loads, lines))
