"""Check of a student's trajectory against the update rule, with the messages of the usual mistakes."""

from typing import NamedTuple

from gd_engine import NoLearningRateError, Problem
from gd_engine.analysis.descent_mistakes import Mistake
from gd_engine.analysis.number_precision import Precision
from gd_engine.analysis.trajectory_check import Verdict, check
from gd_engine.arrays import FloatArray
from service.analysis.pool_worker import NoAnswerError
from service.core.column_choice import Sources
from service.core.run_record import Classes
from service.core.run_request import StoredRequest
from service.engine_adapter.factory import config_of, model_of, theta0_of
from service.engine_adapter.functions import function_problem
from service.engine_adapter.problems import Data, posed, rate_of
from service.schemas.responses import trajectories
from service.storage import datasets
from service.storage.database import Database
from service.storage.errors import GoneError

MISTAKES: dict[Mistake, tuple[str, str]] = {
    "sign": (
        "The sign of the step",
        "Every step adds the gradient: θ + η∇E(θ). A descent subtracts it: θ − η∇E(θ).",
    ),
    "missing_factor_2": (
        "The factor 2 of the gradient",
        (
            "Every step is half as long as expected: the derivative of (f(θ, x) − y)² is 2 (f(θ, x) − y) ∇f. "
            "Multiply your gradient by 2."
        ),
    ),
    "sum_for_mean": (
        "A sum instead of a mean",
        (
            "Every step is too long by a factor, the number of training rows: E is the mean of the squares here, not "
            "their sum. Divide your gradient by the number of training rows."
        ),
    ),
    "mean_for_sum": (
        "A mean instead of a sum",
        (
            "Every step is too short by a factor, the number of training rows: E is the sum of the squares here, not "
            "their mean. Multiply your gradient by the number of training rows."
        ),
    ),
    "no_intercept": (
        "The intercept is forgotten",
        (
            "The other parameters change as if the intercept kept its first value. The intercept is a parameter, too: "
            "in f(θ, x) = intercept + … its factor is 1. Update it in every step."
        ),
    ),
    "one_by_one": (
        "One parameter after the other",
        (
            "The derivative of the second parameter uses the new value of the first. "
            "Compute the whole gradient first, then change all parameters at once."
        ),
    ),
    "off_by_one": (
        "Off by one step",
        (
            "The values are correct but in the wrong rows: the first row is θ₀, before any update. "
            "One row for each step follows."
        ),
    ),
    "test_rows": (
        "Test rows in the gradient",
        "The gradient uses all rows. Use the training rows alone: the test rows measure the prediction error.",
    ),
    "halved_rate": (
        "Half the learning rate",
        "Every step has half the learning rate that the request asks for. Use the rate of the request.",
    ),
    "doubled_rate": (
        "Twice the learning rate",
        (
            "Every step has twice the learning rate that the request asks for: the rate is doubled, or the factor 2 of "
            "the gradient counts twice. Use the rate of the request, and the factor 2 once."
        ),
    ),
    "broadcast": (
        "An array of n × n errors",
        (
            "Predictions of shape (n,) minus targets of shape (n, 1) give n × n errors, one for each pair of rows. "
            "Give both the same shape, for example y = y.ravel()."
        ),
    ),
    "parameter_order": (
        "The parameters in another order",
        "The values are correct, but in the wrong columns. Give them in the order of `parameters`.",
    ),
    "ddof": (
        "Another standard deviation",
        (
            "The columns are divided by the standard deviation with n − 1 (ddof=1, the default of pandas). Divide by "
            "that with n (ddof=0, the default of numpy)."
        ),
    ),
    "scaled_with_test_rows": (
        "Test rows in the standardisation",
        (
            "Mean and standard deviation are those of all rows. Take them from the training rows alone, and apply them "
            "to the test rows."
        ),
    ),
    "tenfold_rate": (
        "Ten times the learning rate",
        "Every step has ten times the learning rate that the request asks for. Use the rate of the request.",
    ),
    "tenth_rate": (
        "A tenth of the learning rate",
        "Every step has a tenth of the learning rate that the request asks for. Use the rate of the request.",
    ),
    "divided_by_n_minus_1": (
        "Divided by n − 1 instead of n",
        (
            "Every step is too long by a factor n / (n − 1): E is the mean of the squares of the n training rows. "
            "Divide their sum by n."
        ),
    ),
    "no_penalty": (
        "The penalty is forgotten",
        "The steps are those of E without its penalty. Add the derivative of the penalty to your gradient.",
    ),
    "plain_steps": (
        "Plain steps instead of those of the optimiser",
        (
            "Every step is −η∇E(θ), as of plain gradient descent. The optimiser of the request remembers earlier "
            "gradients: follow its rule, or ask for the optimiser gd."
        ),
    ),
    "added_momentum": (
        "Momentum instead of plain steps",
        (
            "Every step keeps a part of the step before, as momentum does. The request asks for plain gradient "
            "descent: subtract η∇E(θ) alone, or ask for the optimiser momentum."
        ),
    ),
    "other_factor": (
        "Another length of the steps",
        (
            "Every step is {factor} times the expected one. Look for this factor in your learning rate and in your "
            "gradient."
        ),
    ),
    "too_narrow": (
        "A parameter is missing",
        (
            "Each θ has one number fewer than the model has parameters. Give one for each of `parameters`, in their "
            "order, the intercept among them."
        ),
    ),
}


