"""E on a grid around a run's path."""

from typing import Any

import numpy as np

from gd_engine.analysis.loss_landscape import Plane, landscape, parameter_plane, path_plane
from gd_engine.arrays import FloatArray
from service.analysis.pool_worker import NoAnswerError
from service.analysis.run_context import subject
from service.schemas.responses.analysis import DrawnPath, Landscape, LandscapeKind
from service.storage.database import Database

MOST_POINTS = 500
"""Steps of the path that are told: as many as a picture can show."""


def around(
    database: Database,
    seq: int,
    chosen: tuple[int, ...] | None,
    resolution: int,
    first: int,
    last: int,
    beside: tuple[int, ...] = (),
) -> Landscape:
    """E over the chosen parameters, numbers from 0, or for None over the path's own plane; the path from `first` to
    `last`, which are stored steps. The grid also holds the whole paths of the runs `beside`, with the same parameters.
    """
    of = subject(database, seq)
    parameters = of.run.parameters
    with np.errstate(all="ignore"):
        steps, theta, energy = of.path(range(first, last + 1), MOST_POINTS)
        paths = np.concatenate([*(_whole(database, other) for other in beside), theta])
        plane = path_plane(paths) if chosen is None else parameter_plane(chosen, theta[-1])
        found = landscape(of.problem(reduce=True), paths, plane, resolution=resolution)
    if not (np.isfinite(found.x).all() and np.isfinite(found.y).all()):
        raise NoAnswerError("The path goes too far to be drawn. Ask for its beginning, by to_step.")
    labels = [parameters[each] for each in chosen] if chosen else ["PC 1", "PC 2"]
    return {
        "run_id": of.run.id,
        "kind": _kind(chosen, len(parameters)),
        "parameters": parameters,
        "x": {"label": labels[0], "values": found.x},
        "y": {"label": labels[1] if len(labels) > 1 else None, "values": found.y},
        "energy": found.energy,
        "explained": plane.explained,
        "plane": {"origin": plane.origin, "axes": plane.axes},
        "path": _path(steps, found.path[-len(theta) :], energy, plane),
    }


def _whole(database: Database, seq: int) -> FloatArray:
    of = subject(database, seq)
    return of.path(range(of.run.rows_done), MOST_POINTS)[1]


def _kind(chosen: tuple[int, ...] | None, parameters: int) -> LandscapeKind:
    if chosen is None:
        return "pca"
    return "exact" if len(chosen) == parameters else "pair"


def _path(steps: Any, there: Any, energy: Any, plane: Plane) -> DrawnPath:
    y = there[:, 1] if len(plane.axes) > 1 else np.zeros(len(there))
    return {"step": steps, "x": there[:, 0], "y": y, "train_loss": energy}
