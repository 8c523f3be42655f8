"""Check of a given trajectory against the update rule: the first wrong step, and the mistakes that explain all steps.

The given θₖ determines the expected θₖ₊₁. Rounding errors therefore do not accumulate, and an error in one step differs
from a mistake in every step. Where the given numbers are rounded, a step is right too if it is that of the descent from
θ₀, rounded. A mistake explains a trajectory if a descent with that mistake gives every step.
"""

from typing import NamedTuple

import numpy as np

from gd_engine.analysis.descent_mistakes import Family, Mistake, Variant, gradient_of, short_first, variants
from gd_engine.analysis.number_precision import Precision, precision_of_path
from gd_engine.arrays import BoolArray, FloatArray
from gd_engine.descent.update import threshold_weights, updated
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.optimizers import Optimizer
from gd_engine.optim.schedules import Backtracking, Schedule
from gd_engine.problem import Problem

TOLERANCE = 1e-6
NEGLIGIBLE = 1e-6
"""A parameter smaller than this share of the greatest is compared relative to this share of the greatest."""
GAUSS_NEWTON_STEPS = 5
DIFFERENCE = 1e-3
"""The difference of two numbers of which the derivative of a step is taken."""
FIRST = 20
"""The steps that exclude most mistakes; only the others are compared with all steps."""


class Verdict(NamedTuple):
    """The result of a check. `step` is the first wrong one, `expected` the correct θ there, shape (p,).

    `mistakes` explain every step, the likeliest first; a correct path has none. `precision` is that of the given path,
    up to which it was compared; None for an unrounded one. `factor` is that of every step if it explains them and is
    no usual one.
    """

    step: int | None
    expected: FloatArray | None
    mistakes: list[Mistake]
    precision: Precision | None = None
    factor: float | None = None

    @property
    def right(self) -> bool:
        """Whether every step is correct."""
        return self.step is None


def check(
    problem: Problem, config: DescentConfig, theta0: FloatArray, path: FloatArray, *, tolerance: float = TOLERANCE
) -> Verdict:
    """Checks a path θ₀, θ₁, …, shape (k, p), up to `tolerance`, relative to each parameter's largest value so far.

    Numbers that are rounded may differ by half a unit of their last place in addition. A path without the intercept's
    column, the first, is one of the mistakes. Raises ValueError for a reduced problem, mini-batches or a line search.
    """
    rate = config.learning_rate
    if problem.reduced or config.batch_size is not None or isinstance(rate, Backtracking):
        raise ValueError("A trajectory check needs a problem with reduce=False, no mini-batches, and no line search.")
    precision, rounding = precision_of_path(path)
    with np.errstate(all="ignore"):
        found = _Checker(problem, config, rate, theta0, tolerance).verdict(_Given(path, rounding))
    return found._replace(precision=precision)


class _Given(NamedTuple):
    """A path, shape (k, p), and the largest error of each number by rounding."""

    path: FloatArray
    rounding: FloatArray

    def at(self, place: slice | tuple[slice, tuple[int, ...]]) -> "_Given":
        return _Given(self.path[place], self.rounding[place])


