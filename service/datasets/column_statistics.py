"""Statistics of the columns of a table, block by block (Chan, Golub & LeVeque, 1979)."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from service.core.dataset_record import Column, ColumnKind, Rows
from service.core.distinct_numbers import DistinctNumbers


class Columns(NamedTuple):
    """The columns of a table before its rows are read, a list for each fact. `categories` are the texts of codes.

    `missing` counts the gaps, `filled` those that hold the mean of the column.
    """

    names: list[str]
    kinds: list[ColumnKind]
    categories: list[list[str] | None]
    missing: list[int]
    filled: list[int]


class ColumnStatistics:
    """Minimum, maximum, mean and standard deviation of numbers; rows of each category; the labels of some columns."""

    def __init__(self, columns: Columns, labelled: Collection[int]) -> None:
        self.rows = 0
        self._columns = columns
        self._mean = self._squares = np.zeros(len(columns.names))
        self._min = np.full(len(columns.names), np.inf)
        self._max = np.full(len(columns.names), -np.inf)
        self._labels = {column: DistinctNumbers() for column in labelled}
        self._counts = {
            column: np.zeros(len(texts), np.int64)
            for column, texts in enumerate(columns.categories)
            if texts is not None
        }

    def add(self, block: Rows) -> None:
        """Adds rows of shape (k, columns)."""
        with np.errstate(all="ignore"):  # the deviation of numbers above 1e154 overflows and becomes null
            count, mean = len(block), block.mean(axis=0)
            total, shift = self.rows + count, mean - self._mean
            self._squares = self._squares + ((block - mean) ** 2).sum(axis=0) + shift**2 * (self.rows * count / total)
            self._mean = self._mean + shift * (count / total)
        self._min = np.minimum(self._min, block.min(axis=0))
        self._max = np.maximum(self._max, block.max(axis=0))
        self.rows = total
        for column, labels in self._labels.items():
            labels.add(block[:, column])
        for column in self._counts:
            codes = block[:, column].astype(np.int64)
            self._counts[column] += np.bincount(codes, minlength=len(self._counts[column]))

    def result(self) -> list[Column]:
        """The columns with their statistics; None for numbers that are not finite."""
        with np.errstate(all="ignore"):
            deviation = np.sqrt(self._squares / self.rows)
        numbers = (self._min, self._max, self._mean, deviation)
        facts = zip(*self._columns[:4], *(_finite(each) for each in numbers), strict=True)
        columns: list[Column] = [
            {
                "name": name,
                "kind": kind,
                "missing": missing,
                "min": low,
                "max": high,
                "mean": mean,
                "standard_deviation": spread,
                "categories": categories,
            }
            for name, kind, categories, missing, low, high, mean, spread in facts
        ]
        for index, filled in enumerate(self._columns.filled):
            if filled:
                columns[index]["filled"] = filled
        for index, labels in self._labels.items():
            columns[index]["labels"] = labels.result()
        for index, counts in self._counts.items():
            columns[index] |= {"min": None, "max": None, "mean": None, "standard_deviation": None}
            columns[index]["counts"] = counts.tolist()
        return columns


def _finite(numbers: Rows) -> Sequence[float | None]:
    if np.isfinite(numbers).all():
        found: list[float | None] = numbers.tolist()
        return found
    return [number if np.isfinite(number) else None for number in numbers.tolist()]
