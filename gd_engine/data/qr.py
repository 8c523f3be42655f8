"""The same E(θ) on d + 1 rows: for squared errors of a model linear in θ, all that the data has to say is a triangle.

With [X y] = Q R, ‖X θ − y‖² = ‖R (θ, −1)‖² whatever θ: the rows of R stand for those of X and y (Golub & Van Loan,
Matrix Computations, 5.3), and a step costs O(d²) instead of O(n d). R is updated slice by slice, so that the data is
read once and need not fit in memory.
"""

from functools import cache
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray

SLICE_NUMBERS = 2**17
"""As many numbers (1 MiB) as stay in a core's cache while they are worked on."""
TALL = 256
MOST_CONDITION = 1e3
MOST_GROWTH = 1e4


class Triangle:
    """The triangle R of rows that are added piece by piece, RᵀR being the sum of their outer products.

    A slice is folded in by Householder reflections, which no data upsets, or where that is safe at half the price:
    as G ← G + (B R⁻¹)ᵀ(B R⁻¹), R being the triangle of the slices before. What is added this way is of the size of
    the identity, so that the Cholesky factor of G loses nothing (Yamamoto, Nakatsukasa, Yanagisawa & Fukaya, Roundoff
    error analysis of the CholeskyQR2 algorithm, 2015), as long as R itself is far from singular.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """For pieces of at most this shape, (rows, width)."""
        width = shape[1]
        self._triangle = np.empty((0, width))
        self._inverse: FloatArray | None = None
        self._folded = False
        self._gram = np.eye(width)
        self._flat = np.empty(shape)

    def add(self, rows: FloatArray) -> None:
        """Adds rows, shape (k, width)."""
        if self._folded and self._inverse is None:  # only now is there another piece that needs it
            self._inverse, self._folded = _inverse(self._triangle), False
        if self._inverse is None:
            self._fold(rows)
            return
        flat = np.dot(rows, self._inverse, out=self._flat[: len(rows)])
        gram = flat.T @ flat
        if not np.trace(gram) <= MOST_GROWTH * len(gram):  # rows unlike those before, or not finite
            self._settle()
            self._fold(rows)
            return
        self._gram += gram
        if np.trace(self._gram) > MOST_GROWTH * len(gram):
            self._settle()
            self._inverse = _inverse(self._triangle)

    def finish(self) -> FloatArray:
        """R, shape (min(rows, width), width)."""
        self._settle()
        return self._triangle

    def _fold(self, rows: FloatArray) -> None:
        of_rows = triangle(rows)
        self._triangle = triangle(np.concatenate([self._triangle, of_rows])) if len(self._triangle) else of_rows
        self._folded = True

    def _settle(self) -> None:
        if self._inverse is not None:
            self._triangle = np.linalg.cholesky(self._gram).T @ self._triangle
            self._gram = np.eye(len(self._gram))
            self._inverse = None


def triangle(rows: FloatArray) -> FloatArray:
    """R of rows = Q R, shape (min(k, width), width), by Householder reflections of slices that stay in the cache."""
    k, width = rows.shape
    height = max(TALL, 2 * width)
    while len(rows) >= 2 * height:
        tall = len(rows) // height * height
        tops = _qr(rows[:tall].reshape(-1, height, width)).reshape(-1, width)
        rows = np.concatenate([tops, rows[tall:]])
    return _qr(rows) if k else rows


def _qr(rows: FloatArray) -> FloatArray:
    # What numpy's mode "r" does, with a mask that is made once: numpy's takes as long as the reflections of a few rows.
    reflected = np.linalg.qr(rows, mode="raw")[0].swapaxes(-1, -2)
    count = min(rows.shape[-2:])
    return np.where(_upper(count, rows.shape[-1]), reflected[..., :count, :], 0.0)


@cache
def _upper(height: int, width: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.triu(np.ones((height, width), dtype=np.bool_))


def slice_rows(width: int) -> int:
    """How many rows of this width are worked on at a time."""
    return max(TALL, SLICE_NUMBERS // width)


def _inverse(upper: FloatArray) -> FloatArray | None:
    """The inverse of a square triangle whose columns, brought to one length, are far from dependent; else None."""
    if len(upper) < upper.shape[1]:
        return None
    lengths = np.linalg.norm(upper, axis=0)
    if not (np.isfinite(lengths).all() and lengths.all()):
        return None
    singular = np.linalg.svd(upper / lengths, compute_uv=False)
    if not singular[0] <= MOST_CONDITION * singular[-1]:
        return None
    return np.asarray(np.linalg.inv(upper), dtype=np.float64)
