"""Descents on NIST's Statistical Reference Datasets against the certified parameters."""

import numpy as np
import pytest

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    Block,
    DescentConfig,
    Problem,
    auto_learning_rate,
    descend,
    initial_theta,
    pose,
    split_by_fraction,
    start,
)
from gd_engine.arrays import FloatArray
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from gd_engine.optim.optimizers import Optimizer
from service.datasets import samples
from tests.gd_engine.helpers import descended

GD = OPTIMIZERS["gd"]()


def rows(name: str) -> tuple[FloatArray, FloatArray]:
    [table] = samples.load(name).blocks()
    return table[:, :-1], table[:, -1]


def line(name: str, features: list[str]) -> Problem:
    x, y = rows(name)
    return pose(MODELS["linear"](features), x, y, split_by_fraction(len(y), 0), standardize=True)


def last_block(problem: Problem, optimizer: Optimizer, rate: float, steps: int) -> Block:
    """The last block of a descent; only one block is in memory at a time."""
    state = start(np.zeros(len(problem.model.parameters)), optimizer)
    for block in descend(problem, DescentConfig(optimizer, rate, steps), state):  # noqa: B007
        pass
    assert len(block.theta) <= AFFINE_BLOCK
    assert block.outcome is not None
    assert block.outcome == ("max_steps", steps)
    return block


def assert_certified(name: str, problem: Problem, block: Block, digits: float) -> None:
    certified = samples.SAMPLES[name].certified
    assert certified is not None
    for parameter, value in zip(problem.model.parameters, problem.coefficients(block.theta[-1]), strict=True):
        assert value == pytest.approx(certified["coefficients"][parameter], rel=digits)
    squares = problem.train.size * block.columns["train_mse"][-1]
    assert squares == pytest.approx(certified["residual_sum_of_squares"], rel=1e-9)


def test_standardised_norris_agrees_to_nine_digits() -> None:
    problem = line("norris", ["x"])
    block = last_block(problem, GD, auto_learning_rate(problem.energy, np.zeros(2)), 100)
    assert_certified("norris", problem, block, 5e-10)


LONGLEY = [f"x{i}" for i in range(1, 7)]


def test_longley_by_gradient_descent_agrees_to_ten_digits() -> None:
    """λmax/λmin is 12,000: an error in the weakest direction falls by (1 − 1/12,000) a step. 11.7 digits found."""
    problem = line("longley", LONGLEY)
    block = last_block(problem, GD, auto_learning_rate(problem.energy, np.zeros(7)), 1_000_000)
    assert_certified("longley", problem, block, 1e-10)


def test_longley_by_nesterov_agrees_to_ten_digits_in_a_twentieth_of_the_steps() -> None:
    """η = 1/λmax and μ = (√κ − 1)/(√κ + 1) with κ = λmax/λmin: the error falls by 1 − 1/√κ a step.

    Nesterov, Introductory Lectures on Convex Optimization, 2004, 2.2.1. Here η = 0.1086 and μ = 0.982; 12 digits found.
    """
    problem = line("longley", LONGLEY)
    design = problem.train.design
    eigenvalues = np.linalg.eigvalsh(2 * design.T @ design / problem.divisor)
    root = np.sqrt(eigenvalues[-1] / eigenvalues[0])
    optimizer = OPTIMIZERS["nesterov"]((root - 1) / (root + 1))
    assert_certified("longley", problem, last_block(problem, optimizer, 1 / eigenvalues[-1], 50_000), 1e-10)
    assert_certified("longley", problem, last_block(problem, optimizer, 1 / eigenvalues[-1], 5_000), 1e-10)


DANWOOD = np.array([[1.309, 2.138], [1.471, 3.421], [1.490, 3.597], [1.565, 4.340], [1.611, 4.882], [1.680, 5.660]])


@pytest.mark.parametrize(
    ("name", "formula", "rate", "units", "certified", "squares"),
    [
        (
            "misra1a",
            "100*b1*(1 - exp(-b2*x/1000))",
            3e-4,
            [100, 1e-3],
            [2.3894212918e02, 5.5015643181e-04],
            1.2455138894e-01,
        ),
        (
            "chwirut2",
            "exp(-b1*x)/(b2/100 + b3*x/100)",
            1e-4,
            [1, 1e-2, 1e-2],
            [1.6657666537e-01, 5.1653291286e-03, 1.2150007096e-02],
            5.1304802941e02,
        ),
        ("danwood", "b1*x**b2", 1e-2, [1, 1], [7.6886226176e-01, 3.8604055871e00], 4.3173084083e-03),
    ],
)
def test_a_nonlinear_formula_agrees_with_the_certified_parameters(
    name: str, formula: str, rate: float, units: list[float], certified: list[float], squares: float
) -> None:
    """A formula with parameters of order one; momentum from the default θ₀ of ones, loss mse, 5,000 steps."""
    x, y = (DANWOOD[:, :1], DANWOOD[:, 1]) if name == "danwood" else rows(name)
    problem = pose(MODELS["formula"](["x"], formula=formula), x, y, split_by_fraction(len(y), 0))
    columns, outcome = descended(problem, "momentum", rate, 5000, initial_theta(problem.model))
    assert outcome.reason == "max_steps"
    np.testing.assert_allclose(columns["theta"][-1] * units, certified, rtol=1e-6)
    assert len(y) * columns["train_mse"][-1] == pytest.approx(squares, rel=1e-9)
