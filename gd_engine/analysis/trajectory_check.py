"""Check of a given trajectory against the update rule: the first wrong step, and the mistakes that explain all steps.

The given θₖ determines the expected θₖ₊₁. Rounding errors therefore do not accumulate, and an error in one step differs
from a mistake in every step. A mistake explains a trajectory if a descent with that mistake gives every step.
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.design_matrix import Rows
from gd_engine.descent.evaluator import Evaluator
from gd_engine.descent.stepper import clipped
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.schedules import Backtracking, Schedule
from gd_engine.problem import Problem

Mistake = Literal[
    "sign", "missing_factor_2", "sum_for_mean", "mean_for_sum", "no_intercept", "one_by_one", "off_by_one", "test_rows"
]
TOLERANCE = 1e-6
NEGLIGIBLE = 1e-6
"""A parameter smaller than this share of the greatest is compared relative to this share of the greatest."""

_Gradient = Callable[[FloatArray], FloatArray]


class Verdict(NamedTuple):
    """The result of a check. `step` is the first wrong one, `expected` the correct θ there, shape (p,).

    `mistakes` explain every step, the likeliest first; a correct path has none.
    """

    step: int | None
    expected: FloatArray | None
    mistakes: list[Mistake]

    @property
    def right(self) -> bool:
        """Whether every step is correct."""
        return self.step is None


class _Variant(NamedTuple):
    """A variant of the descent: its gradient, and the order of the parameters if they change one by one."""

    gradient: _Gradient
    order: tuple[int, ...] = ()


def check(
    problem: Problem, config: DescentConfig, theta0: FloatArray, path: FloatArray, *, tolerance: float = TOLERANCE
) -> Verdict:
    """Checks a path θ₀, θ₁, …, shape (k, p), up to `tolerance`, relative to each parameter's largest value so far.

    A path without the intercept's column, the first, is one of the mistakes. Raises ValueError for a reduced problem,
    mini-batches or a line search.
    """
    rate = config.learning_rate
    if problem.reduced or config.batch_size is not None or isinstance(rate, Backtracking):
        raise ValueError("A trajectory check needs a problem with reduce=False, no mini-batches, and no line search.")
    with np.errstate(all="ignore"):
        return _Checker(problem, config, rate, theta0, tolerance).verdict(path)


class _Checker:
    def __init__(
        self, problem: Problem, config: DescentConfig, rate: float | Schedule, theta0: FloatArray, tolerance: float
    ) -> None:
        self._problem, self._config, self._rate = problem, config, rate
        self._theta0, self._tolerance = theta0, tolerance
        self._gradient = _gradient_of(problem)

    def verdict(self, path: FloatArray) -> Verdict:
        if path.shape[1] < len(self._theta0):
            without = _Variant(lambda theta: self._gradient(np.concatenate([[0.0], theta]))[1:])
            fits = self._difference(without, self._theta0[1:], path) is None
            return Verdict(0, self._theta0, ["no_intercept"] if fits else [])
        right = _Variant(self._gradient)
        step = self._difference(right, self._theta0, path)
        if step is not None:
            explained: list[Mistake] = [
                name for name, variant in self._variants() if self._difference(variant, self._theta0, path) is None
            ]
            if self._is_shifted(right, path):
                explained.append("off_by_one")
            expected = self._theta0 if step == 0 else self._next(right, path[:step])[-1]
            return Verdict(step, expected, list(dict.fromkeys(explained)))
        short = self._config.steps + 1 - len(path)
        if short == 0:
            return Verdict(None, None, [])
        step = min(len(path), self._config.steps + 1)  # every step is correct, but their number is not
        expected = self._next(right, path)[-1] if short > 0 else None
        return Verdict(step, expected, ["off_by_one"] if abs(short) == 1 else [])

    def _variants(self) -> Iterator[tuple[Mistake, _Variant]]:
        """The variants with a mistake, the likeliest first."""
        yield "sign", _Variant(lambda theta: -self._gradient(theta))
        if self._problem.has_data:
            yield from self._variants_of_the_loss()
        order = tuple(range(len(self._theta0)))
        if len(order) > 1:
            yield "one_by_one", _Variant(self._gradient, order)
            yield "one_by_one", _Variant(self._gradient, order[::-1])
        if self._problem.test.size or self._problem.validation.size:
            yield "test_rows", _Variant(_gradient_of(self._problem._replace(train=_all_rows(self._problem))))

    def _variants_of_the_loss(self) -> Iterator[tuple[Mistake, _Variant]]:
        problem, size = self._problem, self._problem.train.size
        yield "missing_factor_2", _Variant(lambda theta: self._gradient(theta) / 2)
        if problem.loss.mean:
            yield "sum_for_mean", _Variant(lambda theta: self._gradient(theta) * size)
        else:
            yield "mean_for_sum", _Variant(lambda theta: self._gradient(theta) / size)
        if problem.model.intercept:
            rest = np.array([name != problem.model.parameters[0] for name in problem.model.parameters])
            yield "no_intercept", _Variant(lambda theta: self._gradient(theta) * rest)

    def _is_shifted(self, right: _Variant, path: FloatArray) -> bool:
        """Whether the path begins after the first update, or with θ₀ twice."""
        begun = np.vstack([self._theta0, path])
        if self._difference(right, self._theta0, begun) is None:
            return True
        return len(path) > 2 and self._difference(right, self._theta0, path[1:]) is None

    def _difference(self, variant: _Variant, theta0: FloatArray, path: FloatArray) -> int | None:
        """The first step that differs from this variant's, or None."""
        expected = np.vstack([theta0, self._next(variant, path)[:-1]])
        size = np.maximum.accumulate(np.abs(path), axis=0)
        size = np.maximum(size, NEGLIGIBLE * size.max(axis=1, keepdims=True))
        wrong = ~(np.abs(path - expected) <= self._tolerance * size).all(axis=1)
        return int(wrong.argmax()) if wrong.any() else None

    def _next(self, variant: _Variant, path: FloatArray) -> FloatArray:
        """The variant's θ after each step of the path, shape (k, p)."""
        memory = self._config.optimizer.init(path[0])
        found = np.empty_like(path)
        for step, theta in enumerate(path):
            found[step], memory = self._moved(variant, theta, memory, step)
        return found

    def _moved(
        self, variant: _Variant, theta: FloatArray, memory: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        """θ, shape (p,), and the optimiser's memory, shape (slots, p), after an update."""
        rate = self._rate(step) if callable(self._rate) else self._rate

        def moved(theta: FloatArray, memory: FloatArray) -> tuple[FloatArray, FloatArray]:
            gradient = clipped(variant.gradient(theta), self._config.clip_norm)
            change, memory = self._config.optimizer.update(gradient, memory, rate, theta, step)
            return theta + change, memory

        if not variant.order:
            return moved(theta, memory)
        theta, after = theta.copy(), memory.copy()
        for place in variant.order:
            new_theta, new_memory = moved(theta, memory)
            theta[place], after[:, place] = new_theta[place], new_memory[:, place]
        return theta, after


def _gradient_of(problem: Problem) -> _Gradient:
    evaluator = Evaluator(problem, replay=True)
    return lambda theta: evaluator.at(theta).gradient


def _all_rows(problem: Problem) -> Rows:
    parts = [rows for rows in problem.parts.values() if rows.size]
    design = np.concatenate([rows.design for rows in parts])
    return Rows(design, np.concatenate([rows.y for rows in parts], axis=-1), sum(rows.size for rows in parts))
