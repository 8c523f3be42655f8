"""Construction of E(θ) and the learning rate from a stored request and its rows."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from gd_engine import (
    Model,
    NotFiniteError,
    Problem,
    Split,
    auto_learning_rate,
    feature_scaling,
    pose_blocks,
)
from gd_engine.arrays import FloatArray
from service.core.column_choice import Sources, of_request, select_columns
from service.core.run_record import Classes, Run
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import is_stratified, model_of, posing_of, split_of, standardization_of
from service.engine_adapter.functions import function_problem
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError


def problem_of(database: Database, run: Run, go_on: Callable[[], object], *, reduce: bool = True) -> Problem:
    """E(θ) of a run. `reduce=False` keeps all rows. `go_on` is called before each chunk and may raise to interrupt.

    Raises GoneError for a deleted run, CorruptError for damaged rows.
    """
    if run.dataset_id is None:
        return function_problem(run.request)
    with database.reading() as connection:
        data = _data_of(connection, run)
        model = model_of(run.request, run.dataset_features, run.classes)
        return posed(run.request, model, data, run.classes, go_on, reduce=reduce)


class Data(NamedTuple):
    """Rows of a dataset: their number, and the places of features and target in a row.

    `tables()` yields the rows as arrays of shape (k, columns), and is repeatable.
    """

    rows: int
    tables: Callable[[], Iterable[FloatArray]]
    sources: Sources | None


def split_of_run(connection: Connection, run: Run) -> Split:
    """The split of a run's rows. Raises GoneError for a deleted run."""
    return _split(run.request, _data_of(connection, run), run.classes, lambda: None)


def _data_of(connection: Connection, run: Run) -> Data:
    dataset = None if run.dataset_id is None else datasets.find(connection, run.dataset_id)
    if dataset is None:
        raise GoneError("The run was deleted just now, and its data with it.")
    sources = of_request(dataset, run.request["dataset"]).sources
    return Data(dataset.rows, partial(datasets.read, connection, dataset), sources)


def posed(
    request: StoredRequest,
    model: Model,
    data: Data,
    classes: Classes,
    go_on: Callable[[], object] = lambda: None,
    *,
    reduce: bool = True,
) -> Problem:
    """The problem of a request on the rows. `classes` are those of the target; None for a regression.

    A stratified split and features that are scaled before their powers take another look at the rows each.
    """
    options = posing_of(request)
    options["reduce"] = options["reduce"] and reduce
    split = _split(request, data, classes, go_on)
    if standardization_of(request).before_powers:
        options["features"] = feature_scaling(model, _rows(data, classes, go_on), split.train)
    return pose_blocks(model, _rows(data, classes, go_on), split, **options)


def _split(request: StoredRequest, data: Data, classes: Classes, go_on: Callable[[], object]) -> Split:
    codes = None
    if is_stratified(request):
        codes = np.concatenate([y.astype(np.int64) for _, y in _rows(data, classes, go_on)])
    return split_of(request, data.rows, codes)


def rate_of(
    request: StoredRequest, problem: Problem, theta0: FloatArray, go_on: Callable[[], object] = lambda: None
) -> float:
    """The learning rate as a number, computed for "auto". `go_on` is called before each E and may raise to interrupt.

    Raises NoLearningRateError.
    """
    rate = request["descent"]["learning_rate"]
    if not isinstance(rate, str):
        return rate

    def energy(theta: FloatArray) -> FloatArray:
        go_on()
        found: FloatArray = problem.energy(theta)
        return found

    try:
        return auto_learning_rate(energy, theta0)
    except NotFiniteError as error:
        part = None if "function" in request else problem.undefined(theta0)
        if part is not None:
            hint = "Give another theta0, leave the row out, or write the formula so that it has a value there."
            raise NotFiniteError(f"{part.sentence}. {hint}") from error
        raise NotFiniteError(f"{error} {_advice(request, problem, theta0)}") from error


def _advice(request: StoredRequest, problem: Problem, theta0: FloatArray) -> str:
    """What helps where E or its derivatives are not finite at θ₀."""
    ways = ["Give another theta0"]
    if problem.has_data and problem.model.kind != "formula" and not standardization_of(request).features:
        ways.append("set standardize to true")
    with np.errstate(all="ignore"):
        if np.isfinite(problem.energy(theta0)):
            ways.append("give the learning rate as a number")
    *others, last = ways
    return f"{', '.join(others)}, or {last}." if others else f"{last}."


def _rows(data: Data, classes: Classes, go_on: Callable[[], object]) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Lazy iterator over the blocks (x, y)."""
    for table in data.tables():
        go_on()
        x, y = select_columns(table, data.sources)
        yield x, codes_of(y, classes)


def codes_of(y: FloatArray, classes: Classes) -> FloatArray:
    """The class codes of a target whose classes are whole numbers; a target of texts has codes already."""
    if not classes or isinstance(classes[0], str):
        return y
    return np.searchsorted(np.array(classes, dtype=np.float64), y).astype(np.float64)
