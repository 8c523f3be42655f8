"""The descent loop, the same for every method."""

from collections.abc import Iterator

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.affine_steps import AFFINE_BLOCK, AffineStepper, pays
from gd_engine.descent.evaluator import Evaluator
from gd_engine.descent.stepper import IsFull, Stepper
from gd_engine.descent.trajectory import Block, State
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.optimizers import Optimizer
from gd_engine.problem import Problem


def start(theta0: FloatArray, optimizer: Optimizer) -> State:
    """The state before step 0, with a copy of θ₀, shape (p,)."""
    theta = np.array(theta0, dtype=np.float64)
    return State(0, theta, optimizer.init(theta))


def ways(problem: Problem, config: DescentConfig) -> list[str]:
    """The names of the shortcuts that `descend` takes: reduction, and affine or replay.

    Shortcuts save time and agree with the plain loop to rounding.
    """
    shortcut = "affine" if _affine_pays(problem, config) else "replay"
    return ["reduction", shortcut] if problem.reduced else [shortcut]


def descend(
    problem: Problem,
    config: DescentConfig,
    state: State,
    *,
    is_full: IsFull = lambda rows: rows >= AFFINE_BLOCK,
    replay: bool = True,
    affine: bool = True,
) -> Iterator[Block]:
    """Blocks of steps from `state` to the end of the descent.

    The loop calls `is_full(rows)` repeatedly and yields the block when it returns True, by count or by the caller's
    clock. Block boundaries change no number. A descent stops before the first step whose θ or E(θ) is not finite.
    `replay` and `affine` allow the shortcuts of these names. Raises ValueError for mini-batches of a reduced problem.
    """
    if config.batch_size is not None and problem.reduced:
        raise ValueError("A reduced problem has no rows to take batches from: pose it with reduce=False.")
    rate = config.learning_rate
    affine_blocks = None
    with np.errstate(all="ignore"):  # overflow is an outcome, not an error
        stepper = Stepper(problem, config, Evaluator(problem, replay=replay))
        if affine and isinstance(rate, float) and _affine_pays(problem, config):
            affine_blocks = AffineStepper(problem, config.optimizer, rate)
    while True:
        with np.errstate(all="ignore"):
            block = None
            if affine_blocks and state.step % AFFINE_BLOCK == 0:
                block = stepper.affine_blocks(affine_blocks, state, is_full)
            # After a non-finite affine block, single steps find the first non-finite one.
            block = block or stepper.steps(state, is_full, align=affine_blocks is not None)
        yield block
        if block.outcome:
            return
        state = block.next


def _affine_pays(problem: Problem, config: DescentConfig) -> bool:
    plain = config.clip_norm is None and config.batch_size is None and isinstance(config.learning_rate, float)
    return plain and pays(problem, config.optimizer, config.steps)
