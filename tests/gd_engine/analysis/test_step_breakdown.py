"""The arithmetic of a step: terms that add up to the gradient, central differences, and the descent's update."""

from typing import Any

import numpy as np
import pytest
from autograd import grad

from gd_engine import OPTIMIZERS, SCHEDULES, DescentConfig, Problem, initial_theta, pose, split_by_fraction, start
from gd_engine.analysis.step_breakdown import MOST_ROWS, arithmetic, central_differences, state_at
from gd_engine.arrays import FloatArray
from gd_engine.descent.automatic_rate import NoLearningRateError, auto_learning_rate
from gd_engine.optim.early_stopping import Stop
from service.datasets import samples
from tests.gd_engine.helpers import VARIANTS, descended

ROWS = 40


def problem_of(variant: str, *, reduce: bool = False, **options: Any) -> Problem:
    random = np.random.default_rng(5)
    x = random.normal(size=(ROWS, 2))
    model = VARIANTS[variant](["u", "v"])
    y = x @ [1.0, -2.0] + 0.3 * random.normal(size=ROWS) + 0.5
    if model.task == "classification":
        y = np.digitize(y, np.quantile(y, np.arange(1, model.classes) / model.classes)).astype(np.float64)
    return pose(model, x, y, split_by_fraction(ROWS, 0.2), reduce=reduce, **options)


def theta_of(problem: Problem) -> FloatArray:
    theta = initial_theta(problem.model, 2)
    return theta + 0.3 * np.random.default_rng(1).standard_normal(len(theta))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_the_terms_add_up_to_the_correct_gradient(variant: str, l2: float) -> None:
    problem = problem_of(variant, l2=l2, loss="log_loss" if "logistic" in variant or "softmax" in variant else "mse")
    theta = theta_of(problem)
    config = DescentConfig(OPTIMIZERS["gd"](), 0.1, 10)
    found = arithmetic(problem, config, start(theta, config.optimizer))
    parts = found.contributions
    total = parts.gradients.sum(axis=0) + parts.rest + parts.penalty
    np.testing.assert_allclose(total, found.gradient, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.differences, found.gradient, rtol=1e-6, atol=1e-8)
    assert found.energy == pytest.approx(float(problem.energy(theta)), rel=1e-12)
    assert (parts.penalty != 0).any() == (l2 > 0)
    assert len(set(parts.rows.tolist())) == MOST_ROWS
    y = problem.train.y[..., parts.rows]
    np.testing.assert_array_equal(parts.y, y)


@pytest.mark.parametrize("sample", ["norris", "longley", "penguins"])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_differences_of_a_correct_gradient_are_within_their_errors(
    variant: str, standardize: bool, sample: str
) -> None:
    table = np.concatenate(list(samples.load(sample).blocks()))
    x, y = table[:, :-1], table[:, -1]
    model = VARIANTS[variant]([f"x{i}" for i in range(x.shape[1])])
    if model.task == "classification":
        y = np.digitize(y, np.quantile(y, np.arange(1, model.classes) / model.classes)).astype(np.float64)
    losses = ["log_loss", "mse"] if model.task == "classification" else ["mse", "sse", "mae", "huber"]
    for loss in losses:
        problem = pose(model, x, y, split_by_fraction(len(y), 0.2), loss=loss, standardize=standardize, reduce=False)
        theta0 = initial_theta(model, 1)
        for theta in (theta0, _after_some_steps(problem, theta0)):
            gradient = np.asarray(grad(problem.energy)(theta))
            differences, errors = central_differences(problem, theta)
            assert (np.abs(differences - gradient) <= errors + 1e-6 * np.abs(gradient).max()).all()
            if theta is theta0 and loss == "log_loss":
                assert (errors <= 0.01 * np.abs(gradient).max()).all()


def _after_some_steps(problem: Problem, theta0: FloatArray) -> FloatArray:
    try:
        rate = auto_learning_rate(problem.energy, theta0)
    except NoLearningRateError:
        rate = 1e-6
    end: FloatArray = descended(problem, "gd", rate, 50, theta0)[0]["theta"][-1]
    return end


