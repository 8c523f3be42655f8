"""The loop: step 0, blocks, divergence, and every optimiser on every model."""

from collections.abc import Callable
from itertools import cycle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    Block,
    DescentConfig,
    Problem,
    State,
    auto_learning_rate,
    column_names,
    descend,
    initial_theta,
    losses_for,
    normal_theta,
    pose,
    split_by_fraction,
    start,
)
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from tests.examples import examples
from tests.gd_engine.helpers import VARIANTS, assert_same_bits, descended, joined

GD = OPTIMIZERS["gd"]()
# Affine blocks end at multiples of AFFINE_BLOCK, so these descents have several blocks.
STEPS = 3 * AFFINE_BLOCK + 100
MODES = pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])


def line(loss: str = "mse", scale: float = 1.0, test: float = 0.25) -> Problem:
    random = np.random.default_rng(1)
    x = random.standard_normal((40, 2)) * scale
    y = x @ np.array([2.0, -1.0]) + 0.5 + 0.3 * random.standard_normal(40)
    return pose(MODELS["linear"](["a", "b"]), x, y, split_by_fraction(40, test), loss=loss)


def run(
    problem: Problem,
    state: State,
    rate: float = 0.01,
    steps: int = STEPS,
    is_full: Callable[[int], bool] = lambda rows: rows >= 1000,
    *,
    affine: bool = True,
) -> list[Block]:
    return list(descend(problem, DescentConfig(GD, rate, steps), state, is_full=is_full, affine=affine))


@MODES
@pytest.mark.parametrize(
    "steps", [0, 1, 7, AFFINE_BLOCK - 2, AFFINE_BLOCK - 1, AFFINE_BLOCK, AFFINE_BLOCK + 1, 2 * AFFINE_BLOCK]
)
def test_step_0_is_theta0_and_the_last_is_steps(steps: int, affine: bool) -> None:
    theta0 = np.array([1.0, -2.0, 3.0])
    blocks = run(line(), start(theta0, GD), steps=steps, affine=affine)
    assert sum(len(block.theta) for block in blocks) == steps + 1
    np.testing.assert_array_equal(blocks[0].theta[0], theta0)
    assert blocks[-1].outcome is not None
    assert (blocks[-1].outcome.reason, blocks[-1].outcome.step) == ("max_steps", steps)
    assert str(steps) in blocks[-1].outcome.sentence


@MODES
@settings(max_examples=examples(15))
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_block_boundaries_change_no_bit(affine: bool, sizes: list[int]) -> None:
    problem, state = line(), start(np.zeros(3), GD)
    steps = STEPS if affine else 400
    whole = joined(run(problem, state, steps=steps, is_full=lambda rows: False, affine=affine))
    turns = cycle(sizes if affine else [size % 150 + 1 for size in sizes])
    size = [next(turns)]

    def is_full(rows: int) -> bool:
        if rows >= size[0]:
            size[0] = next(turns)
            return True
        return False

    blocks = run(problem, state, steps=steps, is_full=is_full, affine=affine)
    assert [b.first_step for b in blocks[1:]] == [b.next.step for b in blocks[:-1]]
    if affine:
        assert all(block.next.step % AFFINE_BLOCK == 0 for block in blocks[:-1])
    assert_same_bits(joined(blocks), whole)


def test_a_block_may_end_after_any_step_but_not_within_an_affine_block() -> None:
    ends = [
        [b.next.step for b in run(line(), start(np.zeros(3), GD), is_full=lambda rows: True, affine=affine)[:-1]]
        for affine in (True, False)
    ]
    assert ends == [[AFFINE_BLOCK, 2 * AFFINE_BLOCK, 3 * AFFINE_BLOCK], list(range(1, STEPS + 1))]


