"""Predictions f(θ, x): for given rows, and over a grid of the data at several steps of a run."""

import csv
from io import StringIO
from math import isfinite
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from gd_engine import Problem
from gd_engine.arrays import FloatArray, IntArray
from gd_engine.metrics import predicted_classes
from service.analysis.run_context import RunContext, StoredPath, run_context
from service.core.column_choice import of_request, select_columns
from service.core.dataset_record import Column, Dataset
from service.core.run_record import Run
from service.engine_adapter.problems import codes_of, split_of_run
from service.schemas.responses.analysis import Points, Predicted, Predictions
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

MOST_POINTS = 1_000
"""The maximum number of drawn rows of the data."""
MOST_NUMBERS = 1_000_000
"""The maximum number of predictions in one answer."""
BLOCK_VALUES = 1 << 20
"""The numbers of the rows that are predicted at a time, 8 MiB."""
MARGIN = 0.05
"""The margin of the grid around the data, as a share of their range."""


class RowsRequest(NamedTuple):
    """Rows of features in the units of the data, for the stored θ of `step`."""

    seq: int
    step: int
    x: FloatArray


class GridRequest(NamedTuple):
    """A grid with `points` along each axis, for at most `most_steps` steps of the path."""

    path: StoredPath
    points: int
    most_steps: int


def row_values(run: Run) -> int:
    """The numbers that a prediction needs in memory: a row of features, of the design, of a layer, of probabilities."""
    model = run.request["model"]
    powers = len(run.parameters) if model["kind"] == "polynomial" else 0
    return max(len(run.dataset_features), powers, *model.get("hidden", ()), 1 + len(run.classes or ()))


def at_rows(database: Database, request: RowsRequest) -> Predicted:
    """The predictions of the run for the rows."""
    step = request.step
    context = run_context(database, request.seq)
    problem, theta = context.problem(reduce=True), context.at([step])[1][0]
    height = max(1, BLOCK_VALUES // row_values(context.run))
    blocks = [request.x[first : first + height] for first in range(0, len(request.x), height)]
    with np.errstate(all="ignore"):
        predicted = np.concatenate([problem.predict(theta, problem.design(block)) for block in blocks], axis=-1)
    if problem.model.task == "regression":
        return {"run_id": context.run.id, "step": step, "y": predicted}
    probabilities = predicted.T if predicted.ndim > 1 else np.column_stack([1.0 - predicted, predicted])
    classes = context.run.classes or []
    y = [classes[code] for code in predicted_classes(predicted)]
    return {"run_id": context.run.id, "step": step, "y": y, "probabilities": probabilities}


def csv_header(run: Run) -> bytes:
    """The first line of predictions as CSV: the target, and of a classification P(label) for each class."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(
        [run.dataset_target, *(f"P({label})" for label in run.classes or ())]
    )
    return text.getvalue().encode()


def csv_at_rows(database: Database, request: RowsRequest) -> bytes:
    """The predictions as lines of CSV, without a header; a number that is not finite is an empty cell."""
    found, text = at_rows(database, request), StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if "probabilities" in found:
        probabilities = np.asarray(found["probabilities"]).tolist()
        writer.writerows([label, *map(_cell, row)] for label, row in zip(found["y"], probabilities, strict=True))
    else:
        writer.writerows([_cell(value)] for value in np.asarray(found["y"]).tolist())
    return text.getvalue().encode()


def _cell(value: float) -> float | str:
    return value if isfinite(value) else ""


def along_data(database: Database, request: GridRequest) -> Predictions:
    """Predictions at one step or at several, over a grid of the first one or two features, the others at their mean."""
    context = run_context(database, request.path.seq)
    with database.reading() as connection:
        dataset_id = context.run.dataset_id
        dataset = None if dataset_id is None else datasets.find(connection, dataset_id)
        if dataset is None:
            raise GoneError("The run was deleted just now.")
        selected = np.unique(np.linspace(0, dataset.rows - 1, min(dataset.rows, MOST_POINTS)).round().astype(np.int64))
        choice = of_request(dataset, context.run.request["dataset"])
        drawn, y = select_columns(_rows(connection, dataset, selected), choice.sources)
        test = split_of_run(connection, context.run).test
    features = choice.columns
    sides = [_side(column, drawn[:, j], request.points) for j, column in enumerate(features[:2])]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, len(sides))
    means = {column["name"]: _mean(column, drawn[:, j]) for j, column in enumerate(features[2:], start=2)}
    x = np.hstack([grid, np.tile(list(means.values()), (len(grid), 1))]) if means else grid
    x = np.vstack([x, drawn])
    most = max(3, min(request.most_steps, MOST_NUMBERS // len(x)))
    with np.errstate(all="ignore"):
        problem = context.problem(reduce=True)
        numbers, theta, _ = context.at(request.path.thinned(most))
        design = problem.design(x)
        predicted = [_drawn_values(problem, each, design) for each in theta]
    return {
        "run_id": context.run.id,
        "features": context.run.dataset_features,
        "classes": context.run.classes,
        "x": {"feature": features[0]["name"], "values": sides[0]},
        "y": {"feature": features[1]["name"], "values": sides[1]} if len(sides) > 1 else None,
        "held": means,
        "step": numbers,
        "prediction": [each[: len(grid)] for each in predicted],
        "fitted": [each[len(grid) :] for each in predicted],
        "points": _points(context, drawn, y, selected, test),
    }


def _drawn_values(problem: Problem, theta: FloatArray, design: FloatArray) -> FloatArray | IntArray:
    """Predicted numbers, the probability of the second of two classes, or the index of the likeliest of several."""
    predicted = problem.predict(theta, design)
    return predicted if predicted.ndim == 1 else predicted_classes(predicted)


def _side(column: Column, drawn: FloatArray, points: int) -> FloatArray:
    """The grid along a feature. A damaged summary of an earlier version has no range; the drawn rows have."""
    low, high = column["min"], column["max"]
    if low is None or high is None:
        low, high = float(drawn.min()), float(drawn.max())
    margin = MARGIN * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, points)


def _rows(connection: Connection, dataset: Dataset, selected: IntArray) -> FloatArray:
    parts, first = [], 0
    for table in datasets.read(connection, dataset):
        low, high = np.searchsorted(selected, [first, first + len(table)])
        parts.append(table[selected[low:high] - first])
        first += len(table)
    return np.concatenate(parts)


def _mean(column: Column, drawn: FloatArray) -> float:
    return float(drawn.mean()) if column["mean"] is None else column["mean"]


def _points(context: RunContext, x: FloatArray, y: FloatArray, selected: IntArray, test: IntArray) -> Points:
    run = context.run
    return {
        "x": x,
        "y": codes_of(y, run.classes),
        "test": np.isin(selected, test).tolist(),
    }
