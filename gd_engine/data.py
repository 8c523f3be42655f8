"""What is done to the rows before a descent: splitting them, and putting the columns on one scale."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray


class Split(NamedTuple):
    """Row numbers, each part in the data's own order."""

    train: IntArray
    test: IntArray


def split_by_fraction(rows: int, fraction: float, *, seed: int = 0, shuffle: bool = True) -> Split:
    """A share of the rows for testing, rounded up; the last rows, after a seeded shuffle if `shuffle`.

    A fraction above 0 leaves at least one row on each side. Raises ValueError when the rows are too few for that.
    """
    # The slack keeps 0.07 × 100 = 7.000000000000001 from becoming 8 rows.
    count = int(np.ceil(rows * fraction - 1e-9)) if fraction > 0 else 0
    if count >= rows:
        raise ValueError(f"a test fraction of {fraction:g} leaves no training row among {rows}")
    order = np.random.default_rng(seed).permutation(rows) if shuffle else np.arange(rows)
    return Split(train=np.sort(order[: rows - count]), test=np.sort(order[rows - count :]))


def split_by_rows(rows: int, test_rows: Sequence[int]) -> Split:
    """The rows named in `test_rows` (from 0) for testing, all others for training."""
    test = np.unique(np.asarray(test_rows, dtype=np.int64))
    return Split(train=np.setdiff1d(np.arange(rows), test), test=test)


class Scaling(NamedTuple):
    """x ↦ (x − mean) / scale, a column at a time: shapes (p,)."""

    mean: FloatArray
    scale: FloatArray

    def apply(self, columns: FloatArray) -> FloatArray:
        """The columns on the new scale, shape (n, p)."""
        return (columns - self.mean) / self.scale


def no_scaling(columns: int) -> Scaling:
    """The scaling that changes nothing."""
    return Scaling(np.zeros(columns), np.ones(columns))


def standardization(train_columns: FloatArray, *, centre: bool) -> Scaling:
    """To standard deviation 1 on the training rows, and mean 0 if `centre`.

    A model without an intercept must not be centred: that would give it one. A column that does not vary over these
    rows is only centred.
    """
    deviation = train_columns.std(axis=0)
    mean = train_columns.mean(axis=0) if centre else np.zeros(train_columns.shape[1])
    return Scaling(mean, np.where(deviation > 0, deviation, 1.0))


def in_data_units(theta: FloatArray, scaling: Scaling, *, intercept: bool) -> FloatArray:
    """θ of a model on scaled columns → θ of the same model on the columns as they were.

    θ₀ + Σ θⱼ (xⱼ − μⱼ) / σⱼ = (θ₀ − Σ θⱼ μⱼ / σⱼ) + Σ (θⱼ / σⱼ) xⱼ.
    """
    slopes = theta[1 if intercept else 0 :] / scaling.scale
    if not intercept:
        return slopes
    return np.concatenate([[theta[0] - slopes @ scaling.mean], slopes])
