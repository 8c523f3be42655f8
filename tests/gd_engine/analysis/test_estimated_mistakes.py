"""Trajectory checks: an unusual factor of the steps, and any share of momentum, are estimated."""

import numpy as np
import pytest

from gd_engine import OPTIMIZERS
from gd_engine.analysis.trajectory_check import check
from tests.gd_engine.analysis.student_descents import RATE, data, posed
from tests.gd_engine.analysis.test_trajectory_check import config, descended


@pytest.mark.parametrize("factor", [3.0, 1 / 3, -0.7, 1.1])
@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
def test_any_other_factor_of_the_steps_is_estimated(optimizer: str, factor: float) -> None:
    x, y = data(17)
    problem = posed(x, y, l2=0.1)
    path = descended(problem, config(factor * RATE, optimizer), np.zeros(3))
    has_two_digits = factor == round(factor, 2)
    for given in (path, np.round(path, 6)) if has_two_digits else (path,):
        verdict = check(problem, config(RATE, optimizer), np.zeros(3), given)
        assert verdict.mistakes == ["other_factor"]
        assert verdict.factor == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize("share", [0.85, 0.3, 0.97])
@pytest.mark.parametrize("method", ["momentum", "nesterov"])
def test_momentum_of_any_share_is_named(method: str, share: float) -> None:
    x, y = data(18)
    problem = posed(x, y)
    path = descended(problem, config()._replace(optimizer=OPTIMIZERS[method](momentum=share)), np.zeros(3))
    for given in (path, np.round(path, 6)):
        assert check(problem, config(), np.zeros(3), given).mistakes == ["added_momentum"]
