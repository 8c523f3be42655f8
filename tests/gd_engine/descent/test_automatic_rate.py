"""The automatic learning rate: 1/λmax, and a line search where E is concave or flat."""

from typing import Any

import autograd.numpy as np
import pytest

from gd_engine import MODELS, NoLearningRateError, auto_learning_rate, pose, split_by_fraction
from tests.gd_engine.helpers import descended

X = np.array([[1.0], [2.0], [3.0], [4.0]])
Y = 2.0 * X[:, 0]


@pytest.mark.parametrize(
    ("formula", "theta0"),
    [
        ("b**2*x1", [0.1]),
        ("b**2*x1", [1e-3]),
        ("5*cos(b)*x1", [0.1]),
        ("10*(1 - exp(-b**2*x1))", [0.01]),
    ],
)
def test_a_rate_is_found_where_e_is_concave(formula: str, theta0: list[float]) -> None:
    problem = pose(MODELS["formula"](["x1"], formula=formula), X, Y, split_by_fraction(4, 0))
    rate = auto_learning_rate(problem.energy, np.array(theta0))
    columns, outcome = descended(problem, "gd", rate, 50, np.array(theta0))
    energy = columns["train_loss"]
    assert outcome.reason == "max_steps"
    assert energy[1] <= energy[0]
    assert energy[-1] < 0.9 * energy[0]


def test_a_rate_is_found_where_e_is_flat() -> None:
    """huber's loss is linear far from the data."""
    problem = pose(MODELS["linear"](["x1"], intercept=False), X, Y + 1e4, split_by_fraction(4, 0), loss="huber")
    rate = auto_learning_rate(problem.energy, np.array([-10.0]))
    columns, _ = descended(problem, "gd", rate, 1, np.array([-10.0]))
    assert columns["train_loss"][1] < columns["train_loss"][0]


@pytest.mark.parametrize(
    ("energy", "theta", "words"),
    [
        (lambda t: np.sum(t**4) * 0.0 + 3.0, [1.0], "does not fall"),
        (lambda t: -np.sum(t**2), [0.0], "does not fall"),
        (lambda t: -np.sum(t**2), [1.0], "without end"),
        (lambda t: np.sum(np.log(t)), [0.0], "not finite"),
    ],
)
def test_there_is_no_rate_where_e_does_not_fall(energy: Any, theta: list[float], words: str) -> None:
    with pytest.raises(NoLearningRateError, match=words):
        auto_learning_rate(energy, np.array(theta))
