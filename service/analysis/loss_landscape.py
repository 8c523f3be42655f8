"""Loss landscape: E on a grid around the path of a run."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gd_engine import BenchmarkFunction
from gd_engine.analysis.loss_landscape import Plane, landscape, parameter_plane, path_plane
from gd_engine.arrays import FloatArray, IntArray
from service.analysis.pool_worker import NoAnswerError
from service.analysis.run_context import StoredPath, run_context
from service.schemas.responses.analysis import DrawnMinimum, DrawnPath, Landscape, LandscapeKind
from service.storage.database import Database

MOST_POINTS = 500
"""The maximum number of drawn steps of a path."""


class LandscapeRequest(NamedTuple):
    """The landscape around a path, over the chosen parameters, by index from 0, or for None over the principal plane.

    The grid has `resolution` points along each axis. It also covers the paths `beside`, of runs with the same
    parameters. For a function with a window it covers the window, if `windowed`.
    """

    path: StoredPath
    chosen: tuple[int, ...] | None
    resolution: int
    beside: tuple[StoredPath, ...] = ()
    windowed: bool = False


def around(database: Database, request: LandscapeRequest) -> Landscape:
    """E over the plane of the request."""
    context = run_context(database, request.path.seq)
    parameters, chosen = context.run.parameters, request.chosen
    known = context.known_function
    with np.errstate(all="ignore"):
        steps, theta, energy = context.at(request.path.thinned(MOST_POINTS))
        window = _window(known, request, parameters)
        if window is not None and chosen is not None:
            count = _count_to_last_within(window, theta[:, list(chosen)])
            window = window if count else None  # a path that never is in the window has a landscape around it
            steps, theta, energy = steps[: count or None], theta[: count or None], energy[: count or None]
        paths = np.concatenate([*(_theta(database, other) for other in request.beside), theta])
        plane = path_plane(paths) if chosen is None else parameter_plane(chosen, theta[-1])
        problem = context.problem(reduce=True)
        found = landscape(problem, paths, plane, resolution=request.resolution, window=window)
    if not (np.isfinite(found.x).all() and np.isfinite(found.y).all()):
        raise NoAnswerError("The path is too long to draw: its coordinates are not finite. Set a smaller to_step.")
    labels = [parameters[each] for each in chosen] if chosen else ["PC 1", "PC 2"]
    return {
        "run_id": context.run.id,
        "kind": _kind(chosen, len(parameters)),
        "parameters": parameters,
        "x": {"label": labels[0], "values": found.x},
        "y": {"label": labels[1] if len(labels) > 1 else None, "values": found.y},
        "energy": found.energy,
        "explained": plane.explained,
        "plane": {"origin": plane.origin, "axes": plane.axes},
        "path": _path(steps, found.path[-len(theta) :], energy, plane),
        "minima": [] if known is None or chosen is None else _minima(known, [parameters[each] for each in chosen]),
    }


def _window(
    known: BenchmarkFunction | None, request: LandscapeRequest, parameters: Sequence[str]
) -> list[tuple[float, float]] | None:
    """The range of each chosen parameter in the window of a function; None without a window."""
    if known is None or request.chosen is None or not request.windowed:
        return None
    return [known.window[parameters[each]] for each in request.chosen]


def _count_to_last_within(window: Sequence[tuple[float, float]], points: FloatArray) -> int:
    """The number of points, shape (k, a), up to the last one in a window: a diverging path leaves it for good."""
    low, high = np.array(window).T
    within = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    return int(within[-1]) + 1 if len(within) else 0


def _minima(known: BenchmarkFunction, axes: Sequence[str]) -> list[DrawnMinimum]:
    """The minima of a function by their coordinates; its window has no other parameters than the axes."""
    points = [[minimum.theta[name] for name in axes] for minimum in known.minima]
    return [
        {"x": point[0], "y": point[1] if len(point) > 1 else 0.0, "value": minimum.value}
        for point, minimum in zip(points, known.minima, strict=True)
    ]


def _theta(database: Database, path: StoredPath) -> FloatArray:
    return run_context(database, path.seq).at(path.thinned(MOST_POINTS))[1]


def _kind(chosen: tuple[int, ...] | None, parameters: int) -> LandscapeKind:
    if chosen is None:
        return "pca"
    return "exact" if len(chosen) == parameters else "pair"


def _path(steps: IntArray, points: FloatArray, energy: FloatArray, plane: Plane) -> DrawnPath:
    y = points[:, 1] if len(plane.axes) > 1 else np.zeros(len(points))
    return {"step": steps, "x": points[:, 0], "y": y, "train_loss": energy}
