"""The rows of features that a prediction is asked for: those of a JSON body, of a stored dataset, or of a CSV body."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service.core.column_choice import Sources, select_columns
from service.core.dataset_record import Dataset, Rows
from service.datasets.file_reader import FileTable
from service.storage import datasets
from service.storage.database import Database

BLOCK_VALUES = 500_000
"""The numbers that the rows of a block take, in memory and as CSV."""


@dataclass(frozen=True)
class BodyRows:
    """The rows of a JSON body, all in memory."""

    x: Rows

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.x)

    def blocks(self, _: Database, width: int) -> Iterator[Rows]:
        """The rows of features, some at a time, each of which takes `width` numbers."""
        height = _height(width)
        yield from (self.x[first : first + height] for first in range(0, len(self.x), height))

    def close(self) -> None:
        """Nothing: the rows are in memory."""


@dataclass(frozen=True)
class StoredRows:
    """All rows of a dataset, with the places of the features in them."""

    dataset: Dataset
    sources: Sources

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.dataset.rows

    def blocks(self, store: Database, width: int) -> Iterator[Rows]:
        """As of BodyRows. A short transaction reads each block: a slow client does not hold the log."""
        height = _height(max(self.dataset.width, width))
        for first in range(0, self.count, height):
            with store.reading() as connection:
                last = min(first + height, self.count) - 1
                table = np.concatenate(list(datasets.read(connection, self.dataset, first, last)))
            yield np.ascontiguousarray(select_columns(table, self.sources)[0])

    def close(self) -> None:
        """Nothing: the database has the rows."""


@dataclass(frozen=True)
class FileRows:
    """The rows of a file, on disk, with the places of the features in them."""

    table: FileTable
    sources: Sources

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.table.rows

    def blocks(self, _: Database, width: int) -> Iterator[Rows]:
        """As of BodyRows."""
        for table in self.table.blocks(_height(max(len(self.table.columns), width))):
            yield np.ascontiguousarray(select_columns(table, self.sources)[0])

    def close(self) -> None:
        """Deletes the rows."""
        self.table.close()


RowsToPredict = BodyRows | StoredRows | FileRows


def _height(width: int) -> int:
    return max(1, BLOCK_VALUES // width)
