"""The loop: step 0, blocks, taking up again, divergence."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import (
    MODELS,
    OPTIMIZERS,
    Block,
    Problem,
    State,
    auto_learning_rate,
    descend,
    pose,
    split_by_fraction,
    start,
)
from gd_engine.arrays import FloatArray

GD = OPTIMIZERS["gd"]()


def line(loss: str = "mse", scale: float = 1.0, test: float = 0.25) -> Problem:
    random = np.random.default_rng(1)
    x = random.standard_normal((40, 2)) * scale
    y = x @ np.array([2.0, -1.0]) + 0.5 + 0.3 * random.standard_normal(40)
    return pose(MODELS["linear"](["a", "b"]), x, y, split_by_fraction(40, test), loss=loss)


def run(
    problem: Problem,
    state: State,
    rate: float = 0.1,
    steps: int = 60,
    is_full: Callable[[int], bool] = lambda rows: rows >= 1000,
) -> list[Block]:
    return list(descend(problem, GD, state, learning_rate=rate, steps=steps, is_full=is_full))


def joined(blocks: list[Block]) -> dict[str, FloatArray]:
    columns = {name: np.concatenate([b.columns[name] for b in blocks]) for name in blocks[0].columns}
    return columns | {"theta": np.concatenate([b.theta for b in blocks])}


def test_step_0_is_theta0_and_the_last_is_steps() -> None:
    theta0 = np.array([1.0, -2.0, 3.0])
    blocks = run(line(), start(theta0, GD), steps=7)
    assert sum(len(block.theta) for block in blocks) == 8
    np.testing.assert_array_equal(blocks[0].theta[0], theta0)
    assert blocks[-1].outcome is not None
    assert (blocks[-1].outcome.reason, blocks[-1].outcome.step) == ("max_steps", 7)
    assert "7" in blocks[-1].outcome.sentence


@given(sizes=st.lists(st.integers(1, 30), min_size=1))
def test_where_blocks_end_changes_no_bit(sizes: list[int]) -> None:
    problem, state = line(), start(np.zeros(3), GD)
    whole = joined(run(problem, state))
    turns = iter(sizes * 100)
    size = [next(turns)]

    def is_full(rows: int) -> bool:
        if rows >= size[0]:
            size[0] = next(turns)
            return True
        return False

    blocks = run(problem, state, is_full=is_full)
    assert [b.first_step for b in blocks[1:]] == [b.next.step for b in blocks[:-1]]
    for name, column in joined(blocks).items():
        np.testing.assert_array_equal(column, whole[name])


@given(st.integers(1, 59))
def test_taken_up_at_a_block_it_goes_on_bit_for_bit(size: int) -> None:
    problem = line()
    whole = joined(run(problem, start(np.zeros(3), GD)))
    first = next(iter(run(problem, start(np.zeros(3), GD), is_full=lambda rows: rows >= size)))
    stored = np.vstack([first.next.theta, first.next.memory]).tobytes()
    again = np.frombuffer(stored).reshape(-1, 3)
    rest = run(problem, State(first.next.step, again[0], again[1:]))
    for name, column in joined([first, *rest]).items():
        np.testing.assert_array_equal(column, whole[name])


def test_divergence_is_an_outcome_and_keeps_every_finite_step() -> None:
    blocks = run(line("sse", scale=100.0), start(np.zeros(3), GD), rate=1.0, steps=10_000)
    outcome, columns = blocks[-1].outcome, joined(blocks)
    assert outcome is not None
    assert outcome.reason == "diverged"
    assert len(columns["theta"]) == outcome.step
    assert np.isfinite(columns["theta"]).all()
    assert np.isfinite(columns["train_loss"]).all()
    with np.errstate(over="ignore", invalid="ignore"):
        energy = line("sse", scale=100.0).energy(blocks[-1].next.theta)
    assert not (np.isfinite(energy) and np.isfinite(blocks[-1].next.theta).all())


def test_divergence_at_step_0_leaves_no_row() -> None:
    [block] = run(line("sse"), start(np.full(3, 1e200), GD))
    assert block.outcome is not None
    assert (block.outcome.reason, block.outcome.step) == ("diverged", 0)
    assert block.theta.shape == (0, 3)


def test_divergence_at_a_block_boundary_is_found_in_the_next_block() -> None:
    problem = line("sse", scale=100.0)
    steps = run(problem, start(np.zeros(3), GD), rate=1.0, steps=10_000)[-1].outcome
    assert steps is not None
    blocks = run(problem, start(np.zeros(3), GD), rate=1.0, steps=10_000, is_full=lambda rows: rows >= steps.step)
    assert len(blocks[-1].theta) == 0
    assert blocks[-1].outcome == steps


def test_no_test_rows_means_no_test_error() -> None:
    columns = joined(run(line(test=0), start(np.zeros(3), GD)))
    assert np.isnan(columns["test_mse"]).all()
    assert np.isfinite(columns["train_mse"]).all()


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_lowers_every_models_loss(model: str, optimizer: str) -> None:
    random = np.random.default_rng(3)
    x = random.standard_normal((50, 2))
    y = (x @ np.array([1.0, 2.0]) + random.standard_normal(50) > 0).astype(float)
    loss = "log_loss" if model == "logistic" else "mse"
    problem = pose(MODELS[model](["a", "b"]), x, y, split_by_fraction(50, 0.2), loss=loss, standardize=True)
    method = OPTIMIZERS[optimizer]()
    state = start(np.zeros(len(problem.model.parameters)), method)
    rate = auto_learning_rate(problem.energy, state.theta)
    blocks = list(descend(problem, method, state, learning_rate=rate, steps=300))
    losses = joined(blocks)["train_loss"]
    assert (np.diff(losses) <= 1e-12).all()
    assert joined(blocks)["gradient_norm"][-1] < 0.02
