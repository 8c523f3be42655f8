"""The configuration of a descent: optimiser, learning rate, steps, batches, clipping, stopping."""

from typing import NamedTuple

from gd_engine.optim.early_stopping import Stop
from gd_engine.optim.optimizers import Optimizer
from gd_engine.optim.schedules import Backtracking, Schedule


class DescentConfig(NamedTuple):
    """The settings of a descent. `learning_rate` is a number, a function of the step, or a line search.

    With `batch_size` a step's gradient comes from that many rows (`data.minibatches`); the trajectory's columns still
    describe all rows. A gradient longer than `clip_norm` is scaled to that norm (Pascanu, Mikolov & Bengio, 2013).
    """

    optimizer: Optimizer
    learning_rate: float | Schedule | Backtracking
    steps: int
    batch_size: int | None = None
    seed: int = 0
    clip_norm: float | None = None
    stop: Stop = Stop()
