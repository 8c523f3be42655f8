"""Bounded sample of a trajectory: evenly spread rows, the best row, the last rows."""

from collections.abc import Sequence

import numpy as np

from gd_engine import Block, History, Stretch
from gd_engine.arrays import FloatArray

MOST_NUMBERS = 2**20
OVERVIEW_ROWS, ENDING_ROWS = 1024, 256


class HistorySampler:
    """Sampler of a trajectory's blocks, added in order. The sample is independent of the block boundaries."""

    def __init__(self, parameters: int, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        numbers = parameters + len(columns) + 1
        self._most = min(OVERVIEW_ROWS, max(16, MOST_NUMBERS // numbers))
        self._ending_rows = min(ENDING_ROWS, self._most)
        self._stride = 1
        self._overview = np.empty((0, numbers))
        self._ending = np.empty((0, numbers))
        judged = "validation_mse" if "validation_mse" in self._columns else "test_mse"
        self._judged = parameters + 1 + self._columns.index(judged)
        self._best = np.empty((0, numbers))

    def add(self, first_step: int, columns: FloatArray) -> None:
        """Adds the rows from `first_step` on. `columns` has shape (θ's components and columns, rows)."""
        steps = np.arange(first_step, first_step + columns.shape[1])
        rows = np.column_stack([steps, columns.T])
        self._ending = np.concatenate([self._ending, rows])[-self._ending_rows :]
        self._best = self._better(np.concatenate([self._best, rows]))
        self._overview = np.concatenate([self._overview, rows[steps % self._stride == 0]])
        while len(self._overview) > 2 * self._most:
            self._stride *= 2
            self._overview = self._overview[self._overview[:, 0] % self._stride == 0]

    def history(self) -> History:
        """The sample, including the first, the best and the last row."""
        rows = np.concatenate([self._overview, self._best, self._ending[-1:]])
        _, places = np.unique(rows[:, 0], return_index=True)
        return History(self._stretch(rows[places]), self._stretch(self._ending))

    def _better(self, rows: FloatArray) -> FloatArray:
        """The first row with the least MSE of held-out rows, shape (1, numbers); empty if all values are NaN."""
        errors = rows[:, self._judged]
        return rows[:0] if np.isnan(errors).all() else rows[np.nanargmin(errors)][None]

    def _stretch(self, rows: FloatArray) -> Stretch:
        p = rows.shape[1] - 1 - len(self._columns)
        columns = dict(zip(self._columns, rows[:, 1 + p :].T, strict=True))
        return Stretch(rows[:, 0].astype(np.int64), rows[:, 1 : 1 + p], columns)


def columns_of(block: Block, names: Sequence[str]) -> FloatArray:
    """Stored form of a block: shape (θ's components and columns, rows)."""
    return np.vstack([block.theta.T, *(block.columns[name] for name in names)])
