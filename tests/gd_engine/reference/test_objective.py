"""The recorded derivatives of E against central differences, for every model and loss."""

import numpy as np
import pytest
from autograd import grad

from gd_engine import MODELS, initial_theta, losses_for, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from gd_engine.reference.newton import Modes, _beside_saddle
from gd_engine.reference.objective import Objective
from tests.gd_engine.helpers import VARIANTS
from tests.gd_engine.reference.descents import patient

RANDOM = np.random.default_rng(2)
X = RANDOM.standard_normal((30, 2))


def differences(function: object, theta: FloatArray) -> FloatArray:
    """The derivatives of a function of θ by central differences, a column each."""
    step = 1e-5
    of = function
    columns = [(of(theta + step * unit) - of(theta - step * unit)) / (2 * step) for unit in np.eye(len(theta))]  # type: ignore[operator]
    return np.array(columns).T


@pytest.mark.parametrize("l2", [0.0, 0.05])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_derivatives_are_right_at_every_theta(variant: str, l2: float) -> None:
    model = VARIANTS[variant](["a", "b"])
    y = np.arange(30.0) % model.classes if model.classes else X @ np.array([1.0, -1.0]) + RANDOM.standard_normal(30)
    for loss in losses_for(model.task):
        if loss in {"mae", "huber"}:  # their second derivatives jump
            continue
        problem = pose(model, X, y, split_by_fraction(30, 0), loss=loss, l2=l2, reduce=False)
        objective = Objective(problem, patient)
        for seed in (1, 2):  # the second one replays what the first has recorded
            theta = initial_theta(model, seed) + 0.3 * RANDOM.standard_normal(model.size)
            energy, gradient = objective.at(theta)
            assert energy == pytest.approx(float(problem.energy(theta)))
            np.testing.assert_allclose(gradient, differences(problem.energy, theta), atol=1e-6, rtol=1e-6)
            hessian = objective.hessian(theta)
            np.testing.assert_allclose(hessian, differences(grad(problem.energy), theta), atol=1e-5, rtol=1e-5)
            if loss != "log_loss":
                residuals = objective.residuals(theta)
                assert residuals @ residuals == pytest.approx(energy)
                jacobian = objective.jacobian(theta)
                np.testing.assert_allclose(jacobian, differences(objective.residuals, theta), atol=1e-6, rtol=1e-6)


def test_a_hessian_of_numbers_of_all_sizes_shows_no_saddle() -> None:
    model = MODELS["mlp"](["a", "b"], hidden=[1])
    problem = pose(model, X, X[:, 0], split_by_fraction(30, 0), reduce=False)
    theta = initial_theta(model)
    values = np.linspace(0.5, 1.0, model.size)
    values[-1] = np.nan
    found = Modes(values, np.eye(model.size), np.ones(model.size))
    assert _beside_saddle(Objective(problem, patient), theta, found, 1.0) is None
