"""f(θ, x): at rows that somebody gives, and along a run's data at many of its steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gd_engine import Model
from gd_engine.arrays import FloatArray
from service.analysis.run_context import RunContext, subject
from service.core.dataset_record import ColumnSummary, Dataset
from service.engine_adapter.factory import split_of
from service.schemas.responses.analysis import Points, Predicted, PredictedAxis, Predictions
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

MOST_POINTS = 1_000
"""Rows of the data that are told: as many as a picture can show."""
MOST_NUMBERS = 1_000_000
"""Predictions in one answer."""
MARGIN = 0.05
"""How far the grid goes beyond the data, as a share of its extent."""


def at_rows(database: Database, seq: int, step: int, x: list[list[float]]) -> Predicted:
    """What the run predicts at a stored step for rows of features in the data's own units."""
    of = subject(database, seq)
    problem = of.problem(reduce=True)
    with np.errstate(all="ignore"):
        found = problem.model.predict(of.at([step])[1][0], problem.design(np.array(x, dtype=np.float64)))
    if problem.model.task == "regression":
        return {"run_id": of.run.id, "step": step, "y": found}
    chances = found.T if found.ndim > 1 else np.column_stack([1.0 - found, found])
    codes = chances.argmax(axis=1)
    classes = of.run.classes or []
    y = [classes[code] for code in codes]
    return {"run_id": of.run.id, "step": step, "y": y, "probabilities": chances}


def along_data(database: Database, seq: int, steps: int | None, points: int, most_steps: int, last: int) -> Predictions:
    """Predictions over the first feature, or the first two, all others held at their mean; at one step, or at many."""
    of = subject(database, seq)
    with database.reading() as connection:
        dataset = datasets.find(connection, of.run.dataset_id)
        if dataset is None:
            raise GoneError("The run was deleted just now.")
        picked = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, MOST_POINTS)).round().astype(np.int64))
        drawn = _rows(connection, dataset, picked)
    summary = dataset.summary[:-1]
    sides = [_side(column, points) for column in summary[:2]]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, len(sides))
    held = {column["name"]: column["mean"] for column in summary[2:]}
    x = np.hstack([grid, np.tile(list(held.values()), (len(grid), 1))]) if held else grid
    x = np.vstack([x, drawn[:, :-1]])
    most = max(3, min(most_steps, MOST_NUMBERS // len(x)))
    with np.errstate(all="ignore"):
        problem = of.problem(reduce=True)
        numbers, theta, _ = of.path(range(last + 1), most) if steps is None else of.at([steps])
        design = problem.design(x)
        predicted = [_drawn(problem.model, each, design) for each in theta]
    return {
        "run_id": of.run.id,
        "features": of.run.dataset_features,
        "classes": of.run.classes,
        "x": _axis(summary, sides, 0),
        "y": _axis(summary, sides, 1) if len(sides) > 1 else None,
        "held": held,
        "step": numbers,
        "prediction": [each[: len(grid)] for each in predicted],
        "fitted": [each[len(grid) :] for each in predicted],
        "points": _points(of, drawn, picked),
    }


def _drawn(model: Model, theta: FloatArray, design: FloatArray) -> Any:
    """Numbers, or the chance of the second of two classes, or the place of the likeliest of several."""
    found = model.predict(theta, design)
    return found if found.ndim == 1 else found.argmax(axis=0)


def _side(column: ColumnSummary, points: int) -> FloatArray:
    low, high = column["min"], column["max"]
    reach = MARGIN * (high - low) or 1.0
    return np.linspace(low - reach, high + reach, points)


def _axis(summary: Sequence[ColumnSummary], sides: Sequence[FloatArray], place: int) -> PredictedAxis:
    return {"feature": summary[place]["name"], "values": sides[place]}


def _rows(connection: Any, dataset: Dataset, picked: Any) -> FloatArray:
    parts, first = [], 0
    for table in datasets.read(connection, dataset):
        low, high = np.searchsorted(picked, [first, first + len(table)])
        parts.append(table[picked[low:high] - first])
        first += len(table)
    return np.concatenate(parts)


def _points(of: RunContext, drawn: FloatArray, picked: Any) -> Points:
    y = drawn[:, -1]
    if of.run.classes and not of.run.dataset_text_target:
        y = np.searchsorted(np.array(of.run.classes, dtype=np.float64), y).astype(np.float64)
    test = split_of(of.run.request, of.run.dataset_rows).test
    return {
        "x": drawn[:, :-1],
        "y": y,
        "test": np.isin(picked, test).tolist(),
    }