@MODES
def test_divergence_is_an_outcome_and_keeps_every_finite_step(affine: bool) -> None:
    problem = line("sse", scale=100.0)
    blocks = run(problem, start(np.zeros(3), GD), rate=1.0, steps=10_000, affine=affine)
    outcome, columns = blocks[-1].outcome, joined(blocks)
    assert outcome is not None
    assert outcome.reason == "diverged"
    assert len(columns["theta"]) == outcome.step
    assert np.isfinite(columns["theta"]).all()
    assert np.isfinite(columns["train_loss"]).all()
    with np.errstate(over="ignore", invalid="ignore"):
        energy = problem.energy(blocks[-1].next.theta)
    assert not (np.isfinite(energy) and np.isfinite(blocks[-1].next.theta).all())


@MODES
@pytest.mark.parametrize("optimizer", ["gd", "momentum", "nesterov"])
@settings(max_examples=8)
@given(excess=st.floats(0.01, 3.0), size=st.integers(1, 2000))
def test_divergence_after_many_steps_does_not_depend_on_block_boundaries(
    affine: bool, optimizer: str, excess: float, size: int
) -> None:
    problem, method = line(), OPTIMIZERS[optimizer]()
    # Single steps take longer than affine blocks, so they diverge after two thousand instead of 35,000.
    ratio, steps = (1.0 + excess, 100_000) if affine else (1.0 + max(excess, 0.1), 3 * AFFINE_BLOCK)
    rate = ratio * 2 * auto_learning_rate(problem.energy, np.zeros(3)) * (2.0 if optimizer == "momentum" else 1.0)
    whole, outcome = descended(problem, method, rate, steps, np.zeros(3), affine=affine)
    blocks = list(
        descend(
            problem,
            DescentConfig(method, rate, steps),
            start(np.zeros(3), method),
            is_full=lambda rows: rows >= size,
            affine=affine,
        )
    )
    assert blocks[-1].outcome == outcome
    assert len(whole["theta"]) == (outcome.step if outcome.reason == "diverged" else steps + 1)
    assert_same_bits(joined(blocks), whole)
    if optimizer == "gd":
        assert outcome.reason == "diverged"


@MODES
def test_divergence_at_step_0_leaves_no_row(affine: bool) -> None:
    [block] = run(line("sse"), start(np.full(3, 1e200), GD), affine=affine)
    assert block.outcome is not None
    assert (block.outcome.reason, block.outcome.step) == ("diverged", 0)
    assert block.theta.shape == (0, 3)
    assert all(column.shape == (0,) for column in block.columns.values())


def test_divergence_at_a_block_boundary_is_found_in_the_next_block() -> None:
    problem = line("sse", scale=100.0)
    steps = run(problem, start(np.zeros(3), GD), rate=1.0, steps=10_000)[-1].outcome
    assert steps is not None
    blocks = run(problem, start(np.zeros(3), GD), rate=1.0, steps=10_000, is_full=lambda rows: rows >= steps.step)
    assert len(blocks[-1].theta) == 0
    assert blocks[-1].outcome == steps


@pytest.mark.parametrize("rate", [1e3, 1e9, 1e100, 1e300])
def test_overflowing_powers_give_no_affine_block_and_no_warning(rate: float) -> None:
    ours, outcome = descended(line(), "nesterov", rate, 5000, np.zeros(3))
    theirs, other = descended(line(), "nesterov", rate, 5000, np.zeros(3), affine=False)
    assert outcome == other
    assert outcome.reason == "diverged"
    assert_same_bits(ours, theirs)


@MODES
def test_no_test_rows_means_no_test_error(affine: bool) -> None:
    columns = joined(run(line(test=0), start(np.zeros(3), GD), affine=affine))
    assert np.isnan(columns["test_mse"]).all()
    assert np.isfinite(columns["train_mse"]).all()


