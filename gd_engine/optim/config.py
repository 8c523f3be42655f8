"""How to descend: everything that is chosen besides the problem."""

from typing import NamedTuple

from gd_engine.optim.early_stopping import Stop
from gd_engine.optim.optimizers import Optimizer
from gd_engine.optim.schedules import Backtracking, Schedule


class DescentConfig(NamedTuple):
    """How to descend. `learning_rate` is a number, a function of the step's number, or a line search.

    With `batch_size` a step's gradient is taken from so many rows (`data.minibatches`); the trajectory's columns
    are of all rows nevertheless. A gradient longer than `clip_norm` is brought to that length (Pascanu, Mikolov &
    Bengio, 2013).
    """

    optimizer: Optimizer
    learning_rate: float | Schedule | Backtracking
    steps: int
    batch_size: int | None = None
    seed: int = 0
    clip_norm: float | None = None
    stop: Stop = Stop()
