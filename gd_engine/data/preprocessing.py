"""Preprocessing of the rows: the split into training, validation and test rows, and standardisation of columns."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray


class Split(NamedTuple):
    """Row numbers of each part, in the data's order. The validation part may be empty."""

    train: IntArray
    validation: IntArray
    test: IntArray


def split_by_fraction(
    rows: int, fraction: float, *, validation: float = 0.0, seed: int = 0, shuffle: bool = True
) -> Split:
    """A split whose test part is a share of the rows, rounded up: the last ones, after a seeded shuffle if `shuffle`.

    `validation` is the share of the remaining rows, taken in the same way. Raises ValueError if a share leaves no
    training row.
    """
    order = np.random.default_rng(seed).permutation(rows) if shuffle else np.arange(rows)
    rest, test = _cut(order, fraction, "test")
    train, held_out = _cut(rest, validation, "validation")
    return Split(np.sort(train), np.sort(held_out), np.sort(test))


def split_by_rows(
    rows: int, test_rows: Sequence[int], *, validation: float = 0.0, seed: int = 0, shuffle: bool = True
) -> Split:
    """A split with `test_rows` (from 0) as test part, and a share of the others for validation.

    Raises ValueError if that share leaves no training row.
    """
    test = np.unique(np.asarray(test_rows, dtype=np.int64))
    rest = np.setdiff1d(np.arange(rows), test)
    order = np.random.default_rng(seed).permutation(rest) if shuffle else rest
    train, held_out = _cut(order, validation, "validation")
    return Split(np.sort(train), np.sort(held_out), test)


def share_of(rows: int, fraction: float, name: str) -> int:
    """The number of rows in a share, rounded up; `name` names the part in an error.

    Raises ValueError if the share leaves no training row.
    """
    # The slack keeps 0.07 × 100 = 7.000000000000001 from becoming 8 rows.
    count = ceil(rows * fraction - 1e-9) if fraction > 0 else 0
    if count >= rows and fraction > 0:
        raise ValueError(f"a {name} fraction of {fraction:g} leaves no training row among {rows}")
    return count


def _cut(order: IntArray, fraction: float, name: str) -> tuple[IntArray, IntArray]:
    rest = len(order) - share_of(len(order), fraction, name)
    return order[:rest], order[rest:]


class Scaling(NamedTuple):
    """x ↦ (x − mean) / scale, a column at a time: shapes (p,)."""

    mean: FloatArray
    scale: FloatArray

    def apply(self, columns: FloatArray) -> FloatArray:
        """The columns on the new scale, shape (n, p)."""
        return (columns - self.mean) / self.scale


def no_scaling(columns: int) -> Scaling:
    """The identity scaling of this many columns."""
    return Scaling(np.zeros(columns), np.ones(columns))


def standardization(train_columns: FloatArray, *, centre: bool) -> Scaling:
    """The scaling to standard deviation 1 on the training rows, shape (n, p), and mean 0 if `centre`.

    Centring would give a model an intercept, so a model without one is not centred. A constant column is only centred.
    """
    # Relative to the first row, a constant column has a deviation of exactly 0.
    moved = train_columns - train_columns[0]
    return from_moments(train_columns[0] + moved.mean(axis=0), moved.std(axis=0), centre=centre)


def from_moments(mean: FloatArray, deviation: FloatArray, *, centre: bool) -> Scaling:
    """The standardisation from the columns' means and standard deviations, shapes (p,)."""
    return Scaling(mean if centre else np.zeros_like(mean), np.where(deviation > 0, deviation, 1.0))


def in_data_units(theta: FloatArray, scaling: Scaling, *, intercept: bool, width: int = 1) -> FloatArray:
    """θ of a model on scaled columns → θ of the same model on the unscaled columns, shape (p,).

    θ₀ + Σ θⱼ (xⱼ − μⱼ) / σⱼ = (θ₀ − Σ θⱼ μⱼ / σⱼ) + Σ (θⱼ / σⱼ) xⱼ, for each of the first `width` scores.
    """
    first = 1 if intercept else 0
    count = (len(scaling.scale) + first) * width
    weights = theta[:count].reshape(-1, width).copy()
    weights[first:] /= scaling.scale[:, None]
    if intercept:
        weights[0] -= scaling.mean @ weights[1:]
    return np.concatenate([weights.ravel(), theta[count:]])
