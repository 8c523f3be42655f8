"""What a claimed run needs before its first step: rows from the store become E(θ), the request a recipe."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection

from gd_engine import Model, Problem, Recipe, State, auto_learning_rate, pose_blocks, start, state_from
from gd_engine.arrays import FloatArray
from service.modelling import model_of, posing_of, recipe_of, split_of, theta0_of
from service.store import datasets
from service.store.database import Database
from service.store.runs import LeaseLostError


class Prepared(NamedTuple):
    """A descent that can begin, or go on at `state`."""

    problem: Problem
    recipe: Recipe
    state: State
    learning_rate: float


def prepare(database: Database, run: Any, go_on: Callable[[], None]) -> Prepared:
    """Reads the run's data and poses its problem. `go_on` is called between two chunks of data and may raise.

    Raises NoLearningRateError, LeaseLostError if the data is gone with the run, CorruptError if it is damaged.
    """
    model = model_of(run.request, run.dataset_features, run.classes)
    problem = _pose(database, run, model, go_on)
    theta0 = theta0_of(run.request, model)
    rate = run.request["descent"]["learning_rate"] if run.learning_rate is None else run.learning_rate
    if rate == "auto":
        rate = auto_learning_rate(problem.energy, theta0)
    go_on()
    recipe = recipe_of(run.request, rate)
    if run.checkpoint is None:
        return Prepared(problem, recipe, start(theta0, recipe.optimizer), rate)
    kept = np.frombuffer(run.checkpoint, dtype="<f8")
    return Prepared(problem, recipe, state_from(kept, run.rows_done, len(run.parameters)), rate)


def _pose(database: Database, run: Any, model: Model, go_on: Callable[[], None]) -> Problem:
    with database.reading() as connection:
        dataset = datasets.find(connection, run.dataset_id)
        if dataset is None:  # gone with the run
            raise LeaseLostError
        split = split_of(run.request, dataset.rows)
        return pose_blocks(model, _rows(connection, dataset, run, go_on), split, **posing_of(run.request))


def _rows(
    connection: Connection, dataset: Any, run: Any, go_on: Callable[[], None]
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """The dataset's rows block by block: x, and y with the code of its class for a label that is a number."""
    labels = None
    if run.classes is not None and not run.dataset_text_target:
        labels = np.array(run.classes, dtype=np.float64)
    for table in datasets.read(connection, dataset):
        go_on()
        x, y = table[:, :-1], table[:, -1]
        yield x, y if labels is None else np.searchsorted(labels, y).astype(np.float64)
