"""Every optimiser reaches an independently computed minimum of every model. TUNED has a row for each optimiser."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from autograd import grad, hessian

from gd_engine import MODELS, OPTIMIZERS, SCHEDULES, Problem, auto_learning_rate, initial_theta, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from tests.gd_engine.helpers import VARIANTS, descended

STEPS = 1500
# With a constant rate, methods that divide by the size of past gradients keep oscillating about the minimum.
TUNED: dict[str, tuple[dict[str, Any], Callable[[float, int], Any]]] = {
    "gd": ({}, lambda auto, steps: SCHEDULES["backtracking"](4.0 * auto, steps)),
    "momentum": ({}, lambda auto, steps: 0.4 * auto),
    "nesterov": ({}, lambda auto, steps: 0.4 * auto),
    "adagrad": ({}, lambda auto, steps: 0.5),
    "rmsprop": ({}, lambda auto, steps: SCHEDULES["cosine"](0.02, steps)),
    "adam": ({}, lambda auto, steps: SCHEDULES["cosine"](0.05, steps)),
    "ista": ({}, lambda auto, steps: auto),
    "fista": ({}, lambda auto, steps: 0.4 * auto),
    "adamw": ({"weight_decay": 0.0}, lambda auto, steps: SCHEDULES["cosine"](0.05, steps)),
}


def steps_of(variant: str, optimizer: str) -> int:
    """Enough steps: few for a convex E, more for ISTA on another, since it has neither a momentum nor a line search."""
    if not variant.startswith(("mlp", "formula")):
        return STEPS // 5
    return 4 * STEPS if optimizer == "ista" else STEPS


def posed(variant: str, l2: float) -> Problem:
    random = np.random.default_rng(12)
    x = random.standard_normal((60, 2)) * [1.0, 3.0] + [0.0, 2.0]
    model = VARIANTS[variant](["a", "b"])
    s = x @ np.array([1.0, 0.4]) + 0.5 * random.standard_normal(60)
    y = np.digitize(s, np.quantile(s, np.arange(1, model.classes) / model.classes)) if model.classes else s
    loss = "log_loss" if model.classes else "mse"
    return pose(model, x, y.astype(float), split_by_fraction(60, 0), loss=loss, l2=l2, standardize=True)


def minimum_near(problem: Problem, theta: FloatArray) -> FloatArray:
    """The minimum near θ by Newton's method; the nearest point of a flat set of minima."""
    for _ in range(20):
        slope, curvature = grad(problem.energy)(theta), hessian(problem.energy)(theta)
        values, vectors = np.linalg.eigh(curvature)
        if np.linalg.norm(slope) < 1e-13:
            break
        along = vectors.T @ slope
        curved = values > 1e-9 * values[-1]
        theta = theta - vectors[:, curved] @ (along[curved] / values[curved])
    assert np.linalg.norm(slope) < 1e-10
    assert values[0] > -1e-9
    return theta


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("variant", [name for name in VARIANTS if "relu" not in name])
def test_every_optimizer_reaches_a_minimum_of_every_model(variant: str, optimizer: str) -> None:
    problem = posed(variant, l2=0.02)
    options, rate = TUNED[optimizer]
    theta0 = initial_theta(problem.model, 2)
    auto = min(auto_learning_rate(problem.energy, theta0), 0.5)
    steps = steps_of(variant, optimizer)
    columns, outcome = descended(problem, OPTIMIZERS[optimizer](**options), rate(auto, steps), steps, theta0)
    assert outcome.reason == "max_steps"
    energy = columns["train_loss"]
    least = float(problem.energy(minimum_near(problem, columns["theta"][-1])))
    assert least < 0.9 * energy[0]
    assert energy[-1] >= least - 1e-12
    assert energy[-1] - least <= 1e-5 * (energy[0] - least)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_recovers_a_relu_network(optimizer: str) -> None:
    """ReLU's minima lie at kinks, where Newton's method fails; the least E is 0."""
    model = VARIANTS["mlp, relu"](["a", "b"])
    random = np.random.default_rng(1)
    x, truth = random.standard_normal((80, 2)), initial_theta(model, 5)
    y = model.predict(truth, np.column_stack([np.ones(80), x]))
    problem = pose(model, x, y, split_by_fraction(80, 0))
    options, rate = TUNED[optimizer]
    theta0 = truth + 0.1 * random.standard_normal(len(truth))
    auto = auto_learning_rate(problem.energy, theta0)
    columns, _ = descended(problem, OPTIMIZERS[optimizer](**options), rate(auto, STEPS), STEPS, theta0)
    assert columns["train_loss"][0] > 1e-3
    assert columns["train_loss"][-1] < 0.01 * columns["train_loss"][0]


