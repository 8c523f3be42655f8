"""Construction of E(θ) and the learning rate from a stored request and its rows."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from sqlalchemy import Connection

from gd_engine import (
    Model,
    NoLearningRateError,
    Problem,
    Split,
    auto_learning_rate,
    feature_scaling,
    pose_blocks,
)
from gd_engine.arrays import FloatArray
from service.core.dataset_record import Dataset
from service.core.run_record import Classes, Run
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import is_stratified, model_of, posing_of, split_of, standardization_of
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

Tables = Callable[[], Iterable[FloatArray]]
"""The rows of the data from the first on, at each call: arrays of shape (k, d + 1), the features, then y."""


def problem_of(database: Database, run: Run, go_on: Callable[[], None], *, reduce: bool = True) -> Problem:
    """E(θ) of a run. `reduce=False` keeps all rows. `go_on` is called before each chunk and may raise to interrupt.

    Raises GoneError for a deleted run, CorruptError for damaged rows.
    """
    with database.reading() as connection:
        dataset = _dataset_of(connection, run)
        tables = partial(datasets.read, connection, dataset)
        model = model_of(run.request, run.dataset_features, run.classes)
        return posed(run.request, model, dataset.rows, tables, _labels(run), go_on, reduce=reduce)


def split_of_run(connection: Connection, run: Run) -> Split:
    """The split of a run's rows. Raises GoneError for a deleted run."""
    dataset = _dataset_of(connection, run)
    return _split(run.request, dataset.rows, partial(datasets.read, connection, dataset), _labels(run), lambda: None)


def _dataset_of(connection: Connection, run: Run) -> Dataset:
    dataset = datasets.find(connection, run.dataset_id)
    if dataset is None:
        raise GoneError("The run was deleted just now, and its data with it.")
    return dataset


def _labels(run: Run) -> Classes:
    return None if run.dataset_text_target else run.classes


def posed(
    request: StoredRequest,
    model: Model,
    count: int,
    tables: Tables,
    labels: Classes,
    go_on: Callable[[], None] = lambda: None,
    *,
    reduce: bool = True,
) -> Problem:
    """The problem of a request on `count` rows.

    `labels` are the class labels of a numeric y; None for regression and for a text target, whose y holds codes. A
    stratified split and features that are scaled before their powers take another look at the rows each.
    """
    options = posing_of(request)
    options["reduce"] = options["reduce"] and reduce
    split = _split(request, count, tables, labels, go_on)
    if standardization_of(request).before_powers:
        options["features"] = feature_scaling(model, _rows(tables(), labels, go_on), split.train)
    return pose_blocks(model, _rows(tables(), labels, go_on), split, **options)


def _split(request: StoredRequest, count: int, tables: Tables, labels: Classes, go_on: Callable[[], None]) -> Split:
    classes = None
    if is_stratified(request):
        classes = np.concatenate([y.astype(np.int64) for _, y in _rows(tables(), labels, go_on)])
    return split_of(request, count, classes)


def rate_of(request: StoredRequest, problem: Problem, theta0: FloatArray) -> float:
    """The learning rate as a number, computed for "auto". Raises NoLearningRateError."""
    rate = request["descent"]["learning_rate"]
    if not isinstance(rate, str):
        return rate
    try:
        return auto_learning_rate(problem.energy, theta0)
    except NoLearningRateError as error:
        part = problem.undefined(theta0)
        if part is None:
            raise
        hint = "Give another theta0, leave the row out, or write the formula so that it has a value there."
        raise NoLearningRateError(f"{part.sentence}. {hint}") from error


def _rows(
    tables: Iterable[FloatArray], labels: Classes, go_on: Callable[[], None]
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Lazy iterator over the blocks (x, y). Class codes replace numeric labels in y."""
    known = None if labels is None else np.array(labels, dtype=np.float64)
    for table in tables:
        go_on()
        x, y = table[:, :-1], table[:, -1]
        yield x, y if known is None else np.searchsorted(known, y).astype(np.float64)