@MODES
@pytest.mark.parametrize("validation", [0.0, 0.2])
@pytest.mark.parametrize("variant", VARIANTS)
def test_columns_are_named_before_the_descent(variant: str, validation: float, affine: bool) -> None:
    model = VARIANTS[variant](["a", "b"])
    random = np.random.default_rng(0)
    x, y = random.uniform(0.5, 1.5, (30, 2)), np.arange(30.0) % max(model.classes, 1)
    for loss in losses_for(model.task):
        problem = pose(model, x, y, split_by_fraction(30, 0.2, validation=validation), loss=loss)
        columns, _ = descended(problem, "gd", 1e-3, 100, affine=affine)
        names = (*column_names(model, loss, validation=validation > 0), "theta")
        assert tuple(columns) == names
        assert (*problem.columns, "theta") == names
        assert all(len(column) == 101 for column in columns.values())


@pytest.mark.parametrize("model", ["linear", "logistic", "polynomial"])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_lowers_every_models_loss(model: str, optimizer: str) -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((50, 2))
    y = (x @ np.array([1.0, 2.0]) + random.standard_normal(50) > 0).astype(float)
    loss = "log_loss" if model == "logistic" else "mse"
    problem = pose(MODELS[model](["a", "b"]), x, y, split_by_fraction(50, 0.2), loss=loss, standardize=True)
    theta0 = np.zeros(len(problem.model.parameters))
    # Methods with momentum overshoot at gd's rate, and adaptive methods take steps of about η for any ∇E.
    share = {"gd": 1.0, "momentum": 0.02, "nesterov": 0.02}.get(optimizer, 0.01)
    rate = share * auto_learning_rate(problem.energy, theta0)
    columns, _ = descended(problem, optimizer, rate, 300, theta0)
    if optimizer in {"gd", "adagrad"}:  # the others oscillate about the minimum; test_minima.py tests their limits
        assert (np.diff(columns["train_loss"]) <= 1e-12).all()
    assert columns["train_loss"][-1] < 0.9 * columns["train_loss"][0]


def test_theta0_is_zeros_ones_or_small_weights() -> None:
    names = ["a", "b"]
    assert initial_theta(VARIANTS["linear"](names)).tolist() == [0, 0, 0]
    assert initial_theta(VARIANTS["softmax of 3"](names)).tolist() == [0] * 9
    assert initial_theta(VARIANTS["formula"](names)).tolist() == [1, 1, 1]
    model = MODELS["mlp"](names, hidden=(2000, 3))
    theta = initial_theta(model, 7)
    biases = np.array([name.startswith("b") for name in model.parameters])
    assert (theta[biases] == 0).all()
    first = np.array([name.startswith("w1") for name in model.parameters])
    second = np.array([name.startswith("w2") for name in model.parameters])
    assert theta[first].std() == pytest.approx(1 / np.sqrt(2), rel=0.05)
    assert theta[second].std() == pytest.approx(1 / np.sqrt(2000), rel=0.05)
    assert abs(theta[first].mean()) < 0.05
    np.testing.assert_array_equal(theta, initial_theta(model, 7))
    assert (theta != initial_theta(model, 8)).any()


def test_a_normal_theta0_has_the_scale_and_the_seed_asked_for() -> None:
    model = MODELS["mlp"](["a"], hidden=(2000,))
    theta = normal_theta(model, 3.0, seed=4)
    assert theta.shape == (len(model.parameters),)
    assert theta.std() == pytest.approx(3.0, rel=0.05)
    assert abs(theta.mean()) < 0.15
    np.testing.assert_array_equal(theta, normal_theta(model, 3.0, seed=4))
    np.testing.assert_allclose(theta, 3.0 * normal_theta(model, seed=4))
    assert (theta != normal_theta(model, 3.0, seed=5)).any()


def test_start_copies_the_callers_array() -> None:
    theta0 = np.ones(3)
    state = start(theta0, OPTIMIZERS["adam"]())
    theta0[:] = 5.0
    assert state.theta.tolist() == [1, 1, 1]
    assert state.memory.shape == (2, 3)
    assert not state.memory.any()
