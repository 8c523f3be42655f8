"""Construction of E(θ) and the learning rate from a stored request and its rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from gd_engine import Model, Problem, auto_learning_rate, pose_blocks
from gd_engine.arrays import FloatArray
from service.core.column_choice import Sources, of_request, select_columns
from service.core.run_record import Classes, Run
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import model_of, posing_of, split_of
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError


def problem_of(database: Database, run: Run, go_on: Callable[[], None], *, reduce: bool = True) -> Problem:
    """E(θ) of a run. `reduce=False` keeps all rows. `go_on` is called before each chunk and may raise to interrupt.

    Raises GoneError for a deleted run, CorruptError for damaged rows.
    """
    with database.reading() as connection:
        dataset = datasets.find(connection, run.dataset_id)
        if dataset is None:
            raise GoneError("The run was deleted just now, and its data with it.")
        data = Data(
            dataset.rows, datasets.read(connection, dataset), of_request(dataset, run.request["dataset"]).sources
        )
        model = model_of(run.request, run.dataset_features, run.classes)
        return posed(run.request, model, data, run.classes, go_on, reduce=reduce)


class Data(NamedTuple):
    """Rows of a dataset: their number, arrays of shape (k, columns), and the places of features and target in a row."""

    rows: int
    tables: Iterable[FloatArray]
    sources: Sources | None


def posed(
    request: StoredRequest,
    model: Model,
    data: Data,
    classes: Classes,
    go_on: Callable[[], None] = lambda: None,
    *,
    reduce: bool = True,
) -> Problem:
    """The problem of a request on the rows. `classes` are those of the target; None for a regression."""
    options = posing_of(request)
    options["reduce"] = options["reduce"] and reduce
    return pose_blocks(model, _rows(data, classes, go_on), split_of(request, data.rows), **options)


def rate_of(request: StoredRequest, problem: Problem, theta0: FloatArray) -> float:
    """The learning rate as a number, computed for "auto". Raises NoLearningRateError."""
    rate = request["descent"]["learning_rate"]
    return auto_learning_rate(problem.energy, theta0) if isinstance(rate, str) else rate


def _rows(data: Data, classes: Classes, go_on: Callable[[], None]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Lazy iterator over the blocks (x, y)."""
    for table in data.tables:
        go_on()
        x, y = select_columns(table, data.sources)
        yield x, codes_of(y, classes)


def codes_of(y: FloatArray, classes: Classes) -> FloatArray:
    """The class codes of a target whose classes are whole numbers; a target of texts has codes already."""
    if not classes or isinstance(classes[0], str):
        return y
    return np.searchsorted(np.array(classes, dtype=np.float64), y).astype(np.float64)
