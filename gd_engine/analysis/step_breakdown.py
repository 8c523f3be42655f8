"""The arithmetic of one step: contributions to ∇E(θ), central differences as a check, and the update."""

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
from gd_engine.descent.stepper import rate_at
from gd_engine.descent.trajectory import State
from gd_engine.descent.update import threshold_weights, update_of
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.early_stopping import Stop
from gd_engine.problem import Problem, TargetScaling

MOST_ROWS = 10
"""Contributions listed one by one."""
CANDIDATES = 64
"""Rows whose contribution is computed in the search for the largest; the search is exact for a score linear in θ."""
MOST_DIFFERENCES = 64
"""Parameters with a central difference: each costs four evaluations of E and one of the scores."""
WIDER = 100.0
"""The most by which a difference's width exceeds ∛ε max(1, |θⱼ|)."""
CAUTION = 10.0
"""The factor of an estimated error: single differences of noise may be small by chance."""


class Contributions(NamedTuple):
    """Terms of ∇E: those of single training rows, of all other rows together, and of the penalty.

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
    """One step, θ ← θ + change = after, and its terms.

    `gradient` is autograd's, `differences` the central differences of E for the first parameters, `errors` their
    estimated errors, both of shape (≤ MOST_DIFFERENCES,). `used` is the update's gradient: that of a mini-batch, a
    clipped one, or `gradient`. `memory` is the optimiser's before the step, and `rate` the step's learning rate.

    `point` is where `used` is taken: θ, or the point ahead of fista. Of a proximal method `used` is without the
    gradient of the l1 penalty, and `threshold`, shape (p,), is for it: after = soft(point − rate · used, threshold).
    """

    step: int
    theta: FloatArray
    energy: float
    gradient: FloatArray
    differences: FloatArray
    errors: FloatArray
    contributions: Contributions
    point: FloatArray
    used: FloatArray
    memory: FloatArray
    rate: float
    threshold: FloatArray | None
    change: FloatArray
    after: FloatArray


def state_at(problem: Problem, config: DescentConfig, theta0: FloatArray, step: int) -> State:
    """The state before a step, by a descent from θ₀ without a stopping condition: affine blocks, then single steps.

    Near a condition's threshold, rounding could end the single steps before the affine blocks. Raises ValueError if
    the descent diverges, or reaches its step limit, before the step.
    """
    config = config._replace(stop=Stop())
    state = start(theta0, config.optimizer)
    aligned = step // AFFINE_BLOCK * AFFINE_BLOCK
    for goal, affine in ((aligned, True), (step, False)):
        while state.step < goal:
            remaining = goal - state.step
            block = next(descend(problem, config, state, is_full=partial(le, remaining), affine=affine))
            if block.outcome is not None:
                raise ValueError(f"The descent ends at step {block.outcome.step}, before step {step}.")
            state = block.next
    return state


def arithmetic(problem: Problem, config: DescentConfig, state: State) -> Arithmetic:
    """The arithmetic of the step from `state`. Raises ValueError for a reduced problem."""
    if problem.reduced:
        raise ValueError("A reduced problem has no single rows: pose it with reduce=False.")
    with np.errstate(all="ignore"):
        theta = state.theta
        evaluator = Evaluator(problem, replay=False)
        found = evaluator.at(theta)
        batches = None
        if config.batch_size is not None:
            batches = Batches(problem.train.size, config.batch_size, config.seed)
        rate = rate_at(config, evaluator, state, found)
        weights = threshold_weights(problem, config.optimizer)
        taken = update_of(config, evaluator, state, found.gradient, rate, weights, batches)
        differences, errors = central_differences(problem, theta)
        return Arithmetic(
            step=state.step,
            theta=theta,
            energy=found.energy,
            gradient=found.gradient,
            differences=differences,
            errors=errors,
            contributions=contributions(problem, theta, found.gradient),
            point=taken.point,
            used=taken.gradient,
            memory=state.memory,
            rate=rate,
            threshold=taken.threshold,
            change=taken.change if taken.threshold is None else taken.theta - theta,
            after=taken.theta,
        )


def central_differences(problem: Problem, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(E(θ + h eⱼ) − E(θ − h eⱼ)) / 2h for the first parameters, and their errors, shapes (≤ MOST_DIFFERENCES,).

    h changes the scores by about ∛ε of their scale, which balances the errors of rounding and truncation (Nocedal &
    Wright, Numerical Optimization, 8.1). The error is estimated from the differences of width 2h: the change of the
    first one measures truncation, the fourth one noise and kinks (Moré & Wild, Estimating Computational Noise, 2011).
    """
    differences, errors = [], []
    centre = float(problem.energy(theta))
    for place, width in enumerate(_widths(problem, theta, min(len(theta), MOST_DIFFERENCES))):
        low, down, up, high = (_moved_energy(problem, theta, place, times * width) for times in (-2, -1, 1, 2))
        near, far = (up - down) / (2 * width), (high - low) / (4 * width)
        fourth = high - 4 * up + 6 * centre - 4 * down + low
        rounding = np.finfo(np.float64).eps * (abs(centre) + abs(near * theta[place]))
        differences.append(near)
        errors.append(CAUTION * (abs(far - near) + (abs(fourth) + rounding) / width))
    return np.array(differences), np.array(errors)