class _Checker:
    def __init__(
        self,
        problem: Problem,
        config: DescentConfig,
        rate: float | Schedule,
        theta0: FloatArray,
        tolerance: float,
    ) -> None:
        self._problem, self._config, self._rate = problem, config, rate
        self._theta0, self._tolerance = theta0, tolerance
        self._weights = threshold_weights(problem, config.optimizer)
        self._has_penalty = problem.penalty.l1 != 0.0 or problem.penalty.l2 != 0.0
        if self._weights is not None:  # the gradient is without the l1 penalty
            self._problem = problem._replace(penalty=problem.penalty._replace(l1=0.0))
        self._gradient = gradient_of(self._problem)

    def verdict(self, given: _Given) -> Verdict:
        path = given.path
        if path.shape[1] < len(self._theta0):
            without = Variant(lambda theta: self._gradient(np.concatenate([[0.0], theta]))[1:])
            fits = self._fits(without, self._theta0[1:], given)
            return Verdict(0, self._theta0, ["no_intercept" if fits else "too_narrow"])
        right = Variant(self._gradient)
        step = self._difference(right, self._theta0, given)
        if step is not None:
            expected = self._theta0 if step == 0 else self._next(right, path[:step])[-1]
            return self._explained(Verdict(step, expected, []), right, given)
        short = self._config.steps + 1 - len(path)
        if short == 0:
            return Verdict(None, None, [])
        step = min(len(path), self._config.steps + 1)  # every step is correct, but their number is not
        expected = self._next(right, path)[-1] if short > 0 else None
        return Verdict(step, expected, ["off_by_one"] if abs(short) == 1 else [])

    def _explained(self, verdict: Verdict, right: Variant, given: _Given) -> Verdict:
        """The verdict with the mistakes that explain the path, or else with the factor of its steps."""

        def estimate(family: Family, guess: float) -> float:
            return self._estimate(family, guess, given.path[:FIRST])

        optimizer = self._config.optimizer
        possible = variants(self._problem, self._gradient, optimizer, estimate, has_penalty=self._has_penalty)
        mistakes: list[Mistake] = [name for name, each in possible if self._fits(each, self._theta0, given)]
        if self._is_shifted(right, given):
            mistakes.append("off_by_one")
        if mistakes:
            return verdict._replace(mistakes=list(dict.fromkeys(mistakes)))
        for factor in short_first(estimate(lambda factor: Variant(self._gradient, rate=factor), 1.0)):
            if self._fits(Variant(self._gradient, rate=factor), self._theta0, given):
                return verdict._replace(mistakes=["other_factor"], factor=factor)
        return verdict

    def _estimate(self, family: Family, guess: float, path: FloatArray) -> float:
        """The number of the family's member whose steps are nearest to those of the path, by least squares.

        Gauss-Newton with differences: exact at once for a number that the step is linear in.
        """
        for _ in range(GAUSS_NEWTON_STEPS):
            steps = self._next(family(guess), path)[:-1]
            slope = (self._next(family(guess + DIFFERENCE), path)[:-1] - steps) / DIFFERENCE
            guess += float(np.sum(slope * (path[1:] - steps)) / np.sum(slope**2))
        return guess

    def _is_shifted(self, right: Variant, given: _Given) -> bool:
        """Whether the path begins after the first update, or with θ₀ twice."""
        late = _Given(np.vstack([self._theta0, given.path]), np.vstack([given.rounding[:1], given.rounding]))
        if self._fits(right, self._theta0, late):
            return True
        return len(given.path) > 2 and self._fits(right, self._theta0, given.at(slice(1, None)))

    def _fits(self, variant: Variant, theta0: FloatArray, given: _Given) -> bool:
        """Whether every step of the path is this variant's."""
        if variant.columns:
            given = given.at((slice(None), variant.columns))
        parts = [given.at(slice(FIRST)), given] if len(given.path) > FIRST else [given]
        return all(self._difference(variant, theta0, part) is None for part in parts)

    def _difference(self, variant: Variant, theta0: FloatArray, given: _Given) -> int | None:
        """The first step that differs from this variant's, or None."""
        path = given.path
        size = np.maximum.accumulate(np.abs(path), axis=0)
        allowed = self._tolerance * np.maximum(size, NEGLIGIBLE * size.max(axis=1, keepdims=True))
        allowed += given.rounding
        right = _within(path - np.vstack([theta0, self._next(variant, path)[:-1]]), allowed)
        if given.rounding.any() and not right.all():
            right |= _within(path - self._descent(variant, theta0, len(path)), allowed)
        return None if right.all() else int(right.argmin())

    def _optimizer(self, variant: Variant) -> Optimizer:
        return variant.optimizer or self._config.optimizer

    def _next(self, variant: Variant, path: FloatArray) -> FloatArray:
        """The variant's θ after each step of the path, shape (k, p)."""
        memory = self._optimizer(variant).init(path[0])
        found = np.empty_like(path)
        for step, theta in enumerate(path):
            found[step], memory = self._moved(variant, theta, memory, step)
        return found

    def _descent(self, variant: Variant, theta0: FloatArray, count: int) -> FloatArray:
        """The first θ of the variant's own descent, shape (count, p)."""
        memory = self._optimizer(variant).init(theta0)
        found = np.empty((count, len(theta0)))
        found[0] = theta0
        for step in range(count - 1):
            found[step + 1], memory = self._moved(variant, found[step], memory, step)
        return found

    def _moved(
        self, variant: Variant, theta: FloatArray, memory: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        """θ, shape (p,), and the optimiser's memory, shape (slots, p), after an update."""
        config = self._config._replace(optimizer=self._optimizer(variant))
        rate = variant.rate * (self._rate(step) if callable(self._rate) else self._rate)

        def moved(theta: FloatArray, memory: FloatArray) -> tuple[FloatArray, FloatArray]:
            weights = None if self._weights is None else self._weights[-len(theta) :]  # θ may lack the intercept
            if not variant.penalised:
                weights = None
            taken = updated(config, theta, memory, step, rate, weights, variant.gradient)
            return taken.theta, taken.memory

        if not variant.one_by_one:
            return moved(theta, memory)
        theta, after = theta.copy(), memory.copy()
        for place in variant.one_by_one:
            new_theta, new_memory = moved(theta, memory)
            theta[place], after[:, place] = new_theta[place], new_memory[:, place]
        return theta, after


def _within(differences: FloatArray, allowed: FloatArray) -> BoolArray:
    """Whether each row of differences, shape (k, p), is within the allowed ones, shape (k,)."""
    return np.asarray((np.abs(differences) <= allowed).all(axis=1))
