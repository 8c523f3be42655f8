"""Precision of printed numbers: the decimals or significant digits to which all of them are rounded."""

from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray

MOST = 10
"""The most decimals or digits. Numbers with more of them are taken as unrounded."""
LEAST_DIGITS = 2
"""The fewest digits of the greatest number: fewer tell nothing."""


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
    decimals = next((count for count in range(1, MOST + 1) if (np.round(flat, count) == flat).all()), None)
    fewer = MOST if decimals is None else min(MOST, before_point + decimals - 1)
    for count in range(LEAST_DIGITS, fewer + 1):
        if all(float(f"{number:.{count - 1}e}") == number for number in flat.tolist()):
            return Precision("significant_digits", count)
    if decimals is None or before_point + decimals < LEAST_DIGITS:
        return None
    return Precision("decimals", decimals)