class DataOfPath(NamedTuple):
    """The data of a descent. `rows` is their number with the tables, or the id of a stored dataset.

    `sources` are the places of features and target in a row.
    """

    features: list[str]
    classes: Classes
    sources: Sources | None
    rows: tuple[int, list[FloatArray]] | str


class PathRequest(NamedTuple):
    """A path θ₀, θ₁, … of a student, and the descent that it claims to be, on data or of a function without."""

    descent: StoredRequest
    data: DataOfPath | None
    path: FloatArray
    tolerance: float


def of_path(database: Database, request: PathRequest) -> trajectories.Verdict:
    """The verdict on the path. Raises NoAnswerError and GoneError."""
    descent = request.descent
    problem = function_problem(descent) if request.data is None else _posed(database, descent, request.data)
    theta0 = theta0_of(descent, problem.model)
    try:
        config = config_of(descent, rate_of(descent, problem, theta0))
    except NoLearningRateError as error:
        raise NoAnswerError(str(error)) from None
    verdict = check(problem, config, theta0, request.path, tolerance=request.tolerance)
    return _answer(problem.model.parameters, request.path, verdict)


def _posed(database: Database, descent: StoredRequest, data: DataOfPath) -> Problem:
    model = model_of(descent, data.features, data.classes)
    count, tables = _stored(database, data.rows) if isinstance(data.rows, str) else data.rows
    return posed(descent, model, Data(count, lambda: tables, data.sources), data.classes, reduce=False)


def _stored(database: Database, dataset_id: str) -> tuple[int, list[FloatArray]]:
    with database.reading() as connection:
        dataset = datasets.find(connection, dataset_id)
        if dataset is None:
            raise GoneError("The dataset was deleted just now.")
        return dataset.rows, list(datasets.read(connection, dataset))


def _answer(parameters: tuple[str, ...], given: FloatArray, verdict: Verdict) -> trajectories.Verdict:
    names = parameters[len(parameters) - given.shape[1] :]  # a path may lack the intercept, the first parameter
    exists = verdict.step is not None and verdict.step < len(given)
    return {
        "right": verdict.right,
        "step": verdict.step,
        "expected": _by_name(parameters, verdict.expected),
        "given": _by_name(names, given[verdict.step]) if exists else None,
        "mistakes": [
            {"code": code, "title": MISTAKES[code][0], "detail": MISTAKES[code][1].format(factor=_digits(verdict))}
            for code in verdict.mistakes
        ],
        "precision": _precision(verdict.precision),
        "steps": len(given) - 1,
        "parameters": list(parameters),
    }


def _digits(verdict: Verdict) -> str:
    return "" if verdict.factor is None else f"{verdict.factor:.4g}"


def _precision(found: Precision | None) -> trajectories.Precision | None:
    return None if found is None else {"unit": found.unit, "number": found.number}


def _by_name(names: tuple[str, ...], theta: FloatArray | None) -> dict[str, float] | None:
    return None if theta is None else dict(zip(names, theta.tolist(), strict=True))
