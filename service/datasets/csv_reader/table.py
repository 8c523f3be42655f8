"""read_csv(): reads a CSV file into a table of numbers on disk."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Self

import numpy as np

from service.datasets.csv_reader.errors import CsvError, no_features
from service.datasets.csv_reader.layout import lay_out, read_header
from service.datasets.csv_reader.numbers import Encoder, FloatArray
from service.datasets.csv_reader.records import Records


@dataclass
class CsvTable:
    """The numbers of a CSV file, in a temporary file. Context manager: closing it deletes the file."""

    features: list[str]
    target: str
    classes: list[str] | None
    """The sorted labels of a text target, whose values are indices into this list: 0.0, 1.0, … Otherwise None."""
    ignored: list[str]
    """Columns that are neither feature nor target, because their first cell is text or empty."""
    rows: int
    _data: IO[bytes] = field(repr=False)
    _codes: FloatArray | None = field(repr=False)
    """The index in `classes` of each code in the file; the codes follow the order of first appearance."""

    def blocks(self, block_rows: int = 8192) -> Iterator[FloatArray]:
        """Yields all rows in order as new C-contiguous arrays (k, d + 1), k ≤ block_rows: features, then target.

        The iterators are repeatable and may be interleaved, but not from two threads at once.
        """
        width = len(self.features) + 1
        for start in range(0, self.rows, block_rows):
            self._data.seek(start * width * 8)
            raw = bytearray(self._data.read(min(block_rows, self.rows - start) * width * 8))
            block = np.frombuffer(raw, np.float64).reshape(-1, width)
            if self._codes is not None:
                block[:, -1] = self._codes[block[:, -1].astype(np.intp)]
            yield block

    def close(self) -> None:
        self._data.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_csv(
    file: BinaryIO,
    *,
    target: str | None = None,
    features: list[str] | None = None,
    header: bool | None = None,
    max_rows: int,
    max_columns: int,
) -> CsvTable:
    """Reads `file` from its current position to its end, by `read(n)` alone, and leaves it open. Raises CsvError.

    The default `target` is the last column; the default `features` are all other numeric columns. With `header=None`
    the first record is the header unless all its cells are numbers. Without header the columns are x1, x2, … and y.
    """
    records = Records(file)
    names, first = read_header(records, header, max_columns)
    layout = lay_out(names, first, target, features, records.separator)
    encoder, rows = Encoder(layout), 0
    with ExitStack() as undo:
        data: IO[bytes] = undo.enter_context(tempfile.TemporaryFile())
        for block in records.blocks(first, max_rows):
            data.write(encoder.encode(block).data)
            rows += len(block)
        if not layout.features:  # only after all records: the error for a mixed column is more specific
            raise no_features(names, names[layout.target])
        if rows < 2:
            raise CsvError("the file has only one row of data", row=first[0], hint="upload at least 2 rows of data")
        classes, codes = encoder.labels()
        data.flush()
        undo.pop_all()
    ignored = [names[j] for j in layout.ignored]
    chosen = [names[j] for j in layout.features]
    return CsvTable(chosen, names[layout.target], classes, ignored, rows, data, codes)
