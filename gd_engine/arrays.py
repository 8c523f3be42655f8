"""The array types that the engine's signatures speak of, and sums whose bits depend on their terms alone.

All numbers are float64.
"""

from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]

EINSUM_BUFFER = 8192
"""numpy's `einsum` sums a longer row in pieces, whose number depends on how many rows there are."""


def squared_norms(vectors: FloatArray) -> FloatArray:
    """The squared length of each vector, shape (..., n) → (...): the same bits whatever stands beside it.

    Short vectors keep the sums that stored runs were computed with; a dot product a vector would round otherwise.
    """
    norms: FloatArray
    if vectors.shape[-1] > EINSUM_BUFFER:
        norms = np.vecdot(vectors, vectors)
    else:
        norms = np.einsum("...i,...i->...", vectors, vectors)
    return norms
