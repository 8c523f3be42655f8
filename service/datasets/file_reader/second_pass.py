"""Second pass: converts the cells that stayed text, drops rows with gaps, and computes what a dataset needs."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import numpy as np

from service.datasets.file_reader.column_types import ColumnType
from service.datasets.file_reader.draft import Draft
from service.datasets.file_reader.encoder import FloatArray


@dataclass
class Settled:
    """The rows of the kept columns, in a temporary file."""

    file: IO[bytes]
    rows: int
    width: int
    positions: list[int]
    """The place of each kept column in a row of the file."""
    low: FloatArray
    high: FloatArray
    means: FloatArray
    """The mean of each kept column without its gaps."""
    gaps: FloatArray
    """The number of gaps of each kept column in the rows of the file."""
    seen: list[set[float]]
    """The codes of each kept column that has codes."""


def settle(draft: Draft, kept: Sequence[int], types: Sequence[ColumnType], fillable: Sequence[int]) -> Settled:
    """Writes the kept columns to a new file. Rows with a gap remain only if all their gaps are in `fillable` columns.

    Raises FileError for too many labels.
    """
    count = len(kept)
    essential = [k for k, j in enumerate(kept) if j not in set(fillable)]
    codes = [k for k, j in enumerate(kept) if types[j].kind != "number"]
    found = Settled(tempfile.TemporaryFile(), 0, count, list(range(count)), *_statistics(count))  # noqa: SIM115
    with ExitStack() as undo:
        undo.callback(found.file.close)
        for values, text in draft.blocks():
            block = np.empty((len(values), count))
            for k, j in enumerate(kept):
                block[:, k] = _converted(text[j], types[j]) if j in text else values[:, j]
            block = block[~np.isnan(block[:, essential]).any(axis=1)]
            if len(block):
                _add(found, block, codes)
        found.file.flush()
        undo.pop_all()
    return found


def _statistics(count: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, list[set[float]]]:
    nothing = np.zeros(count)
    return np.full(count, np.inf), np.full(count, -np.inf), nothing, nothing.copy(), [set() for _ in range(count)]


def _converted(cells: list[str], kind: ColumnType) -> FloatArray:
    assert kind.convert is not None  # noqa: S101 - every kept column has a conversion
    table = {cell: kind.convert(cell) for cell in dict.fromkeys(cells)}
    return np.array([table[cell] for cell in cells])


def _add(found: Settled, block: FloatArray, codes: Sequence[int]) -> None:
    is_gap = np.isnan(block)
    before = found.rows - found.gaps
    new = len(block) - is_gap.sum(axis=0)
    with np.errstate(all="ignore"):  # the mean of numbers above 1e308 overflows
        sums = np.where(is_gap, 0.0, block - found.means).sum(axis=0)
        found.means = found.means + np.where(new > 0, sums / np.maximum(before + new, 1), 0.0)
    found.gaps = found.gaps + is_gap.sum(axis=0)
    found.low = np.fmin(found.low, np.fmin.reduce(block, axis=0))
    found.high = np.fmax(found.high, np.fmax.reduce(block, axis=0))
    for k in codes:
        found.seen[k].update(np.unique(block[:, k]).tolist())
    found.rows += len(block)
    found.file.write(np.ascontiguousarray(block).data)
