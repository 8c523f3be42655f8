"""Loss landscape: E on a grid around a descent's path, over two parameters or over the path's principal plane."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.evaluator import Evaluator
from gd_engine.problem import Problem

MARGIN = 0.25
"""The grid's margin beyond the path, as a share of the path's extent."""
LEAST_REACH = 1e-12
"""The least distance from a grid's middle to its side, as a share of the middle: a few thousand float64 numbers."""


class Plane(NamedTuple):
    """The points origin + a·axes: `origin` has shape (p,), `axes` (2, p), or (1, p) for one parameter.

    `explained` is the share of the path's variance along each axis, for principal axes of a path.
    """

    origin: FloatArray
    axes: FloatArray
    explained: tuple[float, ...] | None = None

    def coordinates(self, theta: FloatArray) -> FloatArray:
        """Coordinates of the projection of θ, shape (k, p), on the plane: shape (k, a). The axes are orthonormal."""
        return (theta - self.origin) @ self.axes.T

    def theta(self, coordinates: FloatArray) -> FloatArray:
        """The θ of points of the plane: shape (k, a) → (k, p)."""
        return self.origin + coordinates @ self.axes


class Landscape(NamedTuple):
    """E, shape (n, m), at the grid of x, shape (m,), and y, shape (n,), and the path's coordinates, shape (k, a).

    E may be infinite or NaN.
    """

    plane: Plane
    x: FloatArray
    y: FloatArray
    energy: FloatArray
    path: FloatArray


def parameter_plane(chosen: tuple[int, ...], theta: FloatArray) -> Plane:
    """The plane of one or two parameters; the others are fixed at θ. Coordinates are the parameters' values."""
    origin = theta.copy()
    origin[list(chosen)] = 0.0
    return Plane(origin, np.eye(len(theta))[list(chosen)])


def path_plane(path: FloatArray) -> Plane:
    """The plane closest to a path, shape (k, p), by principal components (Pearson, 1901), through the path's end.

    The second axis of a straight path is orthogonal to it.
    """
    centre = path.mean(axis=0)
    _, sizes, axes = np.linalg.svd(path - centre, full_matrices=path.shape[1] <= 2 or len(path) < 2)
    variance = np.zeros(len(axes))
    variance[: len(sizes)] = sizes**2
    total = float(variance.sum()) or 1.0
    # Axes point in the path's direction, so a picture does not depend on the solver's choice of sign.
    sign = np.where((path[-1] - path[0]) @ axes[:2].T < 0, -1.0, 1.0)
    return Plane(path[-1].copy(), axes[:2] * sign[:, None], tuple(float(v) / total for v in variance[:2]))


def landscape(
    problem: Problem,
    path: FloatArray,
    plane: Plane,
    *,
    resolution: int = 49,
    window: Sequence[tuple[float, float]] | None = None,
) -> Landscape:
    """The landscape around a path, shape (k, p), with `resolution` points a side, or over a window.

    `window` has the range of each coordinate; the path may leave it.
    """
    there = plane.coordinates(path)
    sides = _sides(there, resolution) if window is None else [np.linspace(*side, resolution) for side in window]
    x, y = sides[0], sides[1] if len(sides) > 1 else np.zeros(1)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)[:, : len(sides)]
    with np.errstate(all="ignore"):
        evaluator = Evaluator(problem, replay=True)
        energy = np.array([evaluator.energy(theta) for theta in plane.theta(grid)])
    return Landscape(plane, x, y, energy.reshape(len(y), len(x)), there)


def _sides(there: FloatArray, resolution: int) -> list[FloatArray]:
    low, high = there.min(axis=0), there.max(axis=0)
    extent = high - low
    # A straight path, or a single point, still gets a grid of some width.
    extent = np.where(extent > 0.02 * extent.max(), extent, 0.5 * extent.max() or 1.0)
    middle = (low + high) / 2
    reach = np.maximum(extent * (0.5 + MARGIN), LEAST_REACH * np.abs(middle))
    return [np.linspace(m - r, m + r, resolution) for m, r in zip(middle, reach, strict=True)]
