"""Mini-batches: the rows of each step's gradient."""

from functools import lru_cache

import numpy as np

from gd_engine.arrays import IntArray


class Batches:
    """Batches of `size` rows, the last of an epoch possibly smaller; an epoch is a permutation of all rows.

    The permutation depends on the seed and the epoch's number alone, so any step's batch needs no earlier one.
    """

    def __init__(self, rows: int, size: int, seed: int) -> None:
        self._size = size
        self._per_epoch = -(-rows // size)
        self._order = lru_cache(maxsize=1)(lambda epoch: np.random.default_rng([seed, epoch]).permutation(rows))

    def rows(self, step: int) -> IntArray:
        """The rows of a step's batch, shape (≤ size,)."""
        epoch, place = divmod(step, self._per_epoch)
        order: IntArray = self._order(epoch)
        return order[place * self._size : (place + 1) * self._size]
