"""What is kept of the rows of a split's part while the data streams past: all of them, or their triangle."""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.preprocessing import Scaling, from_moments, standardization
from gd_engine.data.qr import Triangle, slice_rows, triangle
from gd_engine.models.base import Model

OVERFLOW = np.errstate(over="ignore", invalid="ignore")
"""Numbers may overflow here: the descent says so, by diverging."""


class Rows(NamedTuple):
    """Rows as the model sees them: a design matrix, shape (k, p), and targets, shape (k,) or (classes, k).

    They stand for `size` rows of the data: for as many, or for more where the data is reduced.
    """

    design: FloatArray
    y: FloatArray
    size: int


class Gathered:
    """Rows that are kept."""

    def __init__(self, model: Model, count: int) -> None:
        self._model = model
        self._first = 1 if model.intercept else 0
        self._design = np.empty((count, len(model.monomials) + self._first))
        self._design[:, : self._first] = 1.0
        self._y = np.empty(count)
        self.filled = 0

    @OVERFLOW
    def add(self, columns: FloatArray, y: FloatArray) -> None:
        """Adds rows in the data's order."""
        place = slice(self.filled, self.filled + len(y))
        self._design[place, self._first :], self._y[place] = columns, y
        self.filled += len(y)

    @OVERFLOW
    def standardization(self) -> Scaling:
        """The scaling that puts these rows' columns on one scale."""
        return standardization(self._design[:, self._first :], centre=self._model.intercept)

    @OVERFLOW
    def rows(self, scaling: Scaling) -> Rows:
        """The rows, scaled."""
        columns = self._design[:, self._first :]
        columns -= scaling.mean
        columns /= scaling.scale
        return Rows(self._design, self._model.targets(self._y), len(self._y))


class Reduced:
    """Rows of which only the triangle of [1, columns − those of the first row, y] is kept."""

    def __init__(self, model: Model, count: int) -> None:
        self._intercept = model.intercept
        self._count = count
        self.filled = 0
        self._origin = np.zeros(len(model.monomials))
        self._triangle: Triangle | None = None

    @OVERFLOW
    def add(self, columns: FloatArray, y: FloatArray) -> None:
        """Adds rows in the data's order."""
        if self._triangle is None:
            # Measured from a row of the data, columns far from 0 lose no digits.
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
        """The scaling that puts these rows' columns on one scale."""
        upper = self._upper()
        mean = self._origin + upper[0, 1:-1] / upper[0, 0]
        deviation = np.linalg.norm(upper[1:, 1:-1], axis=0) / np.sqrt(self._count)
        return from_moments(mean, deviation, centre=self._intercept)

    @OVERFLOW
    def rows(self, scaling: Scaling) -> Rows:
        """[1, (columns − mean) / scale] are the triangle's columns times a matrix that scaling and origin give."""
        upper = self._upper()
        width = len(self._origin) + 1
        change = np.zeros((width, width))
        change[0, 0] = 1.0
        change[0, 1:] = (self._origin - scaling.mean) / scaling.scale
        change[range(1, width), range(1, width)] = 1.0 / scaling.scale
        # y stays out of the product: should it be too large to be squared, it would spoil what is multiplied by 0.
        changed = np.column_stack([upper[:, :-1] @ change, upper[:, -1]])
        if not self._intercept:
            changed = triangle(changed[:, 1:])
        return Rows(np.ascontiguousarray(changed[:, :-1]), np.ascontiguousarray(changed[:, -1]), self._count)

    def _upper(self) -> FloatArray:
        width = len(self._origin) + 2
        return np.empty((0, width)) if self._triangle is None else self._triangle.finish()
