"""The height of E above its minimum on a landscape: linear near the minimum, logarithmic beyond."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

_RATIOS = (1.5, 2.0, 4.0, 10.0, 1e2, 1e4, 1e8, 1e16, 1e22)
_MOST_LEVELS = 14
_LOWEST_SHARE = 0.02  # of the grid lies within the innermost contour
_FINEST = 1e-200  # of the range, so that no quotient overflows

Grid = npt.NDArray[Any]


class HeightMap(NamedTuple):
    """Heights, shape (n, m), NaN where E is not finite; `levels` are those of the contours, from the lowest.

    From contour to contour, E is `ratio` times as far above its lowest value. The page has the same levels.
    """

    low: float
    high: float
    ratio: float
    heights: Grid
    highest: float
    levels: list[float]

    def share(self, height: float) -> float:
        """Return a height as a part of the highest."""
        return height / (self.highest or 1.0)


def height_map(energy: list[list[float | None]]) -> HeightMap:
    """The height map of a grid of E, rows of numbers or None."""
    grid = np.array(energy, dtype=np.float64)
    known = np.sort(grid[np.isfinite(grid)])
    if len(known) == 0:
        return HeightMap(0.0, 0.0, _RATIOS[0], grid, 0.0, [])
    low, high = float(known[0]), float(known[-1])
    # np.ceil as the page's Math.ceil: both pictures have the same contours.
    unit = float(known[int(np.ceil(_LOWEST_SHARE * (len(known) - 1)))]) - low or (high - low) / 100
    unit = max(unit, _FINEST * (high - low)) or 1.0
    ratio = next((each for each in _RATIOS if unit * each**_MOST_LEVELS > high - low), _RATIOS[-1])
    levels, far = [], unit
    while far < high - low:
        levels.append(float(np.log1p(far / unit)))
        far *= ratio
    heights = np.log1p((grid - low) / unit)
    return HeightMap(low, high, ratio, heights, float(np.nanmax(heights)), levels)
