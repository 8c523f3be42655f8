"""QR reduction of data: for squared errors of a model linear in θ, the triangular factor R of [X y] determines E(θ).

With [X y] = Q R, ‖X θ − y‖² = ‖R (θ, −1)‖² for every θ: the d + 1 rows of R replace those of X and y (Golub & Van
Loan, Matrix Computations, 5.3), and a step costs O(d²) instead of O(n d). R is updated slice by slice: the data is read
once and need not fit in memory.
"""

from functools import cache

import numpy as np

from gd_engine.arrays import BoolArray, FloatArray

SLICE_NUMBERS = 2**17
"""Numbers of a slice (1 MiB), few enough for a core's cache."""
TALL = 256
MOST_CONDITION = 1e3
MOST_GROWTH = 1e4


class Triangle:
    """The triangular factor R of rows added in slices: RᵀR is the sum of their outer products.

    Householder reflections fold in a slice B, stable for all data. If R is far from singular, the update
    G ← G + (B R⁻¹)ᵀ(B R⁻¹) costs half as much; its terms are of the size of the identity, so the Cholesky factor of G
    is accurate (Yamamoto, Nakatsukasa, Yanagisawa & Fukaya, Roundoff error analysis of the CholeskyQR2 algorithm,
    2015).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        """Accepts slices of at most this shape, (rows, width)."""
        width = shape[1]
        self._triangle = np.empty((0, width))
        self._inverse: FloatArray | None = None
        self._folded = False
        self._gram = np.eye(width)
        self._flat = np.empty(shape)

    def add(self, rows: FloatArray) -> None:
        """Adds rows, shape (k, width)."""
        if self._folded and self._inverse is None:  # the last slice needs no inverse, so it is computed on demand
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
    """R of rows = Q R, shape (min(k, width), width), by Householder reflections of slices that fit in the cache."""
    k, width = rows.shape
    height = max(TALL, 2 * width)
    while len(rows) >= 2 * height:
        tall = len(rows) // height * height
        tops = _qr(rows[:tall].reshape(-1, height, width)).reshape(-1, width)
        rows = np.concatenate([tops, rows[tall:]])
    return _qr(rows) if k else rows


def _qr(rows: FloatArray) -> FloatArray:
    # numpy's mode "r" with a cached mask: building the mask takes as long as the reflections of a few rows.
    reflected = np.linalg.qr(rows, mode="raw")[0].swapaxes(-1, -2)
    count = min(rows.shape[-2:])
    return np.where(_upper(count, rows.shape[-1]), reflected[..., :count, :], 0.0)


@cache
def _upper(height: int, width: int) -> BoolArray:
    return np.triu(np.ones((height, width), dtype=np.bool_))


def slice_rows(width: int) -> int:
    """The number of rows of this width in a slice."""
    return max(TALL, SLICE_NUMBERS // width)


def _inverse(upper: FloatArray) -> FloatArray | None:
    """The inverse of a square triangular matrix whose normalised columns are far from dependent; else None."""
    if len(upper) < upper.shape[1]:
        return None
    lengths = np.linalg.norm(upper, axis=0)
    if not (np.isfinite(lengths).all() and lengths.all()):
        return None
    singular = np.linalg.svd(upper / lengths, compute_uv=False)
    if not singular[0] <= MOST_CONDITION * singular[-1]:
        return None
    return np.asarray(np.linalg.inv(upper), dtype=np.float64)
