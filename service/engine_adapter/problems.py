"""Construction of E(θ) and the learning rate from a stored request and its rows."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gd_engine import Model, Problem, auto_learning_rate, pose_blocks
from gd_engine.arrays import FloatArray
from service.core.run_record import Classes, Run
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import model_of, posing_of, split_of
from service.engine_adapter.functions import function_problem
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError


def problem_of(database: Database, run: Run, go_on: Callable[[], None], *, reduce: bool = True) -> Problem:
    """E(θ) of a run. `reduce=False` keeps all rows. `go_on` is called before each chunk and may raise to interrupt.

    Raises GoneError for a deleted run, CorruptError for damaged rows.
    """
    if run.dataset_id is None:
        return function_problem(run.request)
    with database.reading() as connection:
        dataset = datasets.find(connection, run.dataset_id)
        if dataset is None:
            raise GoneError("The run was deleted just now, and its data with it.")
        labels = None if run.dataset_text_target else run.classes
        tables = datasets.read(connection, dataset)
        model = model_of(run.request, run.dataset_features, run.classes)
        return posed(run.request, model, dataset.rows, tables, labels, go_on, reduce=reduce)


def posed(
    request: StoredRequest,
    model: Model,
    count: int,
    tables: Iterable[FloatArray],
    labels: Classes,
    go_on: Callable[[], None] = lambda: None,
    *,
    reduce: bool = True,
) -> Problem:
    """The problem of a request on `count` rows. `tables` are arrays of shape (k, d + 1): the features, then y.

    `labels` are the class labels of a numeric y; None for regression and for a text target, whose y holds codes.
    """
    options = posing_of(request)
    options["reduce"] = options["reduce"] and reduce
    return pose_blocks(model, _rows(tables, labels, go_on), split_of(request, count), **options)


def rate_of(request: StoredRequest, problem: Problem, theta0: FloatArray) -> float:
    """The learning rate as a number, computed for "auto". Raises NoLearningRateError."""
    rate = request["descent"]["learning_rate"]
    return auto_learning_rate(problem.energy, theta0) if isinstance(rate, str) else rate


def _rows(
    tables: Iterable[FloatArray], labels: Classes, go_on: Callable[[], None]
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Lazy iterator over the blocks (x, y). Class codes replace numeric labels in y."""
    known = None if labels is None else np.array(labels, dtype=np.float64)
    for table in tables:
        go_on()
        x, y = table[:, :-1], table[:, -1]
        yield x, y if known is None else np.searchsorted(known, y).astype(np.float64)
