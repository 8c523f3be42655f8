"""One update of θ: the point where the gradient is taken, clipping, the optimiser's change, and the soft threshold."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.minibatches import Batches
from gd_engine.descent.evaluator import Evaluator
from gd_engine.descent.trajectory import State
from gd_engine.optim.clipping import clipped
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.optimizers import Optimizer, soft_threshold
from gd_engine.problem import Problem


class Update(NamedTuple):
    """One update: the gradient in use, at `point`, the change, and the next θ and memory.

    Of a proximal method, `threshold`, shape (p,), is what moves θ + change towards 0.
    """

    point: FloatArray
    gradient: FloatArray
    change: FloatArray
    threshold: FloatArray | None
    theta: FloatArray
    memory: FloatArray


def threshold_weights(problem: Problem, optimizer: Optimizer) -> FloatArray | None:
    """The weights of the l1 penalty, shape (p,), for the soft threshold of a proximal method; None without one."""
    if not (optimizer.proximal and problem.penalty.l1):
        return None
    return problem.penalty.l1 * np.array(problem.model.penalised, dtype=np.float64)


def updated(
    config: DescentConfig,
    theta: FloatArray,
    memory: FloatArray,
    step: int,
    rate: float,
    weights: FloatArray | None,
    gradient_at: Callable[[FloatArray], FloatArray],
) -> Update:
    """The update from θ. `gradient_at` is that of E; with `weights`, without its l1 penalty."""
    optimizer = config.optimizer
    point = theta if optimizer.ahead is None else theta + optimizer.ahead(theta, memory)
    gradient = clipped(gradient_at(point), config.clip_norm)
    change, memory = optimizer.update(gradient, memory, rate, theta, step)
    if weights is None:
        return Update(point, gradient, change, None, theta + change, memory)
    threshold = rate * weights
    return Update(point, gradient, change, threshold, soft_threshold(theta + change, threshold), memory)


def update_of(
    config: DescentConfig,
    evaluator: Evaluator,
    state: State,
    gradient: FloatArray,
    rate: float,
    weights: FloatArray | None,
    batches: Batches | None = None,
) -> Update:
    """The update from `state`, where ∇E is `gradient`, by the gradient of a mini-batch if there are `batches`."""

    def gradient_at(point: FloatArray) -> FloatArray:
        found = gradient
        if batches is not None:
            found = evaluator.batch_gradient(point, batches.rows(state.step))
        elif config.optimizer.ahead is not None:
            found = evaluator.at(point).gradient
        return found if weights is None else found - weights * np.sign(point)

    return updated(config, state.theta, state.memory, state.step, rate, weights, gradient_at)
