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

from service.datasets.file_reader.dialect import usual_width
from service.datasets.file_reader.errors import FileError
from service.datasets.file_reader.number_style import SHEET
from service.datasets.file_reader.typed_cells import cell_text

BATCH_CELLS = 10_000
_SAMPLE_ROWS, _CHUNK_ROWS = 64, 256


def write_cells(source: Path, target: Path, *, max_rows: int, max_columns: int, max_bytes: int) -> None:
    """Writes the names and then the rows, at most `max_rows` + 1, as a JSON list of texts a line. Raises FileError."""
    try:
        with parquet.ParquetFile(source) as file, target.open("wb") as lines:
            groups = range(file.metadata.num_row_groups)
            _check_size(sum(file.metadata.row_group(group).total_byte_size for group in groups), max_bytes)
            if len(file.schema_arrow.names) > max_columns:
                message = f"the file has {len(file.schema_arrow.names):,} columns; the limit is {max_columns:,}"
                raise FileError(message, hint="upload fewer columns")
            order = _order(file.schema_arrow)
            names = [file.schema_arrow.names[place] for place in order]
            lines.write(orjson.dumps(["" if _is_index(name) else name for name in names]) + b"\n")
            left = max_rows + 1
            for batch in file.iter_batches(max(1, BATCH_CELLS // max(1, len(order)))):
                columns = [_texts(file.schema_arrow.names[place], batch.column(place)) for place in order]
                lines.writelines(orjson.dumps(cells) + b"\n" for cells in zip(*columns, strict=True))
                _check_size(lines.tell(), max_bytes)  # a text that the file has once may be in all rows
                left -= len(batch)
                if left <= 0:
                    return
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise FileError("the Parquet file is damaged or incomplete", hint="write it again") from error


def _order(schema: pa.Schema) -> list[int]:
    """The places of the columns: an index that pandas has stored stands before the others, as in its CSV."""
    return sorted(range(len(schema.names)), key=lambda place: not _is_index(schema.names[place]))


def _is_index(name: str) -> bool:
    return name.startswith("__index_level_")


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise FileError(f"the decompressed file exceeds {most:,} bytes", hint="upload fewer rows")


def _texts(name: str, column: pa.Array) -> Sequence[str]:
    """The cells of a column. Raises FileError for a value that Python does not have, such as the year 10000."""
    if pa.types.is_timestamp(column.type):  # Python has no nanoseconds
        column = column.cast(pa.timestamp("us"), safe=False)
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):
        hint = "write it as numbers or texts"
        raise FileError(f"values of the type {column.type} cannot be read", column=name, hint=hint) from None
    return [cell_text(None if value != value else value, ".") for value in values]


class ParquetRecords:
    """The cells of each record that `write_cells` wrote; see TextRecords."""

    separator, has_excel_digits = SHEET, False
    comment: str | None = None

    def __init__(self, lines: IO[bytes]) -> None:
        self.row = self.chunk = 0
        self._rows: Iterator[list[str]] = map(orjson.loads, lines)
        self._sample = list(itertools.islice(self._rows, _SAMPLE_ROWS))
        self.width = usual_width(self._sample)

    def __iter__(self) -> Iterator[list[str]]:
        for cells in itertools.chain(self._sample, self._rows):
            self.row += 1
            self.chunk = self.row // _CHUNK_ROWS
            yield cells
