"""Somebody's own descent held against the rule."""

import numpy as np

from gd_engine import NoLearningRateError
from gd_engine.analysis.trajectory_check import Mistake, Verdict, check
from gd_engine.arrays import FloatArray
from service.analysis.pool_worker import NoAnswerError
from service.core.run_record import Classes
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import config_of, model_of, theta0_of
from service.engine_adapter.problems import posed, rate_of
from service.schemas.responses import trajectories
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

MISTAKES: dict[Mistake, tuple[str, str]] = {
    "sign": (
        "The sign of the step",
        "Every step goes up the gradient: θ + η∇E(θ). A descent goes down: θ − η∇E(θ).",
    ),
    "missing_factor_2": (
        "The factor 2 of the gradient",
        (
            "Every step is half as long as it should be: the derivative of (f(θ, x) − y)² is 2 (f(θ, x) − y) ∇f, "
            "and the 2 is missing."
        ),
    ),
    "sum_for_mean": (
        "The sum in the mean's place",
        (
            "Every step is as many times too long as there are training rows: E is the mean of the squares here, "
            "and the steps are those of their sum."
        ),
    ),
    "mean_for_sum": (
        "The mean in the sum's place",
        (
            "Every step is as many times too short as there are training rows: E is the sum of the squares here, "
            "and the steps are those of their mean."
        ),
    ),
    "no_intercept": (
        "The intercept is forgotten",
        (
            "The other parameters descend as if the intercept stayed where it began. It is a parameter too: "
            "its derivative is that of f(θ, x) = intercept + …, whose factor is 1."
        ),
    ),
    "one_by_one": (
        "One parameter after the other",
        (
            "The second parameter's derivative is taken where the first has already moved. "
            "Compute the whole gradient first, then change all parameters at once."
        ),
    ),
    "off_by_one": (
        "Off by one step",
        (
            "The numbers are right and stand at the wrong place: the first row is θ₀, before any update, "
            "and after it comes one row for each step."
        ),
    ),
    "test_rows": (
        "Test rows in the training",
        "The gradient is that of all rows. Train on the training rows alone: the test rows are there to judge by.",
    ),
}


def of_path(
    database: Database,
    request: StoredRequest,
    features: list[str],
    classes: Classes,
    labels: Classes,
    data: tuple[int, list[FloatArray]] | str,
    path: list[list[float]],
    tolerance: float,
) -> trajectories.Verdict:
    """The verdict on a path θ₀, θ₁, … The data is its number of rows and its tables, or the id of a stored dataset.

    `labels` are the numbers in y that stand for the classes.
    """
    model = model_of(request, features, classes)
    count, tables = _stored(database, data) if isinstance(data, str) else data
    problem = posed(request, model, count, tables, labels, reduce=False)
    theta0 = theta0_of(request, model)
    try:
        config = config_of(request, rate_of(request, problem, theta0))
    except NoLearningRateError as error:
        raise NoAnswerError(str(error)) from None
    given = np.array(path, dtype=np.float64)
    return _told(model.parameters, given, check(problem, config, theta0, given, tolerance=tolerance))


def _stored(database: Database, dataset_id: str) -> tuple[int, list[FloatArray]]:
    with database.reading() as connection:
        dataset = datasets.find(connection, dataset_id)
        if dataset is None:
            raise GoneError("The dataset was deleted just now.")
        return dataset.rows, list(datasets.read(connection, dataset))


def _told(parameters: tuple[str, ...], given: FloatArray, verdict: Verdict) -> trajectories.Verdict:
    names = parameters[len(parameters) - given.shape[1] :]  # without the intercept, if that is what is missing
    there = verdict.step is not None and verdict.step < len(given)
    return {
        "right": verdict.right,
        "step": verdict.step,
        "expected": _by_name(parameters, verdict.expected),
        "given": _by_name(names, given[verdict.step]) if there else None,
        "mistakes": [
            {"code": code, "title": MISTAKES[code][0], "detail": MISTAKES[code][1]} for code in verdict.mistakes
        ],
        "steps": len(given) - 1,
        "parameters": list(parameters),
    }


def _by_name(names: tuple[str, ...], theta: FloatArray | None) -> dict[str, float] | None:
    return None if theta is None else dict(zip(names, theta.tolist(), strict=True))
