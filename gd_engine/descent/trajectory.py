"""Records of a descent: blocks of rows, the state for resuming, and the outcome."""

from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.metrics import METRICS, measures
from gd_engine.optim.early_stopping import Reason, StoppingState
from gd_engine.problem import Problem


class State(NamedTuple):
    """State before row `step`: θ, shape (p,), memory, shape (slots, p), and stopping state. Resuming changes no bit."""

    step: int
    theta: FloatArray
    memory: FloatArray
    watch: StoppingState = StoppingState()

    def to_array(self) -> FloatArray:
        """θ, memory and stopping state as one vector, for storage."""
        return np.concatenate([self.theta, self.memory.ravel(), self.watch])


def state_from(stored: FloatArray, step: int, parameters: int) -> State:
    """The inverse of `State.to_array`."""
    slots = stored[: -len(StoppingState())].reshape(-1, parameters)
    return State(step, slots[0], slots[1:], StoppingState(*stored[-len(StoppingState()) :].tolist()))


class Outcome(NamedTuple):
    """The end of a descent, as a value. `step` is the last step, or the first non-finite one if it diverged."""

    reason: Literal["max_steps", "diverged"] | Reason
    step: int

    @property
    def sentence(self) -> str:
        """The outcome in words, for users."""
        return {
            "max_steps": f"All {self.step} steps are done.",
            "diverged": f"Diverged: at step {self.step} θ or E(θ) is no longer a finite number.",
            "gradient_norm": f"Stopped at step {self.step}: the gradient is as short as was asked for.",
            "loss_change": f"Stopped at step {self.step}: E(θ) changes no more than was asked for.",
            "patience": f"Stopped at step {self.step}: the validation error has not fallen for long enough.",
        }[self.reason]


class Block(NamedTuple):
    """Consecutive rows of a trajectory: `theta` has shape (k, p), every other column (k,).

    `columns` are those of `Problem.columns`, in this order. `next` is the state before the row after the last. Only the
    last block has an `outcome`; it may have no rows. If its `next` has the step of the outcome, it is the state before
    that row, from which a descent with more steps goes on; else it has no meaning.
    """

    first_step: int
    theta: FloatArray
    columns: dict[str, FloatArray]
    next: State
    outcome: Outcome | None


class Measured(NamedTuple):
    """Numbers of consecutive rows besides θ, each of shape (k,); `tallies`, shape (k, t), of the parts with rows."""

    energy: FloatArray
    tallies: FloatArray
    gradient_norm: FloatArray
    learning_rate: FloatArray
    gap: FloatArray | None


def columns_of(problem: Problem, measured: Measured) -> dict[str, FloatArray]:
    """The columns of a block, by name and in order."""
    filled = [rows for rows in problem.parts.values() if len(rows.design)]
    tallies = iter(np.split(measured.tallies, len(filled), axis=1))
    found = {
        part: measures(
            next(tallies) if len(rows.design) else measured.tallies,
            rows.y,
            classes=problem.model.classes,
            count=rows.size,
        )
        for part, rows in problem.parts.items()
    }
    for each in found.values():
        each["mse"] = each["mse"] * problem.target.scale**2 if problem.target.scale != 1.0 else each["mse"]
    criteria = {f"{part}_{name}": found[part][name] for name in METRICS[problem.model.task] for part in found}
    gap = {} if measured.gap is None else {"optimality_gap": measured.gap}
    ends = {"gradient_norm": measured.gradient_norm, "learning_rate": measured.learning_rate, **gap}
    return {"train_loss": measured.energy, **criteria, **ends}
