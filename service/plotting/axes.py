"""Curves, and axes with their ticks."""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

Stroke = list[tuple[float, float]]
"""The points of a curve between two gaps: x to the right and y upwards, both from 0 to 1."""


class Curve(NamedTuple):
    """A named series: `values[i]` belongs to `steps[i]`."""

    name: str
    steps: Sequence[int]
    values: Sequence[float | None]


class Axis(NamedTuple):
    """The numbers from `low` to `high`, both finite and `low` < `high`; both positive on a logarithmic axis."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float | None) -> float | None:
        """The position of a value between `low` (0) and `high` (1); None if the axis cannot show it."""
        if value is None or not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, here, high = (math.log10(v) if self.log else v / self._unit() for v in (self.low, value, self.high))
        return (here - low) / (high - low)

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """Return the places and labels of about `count` round numbers."""
        values, digits = self._powers(count) if self.log else [], 1
        if len(values) < 3:
            values, digits = self._multiples(count)
        placed = [(self.place(value), value) for value in values]
        return [(p, number(v, digits)) for p, v in placed if p is not None and -1e-9 <= p <= 1 + 1e-9]

    def _powers(self, count: int) -> list[float]:
        """Return the powers of ten, every so many when there are many, with their double and fivefold when few."""
        first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
        stride = round(_round_up((last - first) / count)) if last - first > count else 1
        mantissas = (1, 2, 5) if last - first < 2 else (1,)
        powers = range(math.floor(first / stride) * stride - stride, last + 1, stride)
        return [v for k in powers for m in mantissas if self.low <= (v := float(f"{m}e{k}")) <= self.high]

    def _multiples(self, count: int) -> tuple[list[float], int]:
        """Return multiples of 1, 2 or 5 times a power of ten, and how many digits tell them apart."""
        unit = self._unit()
        low, high = self.low / unit, self.high / unit
        step = _round_up((high - low) / count)
        digits = math.ceil(math.log10(max(abs(low), abs(high)) / step)) + 1
        return [
            k * step * unit for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        ], digits

    def _unit(self) -> float:
        """Return the power of ten in whose units both ends have an ordinary size, so that no difference overflows."""
        return float(10.0 ** max(math.floor(math.log10(max(abs(self.low), abs(self.high)))), -300))


def value_axis(curves: Iterable[Curve]) -> Axis | None:
    """Return the logarithmic axis that holds every value that can be drawn, wider where all are the same."""
    values = [v for curve in curves for v in curve.values if v is not None and 0 < v < math.inf]
    if not values:
        return None
    low, high = min(values), max(values)
    if low / high < 1 - 1e-9:
        return Axis(low, high, log=True)
    return Axis(max(low / 2, 5e-324), min(high, sys.float_info.max / 2) * 2, log=True)


def function_axis(curve: Curve) -> Axis | None:
    """Return the axis of the values of a function: as `value_axis`, but linear if one is negative."""
    finite = [v for v in curve.values if v is not None and math.isfinite(v)]
    return with_room(min(finite), max(finite)) if min(finite, default=0.0) < 0 else value_axis([curve])


def with_room(low: float, high: float) -> Axis:
    """Return the linear axis of a curve, with some room on both sides; a constant has room too, however large it is."""
    room = max(0.06 * (high - low) or 1.0, 1e-9 * max(abs(low), abs(high)))
    return Axis(max(low - room, -sys.float_info.max), min(high + room, sys.float_info.max))


def step_axis(curves: Iterable[Curve], *more: int) -> Axis:
    """Return the axis that holds every step, and those given besides."""
    steps = [*more, *(step for curve in curves for step in curve.steps)]
    low = min(steps, default=0)
    return Axis(low, max([*steps, low + 1]))


def strokes(curve: Curve, across: Axis, up: Axis) -> Iterator[Stroke]:
    """Yield the pieces of a curve between its gaps."""
    stroke: Stroke = []
    for step, value in zip(curve.steps, curve.values, strict=False):
        x, y = across.place(step), up.place(value)
        if x is not None and y is not None:
            stroke.append((x, y))
        elif stroke:
            yield stroke
            stroke = []
    if stroke:
        yield stroke


def number(value: float, digits: int = 3) -> str:
    """Write a finite number with at most `digits` significant digits: 0.25, 1500, 3e5, 1e-7."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if -5 < int(exponent) < 6:
        return f"{float(f'{mantissa}e{exponent}'):.15g}"
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def _round_up(value: float) -> float:
    """Return the first of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is not smaller."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((m * power for m in (1, 2, 5) if m * power >= value * (1 - 1e-9)), 10 * power)
