"""The whole of it: a file becomes a table of numbers on disk."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Self

import numpy as np

from service.datasets.csv_reader.errors import CsvError, no_features
from service.datasets.csv_reader.layout import lay_out, opening
from service.datasets.csv_reader.numbers import Encoder, FloatArray
from service.datasets.csv_reader.records import Records


@dataclass
class CsvTable:
    """The numbers of a CSV, on disk. A context manager: closing it deletes them."""

    features: list[str]
    target: str
    classes: list[str] | None
    """For a text target its labels, sorted: y then holds places in this list, 0.0, 1.0, … Else None."""
    ignored: list[str]
    """Columns neither feature nor target that hold text or nothing (as their first cell goes)."""
    rows: int
    _data: IO[bytes] = field(repr=False)
    _codes: FloatArray | None = field(repr=False)
    """The code of each label by the order of first appearance, which is what the file on disk holds."""

    def blocks(self, block_rows: int = 8192) -> Iterator[FloatArray]:
        """All rows in order as new C-contiguous arrays (k, d + 1), k ≤ block_rows: the features, then the target.

        Any number of times, also interleaved, but not from two threads at once.
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
    """Read `file` from where it stands to its end; nothing but `read(n)` is asked of it, and it is left open.

    `target` is the last column by default, `features` all other numeric ones. `header=None` takes the first record
    for names unless every cell is a number; without names the columns are x1, x2, … and y. Raises CsvError.
    """
    records = Records(file)
    names, first = opening(records, header, max_columns)
    layout = lay_out(names, first, target, features, records.separator)
    encoder, rows = Encoder(layout), 0
    with ExitStack() as undo:
        data: IO[bytes] = undo.enter_context(tempfile.TemporaryFile())
        for block in records.blocks(first, max_rows):
            data.write(encoder.encode(block).data)
            rows += len(block)
        if not layout.features:  # not said before all is read: a text column with one number in it says more
            raise no_features(names, names[layout.target])
        if rows < 2:
            raise CsvError("there is only one row of data", row=first[0], hint="at least 2 rows are needed")
        classes, codes = encoder.labels()
        data.flush()
        undo.pop_all()
    ignored = [names[j] for j in layout.ignored]
    chosen = [names[j] for j in layout.features]
    return CsvTable(chosen, names[layout.target], classes, ignored, rows, data, codes)
