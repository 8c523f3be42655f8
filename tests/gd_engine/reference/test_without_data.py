"""The reference minimum of a function E(θ) without data: no constant prediction is a scale for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gd_engine import Model, Outcome, Problem
from gd_engine.arrays import Rows
from gd_engine.data.preprocessing import no_scaling
from gd_engine.losses import Loss, Penalty
from gd_engine.models.linear import each
from gd_engine.reference import judge, reference_minimum
from tests.gd_engine.reference.descents import history_of, patient


def problem_of(energy: Callable[[Any], Any]) -> Problem:
    model = Model("function", ("a", "b"), False, each(()), lambda t, _: energy(t), lambda s: s, "regression")
    nothing = Rows(np.empty((1, 0)), np.zeros(1), size=0)
    loss = Loss("function", lambda model, theta, design, y: model.score(theta, design), mean=False)
    problem = Problem(model, loss, Penalty(), nothing, nothing, nothing, no_scaling(0), reduced=False)
    return problem._replace(model=model._replace(penalised=(True, True)))


@pytest.mark.parametrize(
    ("energy", "start", "least"),
    [
        (lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2, [-1.2, 1.0], 0.0),
        (lambda t: 0.5 * (t[0] ** 4 - 16 * t[0] ** 2 + 5 * t[0] + t[1] ** 2), [-2.0, 1.0], -39.16616570377142),
        (lambda t: 5 + t[0] ** 2 + t[1] ** 2, [3.0, 4.0], 5.0),
    ],
    ids=["rosenbrock", "a negative minimum", "bowl"],
)
def test_the_minimum_of_a_function_is_found(energy: Callable[[Any], Any], start: list[float], least: float) -> None:
    problem = problem_of(energy)
    found = reference_minimum(problem, np.array(start), patient)
    assert found is not None
    assert found.train_loss == pytest.approx(least, abs=1e-12)
    path = np.array([start, found.theta])
    losses = np.array([float(problem.energy(theta)) for theta in path])
    convergence = judge(problem, Outcome("max_steps", 1), history_of({"theta": path, "train_loss": losses}), found)
    assert (convergence.state, convergence.clauses) == ("converged", ("converged", "local_minimum"))


def test_a_saddle_of_a_function_is_no_minimum() -> None:
    assert reference_minimum(problem_of(lambda t: t[0] ** 2 - t[1] ** 2), np.array([1.0, 0.0]), patient) is None