@pytest.mark.parametrize("l2", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("variant", ["linear", "linear, no intercept", "polynomial"])
def test_every_optimizer_reaches_the_closed_form_solution(variant: str, optimizer: str, l2: float) -> None:
    problem = posed(variant, l2)
    design, y, _ = problem.train
    ridge = l2 * problem.divisor * np.diag(np.array(problem.model.penalised, dtype=float))
    exact = np.linalg.solve(design.T @ design + ridge, design.T @ y)
    options, rate = TUNED[optimizer]
    theta0 = initial_theta(problem.model)
    auto = auto_learning_rate(problem.energy, theta0)
    steps = STEPS // 3
    columns, _ = descended(problem, OPTIMIZERS[optimizer](**options), rate(auto, steps), steps, theta0)
    np.testing.assert_allclose(columns["theta"][-1], exact, atol=1e-4 * np.abs(exact).max())
    assert columns["optimality_gap"][-1] <= 1e-7 * columns["optimality_gap"][0]


@pytest.mark.parametrize(
    ("kind", "options", "truth"),
    [
        ("linear", {}, [3.0, -1.0, 2.0]),
        ("polynomial", {"degree": 2}, [1.0, -1.0, 0.5, 0.3, -0.2, 0.1]),
        ("formula", {"formula": "a0*exp(-a1*a) + a2*b"}, [2.0, 0.5, -1.0]),
    ],
)
def test_the_true_parameters_are_recovered(kind: str, options: dict[str, Any], truth: list[float]) -> None:
    x = np.random.default_rng(0).uniform(-1.0, 1.0, (80, 2))
    model = MODELS[kind](["a", "b"], **options)
    made = pose(model, x, np.zeros(80), split_by_fraction(80, 0.2), reduce=False)
    y = np.empty(80)
    y[split_by_fraction(80, 0.2).train] = model.predict(np.array(truth), made.train.design)
    y[split_by_fraction(80, 0.2).test] = model.predict(np.array(truth), made.test.design)
    problem = pose(model, x, y, split_by_fraction(80, 0.2))
    theta0 = initial_theta(model)
    rate = 0.5 * auto_learning_rate(problem.energy, theta0)
    columns, _ = descended(problem, "nesterov", rate, 5000, theta0)
    np.testing.assert_allclose(columns["theta"][-1], truth, atol=1e-8)
    assert columns["test_mse"][-1] < 1e-16


def test_adamw_converges_where_decay_and_gradient_balance() -> None:
    """Weight decay shifts the limit to where Adam's step and η w θ cancel, not to the minimum with l2."""
    problem = posed("linear", 0.0)
    plain, _ = descended(problem, OPTIMIZERS["adamw"](weight_decay=0.0), SCHEDULES["cosine"](0.05, STEPS), STEPS)
    decayed, _ = descended(problem, OPTIMIZERS["adamw"](weight_decay=0.5), SCHEDULES["cosine"](0.05, STEPS), STEPS)
    assert np.linalg.norm(decayed["theta"][-1]) < np.linalg.norm(plain["theta"][-1])
    assert decayed["optimality_gap"][-1] > plain["optimality_gap"][-1]
