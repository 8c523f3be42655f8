"""Rows of one part of a split, accumulated from slices of data: as a design matrix, or as its triangular factor."""

import numpy as np

from gd_engine.arrays import FloatArray, Rows
from gd_engine.data.preprocessing import Scaling, from_moments, standardization
from gd_engine.data.qr import Triangle, slice_rows, triangle

OVERFLOW = np.errstate(over="ignore", invalid="ignore")
"""Large data may overflow here; the descent then ends as diverged."""


class Gathered:
    """Accumulator of all rows: `count` rows of `width` columns, after a column of ones with an intercept."""

    def __init__(self, width: int, count: int, *, intercept: bool) -> None:
        self._first = 1 if intercept else 0
        self._design = np.empty((count, width + self._first))
        self._design[:, : self._first] = 1.0
        self._y = np.empty(count)
        self.filled = 0

    @OVERFLOW
    def add(self, columns: FloatArray, y: FloatArray) -> None:
        """Adds rows in the data's order: columns of shape (k, c), y of shape (k,)."""
        place = slice(self.filled, self.filled + len(y))
        self._design[place, self._first :], self._y[place] = columns, y
        self.filled += len(y)

    @OVERFLOW
    def standardization(self) -> Scaling:
        """The scaling that standardises these rows' columns."""
        return standardization(self._design[:, self._first :], centre=self._first == 1)

    @OVERFLOW
    def rows(self, scaling: Scaling) -> Rows:
        """The rows, scaled."""
        columns = self._design[:, self._first :]
        columns -= scaling.mean
        columns /= scaling.scale
        return Rows(self._design, self._y, len(self._y))


class Reduced:
    """Accumulator of the triangular factor of [1, columns − those of the first row, y]."""

    def __init__(self, width: int, count: int, *, intercept: bool) -> None:
        self._intercept = intercept
        self._count = count
        self.filled = 0
        self._origin = np.zeros(width)
        self._triangle: Triangle | None = None

    @OVERFLOW
    def add(self, columns: FloatArray, y: FloatArray) -> None:
        """Adds rows in the data's order: columns of shape (k, c), y of shape (k,)."""
        if self._triangle is None:
            # Columns far from 0 lose no digits once a row of the data is subtracted.
            self._origin = columns[0].copy()
            width = columns.shape[1] + 2
            self._rows = np.ones((min(slice_rows(width), self._count), width))
            self._triangle = Triangle(self._rows.shape)
        # One buffer for all slices: fresh memory of this size costs more than the arithmetic.
        rows = self._rows[: len(y)]
        np.subtract(columns, self._origin, out=rows[:, 1:-1])
        rows[:, -1] = y
        self._triangle.add(rows)
        self.filled += len(y)

    @OVERFLOW
    def standardization(self) -> Scaling:
        """The scaling that standardises these rows' columns."""
        upper = self._upper()
        mean = self._origin + upper[0, 1:-1] / upper[0, 0]
        deviation = np.linalg.norm(upper[1:, 1:-1], axis=0) / np.sqrt(self._count)
        return from_moments(mean, deviation, centre=self._intercept)

    @OVERFLOW
    def rows(self, scaling: Scaling) -> Rows:
        """The triangular factor of [1, (columns − mean) / scale, y]: the stored factor times a change of basis."""
        upper = self._upper()
        width = len(self._origin) + 1
        change = np.zeros((width, width))
        change[0, 0] = 1.0
        change[0, 1:] = (self._origin - scaling.mean) / scaling.scale
        change[range(1, width), range(1, width)] = 1.0 / scaling.scale
        # y stays out of the product: an overflowed column of y would turn the products with 0 into NaN.
        changed = np.column_stack([upper[:, :-1] @ change, upper[:, -1]])
        if not self._intercept:
            changed = triangle(changed[:, 1:])
        return Rows(np.ascontiguousarray(changed[:, :-1]), np.ascontiguousarray(changed[:, -1]), self._count)

    def _upper(self) -> FloatArray:
        width = len(self._origin) + 2
        return np.empty((0, width)) if self._triangle is None else self._triangle.finish()