def _widths(problem: Problem, theta: FloatArray, count: int) -> list[float]:
    """The width h of each of the first `count` differences; θⱼ + h is exact."""
    model, (design, y, _) = problem.model, problem.train
    scores = np.asarray(model.score(theta, design))
    # Without data the score is E itself, whose size near a minimum says nothing of its scale.
    scale = {"regression": _root_mean_square(scores, y), "classification": 1.0, "function": np.nan}[model.task]
    found = []
    for place in range(count):
        least = float(np.cbrt(np.finfo(np.float64).eps))
        width = least * max(1.0, abs(theta[place]))
        moved = theta.copy()
        moved[place] += width
        change = _root_mean_square(np.asarray(model.score(moved, design)) - scores)
        if np.isfinite(change) and change > 0 and np.isfinite(scale) and scale > 0:
            width *= min(least * scale / change, WIDER)
        found.append(float(theta[place] + width - theta[place]) or width)
    return found


def _root_mean_square(*numbers: FloatArray) -> float:
    """The largest of the arrays' root mean squares."""
    return max(float(np.sqrt(np.mean(np.square(each)))) for each in numbers)


def _moved_energy(problem: Problem, theta: FloatArray, place: int, by: float) -> float:
    moved = theta.copy()
    moved[place] += by
    return float(problem.energy(moved))


def contributions(problem: Problem, theta: FloatArray, gradient: FloatArray) -> Contributions:
    """The terms of autograd's gradient at θ, shape (p,); the rows with the largest terms are listed one by one.

    A function without data has no rows: the gradient of its formula is the rest.
    """
    train = problem.train
    penalty = np.zeros(len(theta))
    if any(problem.penalty):
        penalty = grad(lambda t: problem.penalty(problem.model, t))(theta)
    if not problem.has_data:
        none = np.empty(0)
        return Contributions(np.empty(0, np.int64), none, none, np.empty((0, len(theta))), gradient - penalty, penalty)
    size = _score_slope(problem, theta) * np.linalg.norm(train.design, axis=1)
    candidates = np.argsort(-size, kind="stable")[:CANDIDATES]
    of_rows = np.array([_of_row(problem, theta, row) for row in candidates])
    largest = np.argsort(-np.linalg.norm(of_rows, axis=1), kind="stable")[:MOST_ROWS]
    rows, shown = candidates[largest], of_rows[largest]
    predictions = problem.predict(theta, train.design[rows])
    rest = gradient - penalty - shown.sum(axis=0)
    y = train.y[..., rows]
    if problem.target != TargetScaling():
        y = problem.target.mean + problem.target.scale * y
    return Contributions(rows, y, predictions, shown, rest, penalty)


def _score_slope(problem: Problem, theta: FloatArray) -> FloatArray:
    """The absolute derivative of each row's loss with respect to its score, shape (n,)."""
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
