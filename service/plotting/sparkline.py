"""A curve in one line of text."""

import math
from collections.abc import Sequence

from service.plotting.axes import Axis

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None], width: int = 40) -> str:
    """Draws at most `width` evenly spread values on a logarithmic scale, among them the first and the last.

    A value that is None, NaN, infinite or ≤ 0 is a space.
    """
    count = min(len(values), width)
    if count < len(values):
        values = [values[round(i * (len(values) - 1) / max(count - 1, 1))] for i in range(count)]
    shown = [value for value in values if value is not None and value > 0 and math.isfinite(value)]
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    if math.log10(low) == math.log10(high):  # one height
        return "".join(BLOCKS[0] if value in shown else " " for value in values)
    axis = Axis(low, high, log=True)
    places = (axis.place(value) for value in values)
    return "".join(" " if place is None else BLOCKS[round(place * (len(BLOCKS) - 1))] for place in places)
