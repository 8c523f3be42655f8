"""The different numbers of a column, if they are few whole numbers: they may be class labels."""

from typing import Any

import numpy as np

MOST_LABELS = 100
MOST_SAFE = 2.0**53
"""From here on two labels may be one number."""
PROBED_ROWS = 256
"""Rows whose different numbers are looked at first: most columns have too many of them there already."""


class DistinctNumbers:
    """Collects the different numbers of a column, block by block."""

    def __init__(self) -> None:
        self._found: set[float] | None = set()

    def add(self, numbers: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        """Adds numbers of shape (k,)."""
        for part in (numbers[:PROBED_ROWS], numbers[PROBED_ROWS:]):
            if self._found is None or not len(part):
                return
            if not float(part[0]).is_integer():  # so are most of the others
                self._found = None
                return
            # A set is several times faster than numpy for few numbers.
            few = len(part) <= PROBED_ROWS
            new = set(part.tolist()) if few else set(np.unique(part)[: MOST_LABELS + 1].tolist())
            self._found |= new
            if len(self._found) > MOST_LABELS or not all(each.is_integer() and abs(each) < MOST_SAFE for each in new):
                self._found = None

    def result(self) -> list[int] | None:
        """The numbers in their order; None for too many, and for numbers that are not whole."""
        return None if self._found is None else sorted(map(int, self._found))
