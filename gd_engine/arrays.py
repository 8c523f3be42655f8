"""Arrays of the engine's signatures, rows of data, and a reproducible squared norm. All real numbers are float64."""

from typing import Any, NamedTuple

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


class Rows(NamedTuple):
    """A design matrix, shape (k, p), and targets, shape (k,) or (classes, k).

    `size` is the number of data rows: k, or more for reduced data. The only row of a function without data is none of
    data: there `size` is 0.
    """

    design: FloatArray
    y: FloatArray
    size: int


EINSUM_BUFFER = 8192
"""Numbers in `einsum`'s buffer: it sums a longer row in pieces, and their count depends on the number of rows."""


def squared_norms(vectors: FloatArray) -> FloatArray:
    """The squared norm of each vector, shape (..., n) → (...), the same bits whatever the other vectors.

    Short vectors go through `einsum`, as in the stored runs: a dot product rounds differently.
    """
    norms: FloatArray
    if vectors.shape[-1] > EINSUM_BUFFER:
        norms = np.vecdot(vectors, vectors)
    else:
        norms = np.einsum("...i,...i->...", vectors, vectors)
    return norms
