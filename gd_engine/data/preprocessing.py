"""Preprocessing of the rows: the split into training, validation and test rows, and standardisation of columns."""

from collections.abc import Sequence
from itertools import product
from math import ceil, comb, inf, prod
from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, IntArray


class Split(NamedTuple):
    """Row numbers of each part, in the data's order. The validation part may be empty."""

    train: IntArray
    validation: IntArray
    test: IntArray


def split_by_fraction(
    rows: int,
    fraction: float,
    *,
    validation: float = 0.0,
    seed: int = 0,
    shuffle: bool = True,
    classes: IntArray | None = None,
) -> Split:
    """A split whose test part is a share of the rows, rounded up: the last ones, after a seeded shuffle if `shuffle`.

    `validation` is the share of the remaining rows, taken in the same way. With `classes`, the class of each row,
    shape (rows,), each part has the same shares of the classes; see `_cut`. Raises ValueError if a share leaves no
    training row.
    """
    order = np.random.default_rng(seed).permutation(rows) if shuffle else np.arange(rows)
    rest, test = _cut(order, fraction, "test", classes)
    train, held_out = _cut(rest, validation, "validation", classes)
    return Split(np.sort(train), np.sort(held_out), np.sort(test))


def split_by_rows(
    rows: int,
    test_rows: Sequence[int],
    *,
    validation: float = 0.0,
    seed: int = 0,
    shuffle: bool = True,
    classes: IntArray | None = None,
) -> Split:
    """A split with `test_rows` (from 0) as test part, and a share of the others for validation.

    `classes` as in `split_by_fraction`. Raises ValueError if that share leaves no training row.
    """
    test = np.unique(np.asarray(test_rows, dtype=np.int64))
    rest = np.setdiff1d(np.arange(rows), test)
    order = np.random.default_rng(seed).permutation(rest) if shuffle else rest
    train, held_out = _cut(order, validation, "validation", classes)
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


def _cut(order: IntArray, fraction: float, name: str, classes: IntArray | None) -> tuple[IntArray, IntArray]:
    """The rows before and in a share: the last rows of the order, or with `classes` the last ones of each class."""
    count = share_of(len(order), fraction, name)
    if classes is None or count == 0:
        return order[: len(order) - count], order[len(order) - count :]
    of_rows = classes[order]
    taken = np.zeros(len(order), dtype=np.bool_)
    for label, number in enumerate(_stratified(np.bincount(of_rows), count).tolist()):
        places = np.flatnonzero(of_rows == label)
        taken[places[len(places) - number :]] = True
    return order[~taken], order[taken]


def _stratified(sizes: IntArray, count: int) -> IntArray:
    """The number of rows of each class in a share of `count` rows, shape (k,), by largest remainders.

    Each class leaves a row, so that none is missing from training, unless the share is too great for that.
    """
    ideal = sizes * count / sizes.sum()
    most = np.maximum(sizes - 1, 0)
    most = sizes if most.sum() < count else most
    found: IntArray = np.minimum(np.floor(ideal).astype(np.int64), most)
    while found.sum() < count:
        found[np.argmax(np.where(found < most, ideal - found, -np.inf))] += 1
    return found


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


class Moments:
    """Accumulator of the means and deviations of columns over blocks of rows (Chan, Golub & LeVeque, 1983)."""

    def __init__(self, width: int) -> None:
        self._count = 0
        self._mean, self._squares = np.zeros(width), np.zeros(width)

    def add(self, columns: FloatArray) -> None:
        """Adds rows, shape (k, width)."""
        count = self._count + len(columns)
        moved = columns - columns[0]  # a constant column has a deviation of exactly 0
        mean = columns[0] + moved.mean(axis=0)
        away = mean - self._mean
        self._squares += np.square(columns - mean).sum(axis=0) if len(columns) > 1 else 0.0
        self._squares += np.square(away) * self._count * len(columns) / count
        self._mean = mean if self._count == 0 else self._mean + away * len(columns) / count
        self._count = count

    def scaling(self, *, centre: bool) -> Scaling:
        """The scaling that standardises these columns."""
        deviation = np.sqrt(self._squares / max(self._count, 1))
        # The rounding of the mean leaves a deviation of this size.
        deviation = np.where(deviation > 1e-15 * np.abs(self._mean), deviation, 0.0)
        return from_moments(self._mean, deviation, centre=centre)


class Expansion(NamedTuple):
    """The monomials of (x − mean)/scale as sums of those of x: the `sources`-th has the `targets`-th `weights` times.

    One entry a term, shapes (t,). The column −1 is the constant 1.
    """

    sources: IntArray
    targets: IntArray
    weights: FloatArray

    def coefficients(self, theta: FloatArray, *, intercept: bool) -> FloatArray:
        """The coefficients of the monomials of x, shape (p,), from those of the monomials of (x − mean)/scale."""
        first = 1 if intercept else 0
        with np.errstate(all="ignore"):  # weights of tiny or huge features are infinite
            found = np.bincount(self.targets + first, self.weights * theta[self.sources + first], len(theta))
            if intercept:
                found[0] += theta[0]
        return np.asarray(found, dtype=np.float64)


def expansion(monomials: Any, scaling: Scaling) -> Expansion:
    """The expansion of monomials, exponents of shape (c, d), by the binomial theorem for each feature."""
    places = {tuple(row): place for place, row in enumerate(monomials.tolist())}
    terms: list[tuple[int, int, float]] = []
    for place, row in enumerate(monomials.tolist()):
        used = [i for i, power in enumerate(row) if power]
        options = [_binomial(row[i], float(scaling.mean[i]), float(scaling.scale[i])) for i in used]
        for chosen in product(*options):
            powers = [0] * len(row)
            for i, (power, _) in zip(used, chosen, strict=True):
                powers[i] = power
            terms.append((place, places.get(tuple(powers), -1), prod(weight for _, weight in chosen)))
    sources, targets, weights = zip(*terms, strict=True)
    return Expansion(np.array(sources), np.array(targets), np.array(weights))


def _binomial(power: int, mean: float, scale: float) -> list[tuple[int, float]]:
    """The powers of x in ((x − mean)/scale)^power, and their coefficients."""
    if mean == 0.0:
        return [(power, _power(scale, -power))]
    return [(k, comb(power, k) * _power(-mean / scale, power - k) * _power(scale, -k)) for k in range(power + 1)]


def _power(base: float, exponent: int) -> float:
    """The power, which may be infinite: Python raises an error where numpy gives infinity."""
    try:
        return base**exponent
    except OverflowError:
        return -inf if base < 0.0 and exponent % 2 else inf


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
