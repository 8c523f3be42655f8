"""Somebody's descent held against the rule: the first step that differs, and the mistake that explains all of them.

Each step is judged by the one before it: from the given θₖ follows what θₖ₊₁ has to be. So rounding does not pile up,
and a slip in one step is told from a mistake in every step. A mistake is named when a descent that makes it gives every
step.
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
"""A parameter so many times smaller than the greatest one is held to the rounding of that one."""

_Gradient = Callable[[FloatArray], FloatArray]


class Verdict(NamedTuple):
    """What came of a check. `step` is the first that differs, `expected` what θ has to be there, shape (p,).

    `mistakes` are those that explain every step, the likeliest first; none for a path that is right.
    """

    step: int | None
    expected: FloatArray | None
    mistakes: list[Mistake]

    @property
    def right(self) -> bool:
        """Whether no step differs."""
        return self.step is None


class _Way(NamedTuple):
    """A way to descend: its gradient, and in which order the parameters change if they do so one by one."""

    gradient: _Gradient
    order: tuple[int, ...] = ()


def check(
    problem: Problem, config: DescentConfig, theta0: FloatArray, path: FloatArray, *, tolerance: float = TOLERANCE
) -> Verdict:
    """Judges a path θ₀, θ₁, …, shape (k, p): numbers are the same that differ by less than `tolerance`.

    The tolerance is relative to the largest that a parameter has been so far. A path may lack the intercept's column,
    which is the first: that is one of the mistakes. Raises ValueError for what cannot be judged step by step: a reduced
    problem, batches, a line search.
    """
    rate = config.learning_rate
    if problem.reduced or config.batch_size is not None or isinstance(rate, Backtracking):
        raise ValueError("Only a descent of all rows, kept, with learning rates known beforehand can be checked.")
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
            without = _Way(lambda theta: self._gradient(np.concatenate([[0.0], theta]))[1:])
            fits = self._difference(without, self._theta0[1:], path) is None
            return Verdict(0, self._theta0, ["no_intercept"] if fits else [])
        right = _Way(self._gradient)
        step = self._difference(right, self._theta0, path)
        if step is not None:
            explained: list[Mistake] = [
                name for name, way in self._ways() if self._difference(way, self._theta0, path) is None
            ]
            if self._is_shifted(right, path):
                explained.append("off_by_one")
            expected = self._theta0 if step == 0 else self._next(right, path[:step])[-1]
            return Verdict(step, expected, list(dict.fromkeys(explained)))
        short = self._config.steps + 1 - len(path)
        if short == 0:
            return Verdict(None, None, [])
        step = min(len(path), self._config.steps + 1)  # right as far as it goes, and that is not as far as was asked
        expected = self._next(right, path)[-1] if short > 0 else None
        return Verdict(step, expected, ["off_by_one"] if abs(short) == 1 else [])

    def _ways(self) -> Iterator[tuple[Mistake, _Way]]:
        """The wrong ways, the likeliest first."""
        problem, size = self._problem, self._problem.train.size
        yield "sign", _Way(lambda theta: -self._gradient(theta))
        yield "missing_factor_2", _Way(lambda theta: self._gradient(theta) / 2)
        if problem.loss.mean:
            yield "sum_for_mean", _Way(lambda theta: self._gradient(theta) * size)
        else:
            yield "mean_for_sum", _Way(lambda theta: self._gradient(theta) / size)
        if problem.model.intercept:
            rest = np.array([name != problem.model.parameters[0] for name in problem.model.parameters])
            yield "no_intercept", _Way(lambda theta: self._gradient(theta) * rest)
        order = tuple(range(len(self._theta0)))
        if len(order) > 1:
            yield "one_by_one", _Way(self._gradient, order)
            yield "one_by_one", _Way(self._gradient, order[::-1])
        if problem.test.size or problem.validation.size:
            yield "test_rows", _Way(_gradient_of(problem._replace(train=_all_rows(problem))))

    def _is_shifted(self, right: _Way, path: FloatArray) -> bool:
        """Whether the path begins after the first update, or with θ₀ twice."""
        begun = np.vstack([self._theta0, path])
        if self._difference(right, self._theta0, begun) is None:
            return True
        return len(path) > 2 and self._difference(right, self._theta0, path[1:]) is None

    def _difference(self, way: _Way, theta0: FloatArray, path: FloatArray) -> int | None:
        """The first step that is not what this way gives."""
        expected = np.vstack([theta0, self._next(way, path)[:-1]])
        size = np.maximum.accumulate(np.abs(path), axis=0)
        size = np.maximum(size, NEGLIGIBLE * size.max(axis=1, keepdims=True))
        wrong = ~(np.abs(path - expected) <= self._tolerance * size).all(axis=1)
        return int(wrong.argmax()) if wrong.any() else None

    def _next(self, way: _Way, path: FloatArray) -> FloatArray:
        """What this way gives after each step of the path, shape (k, p)."""
        memory = self._config.optimizer.init(path[0])
        found = np.empty_like(path)
        for step, theta in enumerate(path):
            found[step], memory = self._moved(way, theta, memory, step)
        return found

    def _moved(self, way: _Way, theta: FloatArray, memory: FloatArray, step: int) -> tuple[FloatArray, FloatArray]:
        """θ and the optimiser's memory after an update."""
        rate = self._rate(step) if callable(self._rate) else self._rate

        def moved(theta: FloatArray, memory: FloatArray) -> tuple[FloatArray, FloatArray]:
            gradient = clipped(way.gradient(theta), self._config.clip_norm)
            change, memory = self._config.optimizer.update(gradient, memory, rate, theta, step)
            return theta + change, memory

        if not way.order:
            return moved(theta, memory)
        theta, after = theta.copy(), memory.copy()
        for place in way.order:
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
