"""Real data with certified answers."""

import numpy as np
import pytest

from gd_engine import MODELS, OPTIMIZERS, auto_learning_rate, descend, pose, split_by_fraction, start
from service import samples

GD = OPTIMIZERS["gd"]()


def test_norris_standardised_to_nine_digits() -> None:
    [table] = samples.load("norris").blocks()
    problem = pose(
        MODELS["linear"](["x"]), table[:, :-1], table[:, -1], split_by_fraction(len(table), 0), standardize=True
    )
    theta0 = np.zeros(2)
    rate = auto_learning_rate(problem.energy, theta0)
    [block] = descend(problem, GD, start(theta0, GD), learning_rate=rate, steps=100)
    certified = samples.SAMPLES["norris"].certified
    assert certified is not None
    for name, value in zip(problem.model.parameters, problem.coefficients(block.theta[-1]), strict=True):
        assert value == pytest.approx(certified["coefficients"][name], rel=5e-10)
    assert 36 * block.columns["train_mse"][-1] == pytest.approx(certified["residual_sum_of_squares"], rel=1e-9)
