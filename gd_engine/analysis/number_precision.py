"""Precision of printed numbers: the decimals or significant digits to which all of them are rounded."""

from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray

MOST = 10
"""The most decimals or digits. Numbers with more of them are taken as unrounded."""
LEAST_DIGITS = 2
"""The fewest significant digits: numbers with one each are those of one decimal, or of none, as well."""
LEAST_NUMBERS = 3
"""The fewest different numbers of a column that tell its own precision."""


class Precision(NamedTuple):
    """Numbers rounded to `number` decimals or significant digits."""

    unit: Literal["decimals", "significant_digits"]
    number: int

    def half_unit(self, numbers: FloatArray) -> FloatArray:
        """The largest error of each number by rounding: half a unit of its last place."""
        if self.unit == "decimals":
            return np.full_like(numbers, 0.5 * 10.0**-self.number)
        size = np.abs(numbers)
        has_digits = (size > 0) & np.isfinite(size)
        leading = np.floor(np.log10(np.where(has_digits, size, 1.0)))
        return np.where(has_digits, 0.5 * 10.0 ** (leading + 1 - self.number), 0.0)


def precision_of(numbers: FloatArray) -> Precision | None:
    """The precision of numbers of any shape; None for unrounded ones and for whole numbers, which may be exact."""
    flat = numbers.ravel()
    greatest = float(np.abs(flat).max(initial=0.0))
    if greatest == 0.0 or not np.isfinite(greatest) or (np.floor(flat) == flat).all():
        return None
    before_point = int(np.floor(np.log10(greatest))) + 1
    decimals = _decimals(flat)
    fewer = MOST if decimals is None else min(MOST, before_point + decimals - 1)
    for count in range(LEAST_DIGITS, fewer + 1):
        if all(float(f"{number:.{count - 1}e}") == number for number in flat.tolist()):
            return Precision("significant_digits", count)
    return None if decimals is None else Precision("decimals", decimals)


def _decimals(numbers: FloatArray) -> int | None:
    return next((count for count in range(1, MOST + 1) if (np.round(numbers, count) == numbers).all()), None)


def precision_of_path(path: FloatArray) -> tuple[Precision | None, FloatArray]:
    """The precision of a path, shape (k, p), and the largest error of each of its numbers by rounding.

    θ₀ is given and may be unrounded. Columns may be rounded differently; the precision is then that of all numbers,
    or the fewest decimals. Numbers that fit both decimals and significant digits may be rounded to either.
    """
    errors = np.zeros_like(path)
    if (path == path[0]).all():  # the decimals of a path that never moves are those of θ₀
        return None, errors
    overall = precision_of(path[1:])
    if overall is not None:
        errors = _errors(overall, path)
    coarsest = overall
    for j, column in enumerate(path.T):
        own = precision_of(column[1:]) if len(set(column[1:].tolist())) >= LEAST_NUMBERS else None
        if own is not None:
            errors[:, j] = np.maximum(errors[:, j], _errors(own, column))
            coarsest = own if coarsest is None or _is_coarser(own, coarsest) else coarsest
    return coarsest, errors


def _is_coarser(one: Precision, other: Precision) -> bool:
    return one.unit == other.unit == "decimals" and one.number < other.number


def _errors(precision: Precision, numbers: FloatArray) -> FloatArray:
    errors = precision.half_unit(numbers)
    decimals = _decimals(numbers[1:])
    return errors if decimals is None else np.maximum(errors, 0.5 * 10.0**-decimals)
