"""FileTable: the numbers of a file, on disk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple, Self

import numpy as np

from service.core.dataset_record import ColumnKind, ReportEntry
from service.datasets.file_reader.encoder import FloatArray


class TableColumn(NamedTuple):
    """A column of numbers; or of categories or labels, whose values are indices into `categories`: 0.0, 1.0, …

    `missing` counts the gaps of the file, which were dropped or filled, `filled` the numbers that fill gaps.
    """

    name: str
    kind: ColumnKind
    categories: list[str] | None
    missing: int = 0
    filled: int = 0


@dataclass
class FileTable:
    """The numbers of a file, in a temporary file. Context manager: closing it deletes the file."""

    columns: list[TableColumn]
    features: list[str]
    """The default features: names of columns, and `sex=male` for a category of the column `sex`."""
    target: str
    """The default target; empty for rows of features alone."""
    ignored: list[str]
    """Names of the columns that the table leaves out."""
    report: list[ReportEntry]
    rows: int
    _data: IO[bytes] = field(repr=False)
    _width: int = field(repr=False)
    _positions: Sequence[int] = field(repr=False)
    """The place of each column in a row of the file."""
    _codes: Mapping[int, FloatArray] = field(default_factory=dict, repr=False)
    """By column, the index in `categories` of each code in the file; the codes follow the order of appearance."""
    _fill: FloatArray | None = field(default=None, repr=False)
    """The value of each column for gaps."""

    def blocks(self, block_rows: int = 8192) -> Iterator[FloatArray]:
        """Yields all rows in order as new C-contiguous arrays (k, len(columns)), k ≤ block_rows.

        The iterators are repeatable and may be interleaved, but not from two threads at once.
        """
        is_whole = list(self._positions) == list(range(self._width))
        for start in range(0, self.rows, block_rows):
            self._data.seek(start * self._width * 8)
            raw = bytearray(self._data.read(min(block_rows, self.rows - start) * self._width * 8))
            block = np.frombuffer(raw, np.float64).reshape(-1, self._width)
            if not is_whole:
                block = np.ascontiguousarray(block[:, self._positions])
            for column, codes in self._codes.items():
                block[:, column] = codes[block[:, column].astype(np.intp)]
            if self._fill is not None:
                block = np.where(np.isnan(block), self._fill, block)
            yield block

    def close(self) -> None:
        self._data.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
