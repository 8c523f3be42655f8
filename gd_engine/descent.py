"""descend(): one loop for every method, and the only place that knows the step limit and what it is to diverge."""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.gradients import value_and_gradient
from gd_engine.optimizers import Optimizer
from gd_engine.problem import Problem, criteria_names

BLOCK_ROWS = 1000


class State(NamedTuple):
    """Where a descent stands before it records row `step`: all that is needed to go on, bit for bit."""

    step: int
    theta: FloatArray
    memory: FloatArray


class Outcome(NamedTuple):
    """How a descent ended: a value, not an exception. `step` is the last step, or the first that was not finite."""

    reason: Literal["max_steps", "diverged"]
    step: int

    @property
    def sentence(self) -> str:
        """For people."""
        if self.reason == "diverged":
            return f"Diverged: at step {self.step} θ or E(θ) is no longer a finite number."
        return f"All {self.step} steps are done."


class Block(NamedTuple):
    """Consecutive rows of a trajectory: `theta` has shape (k, p), every other column (k,).

    `columns` are train_loss, the problem's criteria, gradient_norm and learning_rate, in this order. `next` is the
    state of the row after the last; `outcome` is set on the last block, which may have no rows.
    """

    first_step: int
    theta: FloatArray
    columns: dict[str, FloatArray]
    next: State
    outcome: Outcome | None


def column_names(task: str) -> tuple[str, ...]:
    """The names of a block's columns, in order, for a regression or a classification."""
    return ("train_loss", *criteria_names(task), "gradient_norm", "learning_rate")


def start(theta0: FloatArray, optimizer: Optimizer) -> State:
    """The state before step 0, which is θ₀ itself."""
    theta = np.array(theta0, dtype=np.float64)
    return State(0, theta, optimizer.init(theta))


def descend(
    problem: Problem,
    optimizer: Optimizer,
    state: State,
    *,
    learning_rate: float,
    steps: int,
    is_full: Callable[[int], bool] = lambda rows: rows >= BLOCK_ROWS,
) -> Iterator[Block]:
    """Blocks of steps from `state` to step `steps` or divergence.

    `is_full(rows)` is asked after every row whether to hand the block over: by count, by the caller's clock, as the
    caller likes. Where blocks end never changes a number. A descent stops at the first step whose θ or E(θ) is not
    finite; that step is not recorded.
    """
    evaluate = value_and_gradient(problem.energy)
    while True:
        block = _block(problem, evaluate, optimizer, state, learning_rate, steps, is_full)
        yield block
        if block.outcome:
            return
        state = block.next


def _block(
    problem: Problem,
    evaluate: Callable[[FloatArray], tuple[float, FloatArray]],
    optimizer: Optimizer,
    state: State,
    rate: float,
    steps: int,
    is_full: Callable[[int], bool],
) -> Block:
    thetas: list[FloatArray] = []
    rows: list[list[float]] = []
    step, theta, memory = state
    outcome: Outcome | None = None
    with np.errstate(all="ignore"):  # overflow is an outcome here, not a surprise
        while outcome is None and not (rows and is_full(len(rows))):
            energy, gradient = evaluate(theta)
            if not (np.isfinite(energy) and np.isfinite(theta).all()):
                outcome = Outcome("diverged", step)
                break
            thetas.append(theta)
            rows.append([energy, *problem.criteria(theta), float(np.linalg.norm(gradient)), rate])
            if step == steps:
                outcome = Outcome("max_steps", step)
                break
            change, memory = optimizer.update(gradient, memory, rate)
            step, theta = step + 1, theta + change
    names = column_names(problem.model.task)
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(names))
    return Block(
        first_step=state.step,
        theta=np.array(thetas, dtype=np.float64).reshape(len(rows), len(state.theta)),
        columns=dict(zip(names, np.ascontiguousarray(table.T), strict=True)),
        next=State(step, theta, memory),
        outcome=outcome,
    )
