"""E on a grid around the path of a descent: over two of the parameters, or over the plane that the path lies in."""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.evaluator import Evaluator
from gd_engine.problem import Problem

MARGIN = 0.25
"""How far the grid goes beyond the path, as a share of the path's extent."""


class Plane(NamedTuple):
    """The points origin + a·axes: `origin` has shape (p,), `axes` (2, p), or (1, p) where there is one parameter.

    `explained` is the share of the path's variance along each axis, for axes that were taken from the path.
    """

    origin: FloatArray
    axes: FloatArray
    explained: tuple[float, ...] | None = None

    def coordinates(self, theta: FloatArray) -> FloatArray:
        """Where θ, shape (k, p), lies on the plane, or above it: shape (k, a). The axes are orthonormal."""
        return (theta - self.origin) @ self.axes.T

    def theta(self, coordinates: FloatArray) -> FloatArray:
        """The θ of points of the plane: shape (k, a) → (k, p)."""
        return self.origin + coordinates @ self.axes


class Landscape(NamedTuple):
    """E at x, shape (m,), and y, shape (n,): an array of shape (n, m) that need not be finite. And the path there."""

    plane: Plane
    x: FloatArray
    y: FloatArray
    energy: FloatArray
    path: FloatArray


def parameter_plane(chosen: tuple[int, ...], theta: FloatArray) -> Plane:
    """The plane of one or two parameters, all others held at θ. Coordinates are the parameters' own numbers."""
    origin = theta.copy()
    origin[list(chosen)] = 0.0
    return Plane(origin, np.eye(len(theta))[list(chosen)])


def path_plane(path: FloatArray) -> Plane:
    """The plane that is closest to a path, shape (k, p), by its principal components (Pearson, 1901).

    It goes through the path's end. A path on a straight line has a second axis at right angles to it.
    """
    centre = path.mean(axis=0)
    _, sizes, axes = np.linalg.svd(path - centre, full_matrices=path.shape[1] <= 2 or len(path) < 2)
    variance = np.zeros(len(axes))
    variance[: len(sizes)] = sizes**2
    total = float(variance.sum()) or 1.0
    # An axis points the way the path goes, so that a picture does not depend on the sign that a solver happens to give.
    way = np.where((path[-1] - path[0]) @ axes[:2].T < 0, -1.0, 1.0)
    return Plane(path[-1].copy(), axes[:2] * way[:, None], tuple(float(v) / total for v in variance[:2]))


def landscape(problem: Problem, path: FloatArray, plane: Plane, *, resolution: int = 49) -> Landscape:
    """E around a path, shape (k, p), at `resolution` points a side."""
    there = plane.coordinates(path)
    sides = _sides(there, resolution)
    x, y = sides[0], sides[1] if len(sides) > 1 else np.zeros(1)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)[:, : len(sides)]
    with np.errstate(all="ignore"):
        evaluator = Evaluator(problem, replay=True)
        energy = np.array([evaluator.energy(theta) for theta in plane.theta(grid)])
    return Landscape(plane, x, y, energy.reshape(len(y), len(x)), there)


def _sides(there: FloatArray, resolution: int) -> list[FloatArray]:
    low, high = there.min(axis=0), there.max(axis=0)
    extent = high - low
    # A path that keeps to one line, or to one point, is still shown with some ground to its sides.
    extent = np.where(extent > 0.02 * extent.max(), extent, 0.5 * extent.max() or 1.0)
    middle = (low + high) / 2
    reach = extent * (0.5 + MARGIN)
    return [np.linspace(m - r, m + r, resolution) for m, r in zip(middle, reach, strict=True)]
