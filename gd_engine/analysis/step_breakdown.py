"""The arithmetic of one step: what ∇E(θ) is made of, whether it is right, and what the update makes of it."""

from functools import partial
from operator import le
from typing import Any, NamedTuple

import numpy as np
from autograd import grad

from gd_engine.arrays import FloatArray, IntArray
from gd_engine.data.minibatches import Batches
from gd_engine.descent.affine_steps import AFFINE_BLOCK
from gd_engine.descent.evaluator import Evaluator
from gd_engine.descent.loop import descend, start
from gd_engine.descent.stepper import clipped, rate_at
from gd_engine.descent.trajectory import State
from gd_engine.optim.config import DescentConfig
from gd_engine.problem import Problem

MOST_ROWS = 10
"""Contributions that are shown one by one."""
CANDIDATES = 64
"""Rows whose contribution is computed to find the largest; where the score is linear in θ, these are among them."""
MOST_DIFFERENCES = 64
"""Parameters whose derivative is checked: each costs E twice."""


class Contributions(NamedTuple):
    """Parts of ∇E, whose sum it is: those of single training rows, of all the others together, and of the penalty.

    `rows` are the numbers of the rows among the training rows, shape (k,), the largest contributions first; `y` and
    `predictions` have shape (k,) or (classes, k), `gradients` (k, p), `rest` and `penalty` (p,).
    """

    rows: IntArray
    y: FloatArray
    predictions: FloatArray
    gradients: FloatArray
    rest: FloatArray
    penalty: FloatArray


class Arithmetic(NamedTuple):
    """One step, θ ← θ + change, and what it is made of.

    `gradient` is autograd's, `differences` the central differences of E for the first parameters. `used` is what the
    update was made from: the gradient of a batch, or one that was clipped, or the gradient itself. `memory` is the
    optimiser's before the step, and `rate` the step's learning rate.
    """

    step: int
    theta: FloatArray
    energy: float
    gradient: FloatArray
    differences: FloatArray
    contributions: Contributions
    used: FloatArray
    memory: FloatArray
    rate: float
    change: FloatArray


def state_at(problem: Problem, config: DescentConfig, theta0: FloatArray, step: int) -> State:
    """The state before a step, by descending there from θ₀: in leaps as long as it can. The step has to be reached."""
    state = start(theta0, config.optimizer)
    landing = step // AFFINE_BLOCK * AFFINE_BLOCK
    for goal, affine in ((landing, True), (step, False)):
        while state.step < goal:
            left = goal - state.step
            block = next(descend(problem, config, state, is_full=partial(le, left), affine=affine))
            if block.outcome is not None:
                raise ValueError(f"The descent ends at step {block.outcome.step}, before step {step}.")
            state = block.next
    return state


def arithmetic(problem: Problem, config: DescentConfig, state: State) -> Arithmetic:
    """What happens in the step that begins at `state`. Raises ValueError for a reduced problem, which has no rows."""
    if problem.reduced:
        raise ValueError("A reduced problem has no rows to tell of: pose it with reduce=False.")
    with np.errstate(all="ignore"):
        theta = state.theta
        evaluator = Evaluator(problem, replay=False)
        found = evaluator.at(theta)
        used = found.gradient
        if config.batch_size is not None:
            batches = Batches(problem.train.size, config.batch_size, config.seed)
            used = evaluator.batch_gradient(theta, batches.rows(state.step))
        used = clipped(used, config.clip_norm)
        rate = rate_at(config, evaluator, state, found)
        change, _ = config.optimizer.update(used, state.memory, rate, theta, state.step)
        return Arithmetic(
            step=state.step,
            theta=theta,
            energy=found.energy,
            gradient=found.gradient,
            differences=central_differences(problem, theta)[:MOST_DIFFERENCES],
            contributions=contributions(problem, theta, found.gradient),
            used=used,
            memory=state.memory,
            rate=rate,
            change=change,
        )


def central_differences(problem: Problem, theta: FloatArray, most: int = MOST_DIFFERENCES) -> FloatArray:
    """(E(θ + h eⱼ) − E(θ − h eⱼ)) / 2h for the first parameters, with h = ∛ε max(1, |θⱼ|), for which the errors of
    rounding and of the third derivative are of one size (Nocedal & Wright, Numerical Optimization, 8.1).
    """
    found = []
    for place in range(min(len(theta), most)):
        width = np.cbrt(np.finfo(np.float64).eps) * max(1.0, abs(theta[place]))
        up, down = theta.copy(), theta.copy()
        up[place] += width
        down[place] -= width
        found.append((problem.energy(up) - problem.energy(down)) / (up[place] - down[place]))
    return np.array(found)


def contributions(problem: Problem, theta: FloatArray, gradient: FloatArray) -> Contributions:
    """The parts of a gradient that autograd found at θ, those of the rows that add most to it one by one."""
    train = problem.train
    pull = _pull(problem, theta) * np.linalg.norm(train.design, axis=1)
    candidates = np.argsort(-pull, kind="stable")[:CANDIDATES]
    of_rows = np.array([_of_row(problem, theta, row) for row in candidates])
    largest = np.argsort(-np.linalg.norm(of_rows, axis=1), kind="stable")[:MOST_ROWS]
    rows, shown = candidates[largest], of_rows[largest]
    penalty = np.zeros(len(theta))
    if any(problem.penalty):
        penalty = grad(lambda t: problem.penalty(problem.model, t))(theta)
    predictions = problem.model.predict(theta, train.design[rows])
    rest = gradient - penalty - shown.sum(axis=0)
    return Contributions(rows, train.y[..., rows], predictions, shown, rest, penalty)


def _pull(problem: Problem, theta: FloatArray) -> FloatArray:
    """How fast the loss of each row changes with its score, shape (n,)."""
    train, model = problem.train, problem.model

    def total(more: Any) -> Any:
        moved = model._replace(score=lambda t, design: model.score(t, design) + more)
        return problem.loss.total(moved, theta, train.design, train.y)

    score = np.asarray(model.score(theta, train.design))
    slope: FloatArray = np.abs(grad(total)(np.zeros(score.shape)))
    if slope.ndim > 1:
        slope = np.linalg.norm(slope, axis=0)
    return slope


def _of_row(problem: Problem, theta: FloatArray, row: int) -> FloatArray:
    design, y = problem.train.design[row : row + 1], problem.train.y[..., row : row + 1]
    slope: FloatArray = grad(lambda t: problem.loss.total(problem.model, t, design, y))(theta) / problem.divisor
    return slope
