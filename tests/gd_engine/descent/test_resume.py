"""A descent resumed from the state at any block's end has the same bits as an uninterrupted one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import (
    OPTIMIZERS,
    SCHEDULES,
    Block,
    DescentConfig,
    Problem,
    Stop,
    auto_learning_rate,
    descend,
    initial_theta,
    pose,
    split_by_fraction,
    start,
    state_from,
)
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from tests.gd_engine.helpers import VARIANTS, assert_same_bits, joined

RATE = 0.02
SCHEDULED: dict[str, Any] = {
    "step": SCHEDULES["step"](RATE, 100, every=7, factor=0.5),
    "exponential": SCHEDULES["exponential"](RATE, 100, factor=0.97),
    "inverse_time": SCHEDULES["inverse_time"](RATE, 100, rate=0.1),
    "cosine": SCHEDULES["cosine"](RATE, 100),
    "backtracking": SCHEDULES["backtracking"](1.0, 100),
}


def problem_of(variant: str, *, reduce: bool = True, **options: Any) -> Problem:
    random = np.random.default_rng(4)
    x = random.uniform(0.2, 1.5, (60, 2))
    model = VARIANTS[variant](["a", "b"])
    y = np.digitize(x.sum(axis=1), [1.2, 1.9][: max(model.classes - 1, 1)]) + (model.classes == 0) * x[:, 0]
    split = split_by_fraction(60, 0.2, validation=0.25)
    return pose(model, x, y.astype(float), split, reduce=reduce, **options)


def in_turns(*sizes: int) -> Callable[[int], bool]:
    """An `is_full` for blocks of at least these sizes, in turn."""
    state = {"turn": 0}

    def is_full(rows: int) -> bool:
        full = rows >= sizes[state["turn"] % len(sizes)]
        state["turn"] += full
        return full

    return is_full


def restarted(problem: Problem, config: DescentConfig, is_full: Callable[[int], bool], **ways: bool) -> list[Block]:
    """The blocks of a descent that resumes from stored bytes after every block."""
    theta0 = initial_theta(problem.model, 3)
    state = start(theta0, config.optimizer)
    blocks: list[Block] = []
    while not (blocks and blocks[-1].outcome):
        blocks.append(next(iter(descend(problem, config, state, is_full=is_full, **ways))))
        kept = blocks[-1].next
        state = state_from(np.frombuffer(kept.to_array().tobytes()).copy(), kept.step, len(theta0))
        np.testing.assert_array_equal(state.memory, kept.memory, strict=True)
        assert state.watch == kept.watch
    return blocks


def assert_restarts(problem: Problem, config: DescentConfig, *sizes: int, **ways: bool) -> list[Block]:
    """Asserts that a descent restarted after every block has the same bits as an uninterrupted one."""
    state = start(initial_theta(problem.model, 3), config.optimizer)
    whole = list(descend(problem, config, state, is_full=lambda rows: False, **ways))
    again = restarted(problem, config, in_turns(*sizes), **ways)
    assert_same_bits(joined(again), joined(whole))
    assert whole[-1].outcome is not None
    assert again[-1].outcome == whole[-1].outcome
    return again


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@settings(max_examples=4)
@given(sizes=st.lists(st.integers(1, 1500), min_size=1, max_size=4))
def test_every_optimizer_restarts(optimizer: str, affine: bool, sizes: list[int]) -> None:
    affine_blocks = affine and OPTIMIZERS[optimizer]().linear
    steps = 3 * AFFINE_BLOCK + 50 if affine_blocks else 300
    sizes = sizes if affine_blocks else [size % 70 + 1 for size in sizes]
    blocks = assert_restarts(
        problem_of("linear"), DescentConfig(OPTIMIZERS[optimizer](), RATE, steps), *sizes, affine=affine
    )
    assert sum(len(block.theta) for block in blocks) == steps + 1
    assert len(blocks) > 1


@pytest.mark.parametrize("replay", [True, False], ids=["replayed", "traced"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_model_restarts(variant: str, replay: bool) -> None:
    for optimizer in ("nesterov", "adam"):
        assert_restarts(problem_of(variant), DescentConfig(OPTIMIZERS[optimizer](), RATE, 60), 1, 17, 5, replay=replay)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("schedule", SCHEDULED)
def test_every_schedule_restarts(schedule: str, optimizer: str) -> None:
    assert_restarts(problem_of("logistic"), DescentConfig(OPTIMIZERS[optimizer](), SCHEDULED[schedule], 100), 7, 1, 30)
    assert_restarts(problem_of("linear"), DescentConfig(OPTIMIZERS[optimizer](), SCHEDULED[schedule], 100), 7, 1, 30)


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adamw"])
@pytest.mark.parametrize("batch_size", [1, 7, 36, 100])
@pytest.mark.parametrize("variant", ["linear", "softmax of 3", "mlp"])
def test_mini_batches_restart(variant: str, batch_size: int, optimizer: str) -> None:
    config = DescentConfig(OPTIMIZERS[optimizer](), RATE, 90, batch_size=batch_size, seed=11, clip_norm=0.5)
    assert_restarts(problem_of(variant, reduce=False), config, 1, 10, 23)


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
@pytest.mark.parametrize(
    "stop",
    [Stop(patience=30), Stop(loss_change=1e-9), Stop(gradient_norm=1e-5), Stop(patience=5000), Stop(loss_change=0.0)],
    ids=str,
)
def test_a_restart_keeps_the_stopping_state(stop: Stop, affine: bool) -> None:
    problem = problem_of("linear", l2=0.01)
    rate = 0.5 * auto_learning_rate(problem.energy, np.zeros(3))
    config = DescentConfig(OPTIMIZERS["momentum"](), rate, 3 * AFFINE_BLOCK, stop=stop)
    assert_restarts(problem, config, 3, 40, affine=affine)


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
def test_a_restart_diverges_at_the_same_step(affine: bool) -> None:
    problem = problem_of("linear")
    rate = 2.05 * auto_learning_rate(problem.energy, np.zeros(3))
    blocks = assert_restarts(problem, DescentConfig(OPTIMIZERS["gd"](), rate, 100_000), 100, 900, affine=affine)
    assert blocks[-1].outcome is not None
    assert blocks[-1].outcome.reason == "diverged"
    assert blocks[-1].outcome.step > AFFINE_BLOCK


def test_a_restart_within_an_affine_block_steps_to_the_next_one() -> None:
    problem, config = problem_of("linear"), DescentConfig(OPTIMIZERS["gd"](), RATE, 4 * AFFINE_BLOCK)
    state = start(np.zeros(3), config.optimizer)
    middle = list(descend(problem, config, state, is_full=lambda rows: rows >= 10, affine=False))[3].next
    assert middle.step == 40
    blocks = list(descend(problem, config, middle, is_full=lambda rows: True))
    assert [block.next.step for block in blocks[-4:-1]] == [2 * AFFINE_BLOCK, 3 * AFFINE_BLOCK, 4 * AFFINE_BLOCK]
    assert len(blocks) == AFFINE_BLOCK - 40 + 4