def test_the_differences_of_unscaled_columns_have_a_small_error() -> None:
    table = np.concatenate(list(samples.load("penguins").blocks()))
    model = VARIANTS["logistic"](["a", "b", "c", "d"])
    problem = pose(model, table[:, :-1], (table[:, -1] > 0).astype(np.float64), split_by_fraction(len(table), 0.2))
    gradient = np.asarray(grad(problem.energy)(np.zeros(5)))
    differences, errors = central_differences(problem, np.zeros(5))
    np.testing.assert_allclose(differences, gradient, rtol=1e-6, atol=1e-6)
    assert (errors < 1e-3).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_listed_rows_have_the_largest_terms(variant: str) -> None:
    problem = problem_of(variant)
    theta = theta_of(problem)
    config = DescentConfig(OPTIMIZERS["gd"](), 0.1, 10)
    parts = arithmetic(problem, config, start(theta, config.optimizer)).contributions
    sizes = []
    for row in range(problem.train.size):
        alone = problem._replace(
            train=problem.train._replace(
                design=problem.train.design[row : row + 1], y=problem.train.y[..., row : row + 1], size=1
            )
        )
        one = arithmetic(alone, config, start(theta, config.optimizer))
        sizes.append(float(np.linalg.norm(one.gradient)))
    assert parts.rows.tolist() == np.argsort(-np.array(sizes), kind="stable")[:MOST_ROWS].tolist()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "options",
    [{}, {"clip_norm": 0.05}, {"batch_size": 7, "seed": 3}],
    ids=["plain", "clipped", "batches"],
)
def test_the_update_is_that_of_the_descent(optimizer: str, options: dict[str, Any]) -> None:
    problem = problem_of("logistic")
    rate = SCHEDULES["exponential"](0.1, 30, factor=0.9)
    config = DescentConfig(OPTIMIZERS[optimizer](), rate, 30, **options)
    theta0 = theta_of(problem)
    path = descended(problem, optimizer, rate, 30, theta0, **options)[0]["theta"]
    for step in (0, 1, 17, 29):
        state = state_at(problem, config, theta0, step)
        np.testing.assert_array_equal(state.theta, path[step])
        found = arithmetic(problem, config, state)
        np.testing.assert_allclose(state.theta + found.change, path[step + 1], rtol=1e-12)


def test_the_step_of_a_line_search_is_that_of_the_descent() -> None:
    problem = problem_of("linear")
    rate = SCHEDULES["backtracking"](4.0, 10)
    path = descended(problem, "gd", rate, 10, theta_of(problem))[0]
    config = DescentConfig(OPTIMIZERS["gd"](), rate, 10)
    for step in range(3):
        found = arithmetic(problem, config, state_at(problem, config, theta_of(problem), step))
        assert found.rate == path["learning_rate"][step]
        np.testing.assert_allclose(found.theta + found.change, path["theta"][step + 1], rtol=1e-12)


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "nesterov", "adam"])
@pytest.mark.parametrize("step", [0, 1, 1023, 1024, 1500, 2048, 2500])
def test_the_state_of_a_step_is_that_of_the_descent(optimizer: str, step: int) -> None:
    problem = problem_of("linear", reduce=True)
    rate = auto_learning_rate(problem.energy, np.zeros(3)) / 50
    config = DescentConfig(OPTIMIZERS[optimizer](), rate, 2500)
    path = descended(problem, optimizer, rate, 2500, np.zeros(3))[0]["theta"]
    state = state_at(problem, config, np.zeros(3), step)
    assert state.step == step
    np.testing.assert_allclose(state.theta, path[step], rtol=1e-11)
    slow = state_at(problem._replace(reduced=False), config, np.zeros(3), step)
    np.testing.assert_allclose(state.memory, slow.memory, rtol=1e-6, atol=1e-12)


# Data where rounding ends the single steps before the affine blocks.
@pytest.mark.parametrize(
    ("optimizer", "seed"),
    [("gd", 1), ("momentum", 1), ("momentum", 4), ("nesterov", 1), ("nesterov", 3), ("nesterov", 4)],
)
def test_the_last_steps_of_a_stopped_descent_have_a_state(optimizer: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = 1000 * random.uniform(size=(36, 1))
    y = x[:, 0] + 0.5 * random.normal(size=36)
    problem = pose(VARIANTS["linear"](["u"]), x, y, split_by_fraction(36, 0.2), standardize=True)
    rate = auto_learning_rate(problem.energy, np.zeros(2))
    for stop in (
        *(Stop(gradient_norm=norm) for norm in (1e-10, 1e-12, 1e-13, 1e-15)),
        *(Stop(loss_change=change) for change in (1e-14, 1e-18, 0.0)),
        Stop(gradient_norm=1e-15, loss_change=0.0, patience=5),
    ):
        config = DescentConfig(OPTIMIZERS[optimizer](), rate, 2000, stop=stop)
        path, outcome = descended(problem, optimizer, rate, 2000, np.zeros(2), stop=stop)
        for step in {max(outcome.step - before, 0) for before in (0, 1, 17)}:
            state = state_at(problem, config, np.zeros(2), step)
            assert state.step == step
            np.testing.assert_allclose(state.theta, path["theta"][step], rtol=1e-9)


def test_a_step_after_the_end_is_refused() -> None:
    problem = problem_of("linear", reduce=True)
    config = DescentConfig(OPTIMIZERS["gd"](), 1e6, 500)
    with pytest.raises(ValueError, match="ends at step"):
        state_at(problem, config, np.ones(3), 400)
    with pytest.raises(ValueError, match="no single rows"):
        arithmetic(problem, config, start(np.ones(3), config.optimizer))
