"""Evaluation of E, ∇E and the metrics at one θ by autograd: traced at every θ, or recorded once and replayed.

The rows form slices that fit in a core's cache. One pass over a slice gives its parts of E, ∇E and the metrics.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from gd_engine.arrays import FloatArray, IntArray, Rows, squared_norms
from gd_engine.autodiff.tape import record
from gd_engine.metrics import Tally, tally_length, tally_of
from gd_engine.problem import Problem

SLICE_ROWS = 16384
TOGETHER = 2**15
"""Predictions of several θ that fit in the cache together."""


class Evaluation(NamedTuple):
    """E, ∇E and the training rows' tally at one θ; `watched` has the other rows' tallies if they came for free."""

    energy: float
    gradient: FloatArray
    tally: list[float]
    watched: list[float] | None


class _Slice(NamedTuple):
    design: FloatArray
    y: FloatArray
    tally: Tally


class Evaluator:
    """Evaluator of a problem at any θ; with `replay` it records programs on first use and replays them."""

    def __init__(self, problem: Problem, *, replay: bool) -> None:
        self._problem = problem
        self._replay = replay
        self._programs: dict[Any, Callable[..., Any]] = {}
        self._train = _slices(problem, problem.train)
        self._watched = [_slices(problem, rows) for rows in (problem.validation, problem.test) if rows.size]
        slices = [self._train, *self._watched]
        self._arrays = [array for each in slices for array in each[0][:2]]
        self._tallies = [each[0].tally for each in slices]
        self._whole: Callable[..., Any] | None = None
        self._few = replay and not problem.model.linear and all(len(each) == 1 for each in slices)

    def at(self, theta: FloatArray) -> Evaluation:
        """E, ∇E and the training rows' tally at θ."""
        return self._at_once(theta) if self._few else self._slice_by_slice(theta)

    def _at_once(self, theta: FloatArray) -> Evaluation:
        """One program for the rows of all parts, with shared subexpressions."""
        if self._whole is None:
            self._whole = self._program(self._all_parts, theta, *self._arrays)
        total, gradient, *found = self._whole(theta, *self._arrays)
        tallies = [tally(found[2 * i + 1], float(found[2 * i])) for i, tally in enumerate(self._tallies)]
        energy, gradient = self._divided(theta, float(total), gradient, self._problem.divisor)
        return Evaluation(energy, gradient, tallies[0], list(chain(*tallies[1:])))

    def _slice_by_slice(self, theta: FloatArray) -> Evaluation:
        total, gradient, tallies = 0.0, 0.0, []
        for of_slice, slope, tally in self._map(self._with_gradient, theta, self._train):
            total, gradient = total + of_slice, gradient + slope
            tallies.append(tally)
        energy, gradient = self._divided(theta, float(total), gradient, self._problem.divisor)
        return Evaluation(energy, gradient, _summed(tallies), None)

    def watched(self, thetas: FloatArray) -> FloatArray:
        """The tallies of the validation and test rows at each θ, shape (k, p) → (k, t); a part without rows has none.

        Where the score is linear in θ, many θ share the calls after the scores, a row each, so their number changes
        no bit.
        """
        if not self._problem.model.linear:
            return np.array([self._watched_at(theta) for theta in thetas]).reshape(len(thetas), -1)
        length = tally_length(self._problem.model.classes)
        found = np.zeros((len(thetas), length * len(self._watched)))
        for place, slices in enumerate(self._watched):
            columns = found[:, place * length : (place + 1) * length]
            for part in slices:
                height = max(1, TOGETHER // len(part.y))
                for start in range(0, len(thetas), height):
                    columns[start : start + height] += self._together(thetas[start : start + height], part)
        return found

    def _watched_at(self, theta: FloatArray) -> list[float]:
        found: list[float] = []
        for slices in self._watched:
            found += _summed([tally for (tally,) in self._map(self._predicted, theta, slices)])
        return found

    def _together(self, thetas: FloatArray, part: _Slice) -> FloatArray:
        scores = np.empty((len(thetas), len(part.y)))
        for theta, row in zip(thetas, scores, strict=True):
            np.dot(part.design, theta, out=row)
        prediction = self._problem.model.link(scores)
        residual = prediction - part.y
        squares = squared_norms(residual)
        return np.array(part.tally(prediction, squares), dtype=np.float64).T

    def energy(self, theta: FloatArray) -> float:
        """E(θ) alone."""
        total = sum(float(total) for total, _ in self._map(self._total, theta, self._train))
        return self._divided(theta, total, 0.0, self._problem.divisor)[0]

    def batch_gradient(self, theta: FloatArray, rows: IntArray) -> FloatArray:
        """An unbiased estimate of ∇E(θ), shape (p,), from some training rows."""
        train = self._problem.train
        part = _Slice(train.design[rows], train.y[..., rows], tally=_empty_tally)
        [(_, gradient, _)] = self._map(self._with_gradient, theta, [part])
        slope: FloatArray = self._divided(theta, 0.0, gradient, self._problem.divisor * len(rows) / train.size)[1]
        return slope

    def _divided(self, theta: FloatArray, total: float, gradient: Any, divisor: float) -> tuple[float, Any]:
        """E and ∇E from the loss's totals, penalty included."""
        energy, gradient = total / divisor, gradient / divisor
        if any(self._problem.penalty):
            penalty, slope = self._program(self._penalty, theta)(theta)
            energy, gradient = energy + float(penalty), gradient + slope
        return energy, gradient

    def _map(self, function: Callable[..., Any], theta: FloatArray, slices: Sequence[_Slice]) -> list[Any]:
        """A function's results for each slice, with the slice's tally instead of squared errors and predictions."""
        programs = [self._program(function, theta, part.design, part.y) for part in slices]
        return [_with_tally(program, theta, part) for program, part in zip(programs, slices, strict=True)]

    def _program(self, function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
        """The recorded program of a function for arguments of these shapes; the function if it is not recordable."""
        if not self._replay:
            return function
        key = (function.__name__, arguments[-1].shape)
        if key not in self._programs:
            try:
                self._programs[key] = record(function, *arguments)
            except NotImplementedError:
                self._programs[key] = function
        return self._programs[key]

    # Recordable functions: no branch on a value.

    def _predicted(self, theta: Any, design: Any, y: Any) -> Any:
        prediction = self._problem.model.predict(theta, design)
        return anp.sum(anp.square(prediction - y)), prediction

    def _total(self, theta: Any, design: Any, y: Any) -> Any:
        loss, model = self._problem.loss, self._problem.model
        return loss.total(model, theta, design, y), *self._predicted(theta, design, y)

    def _with_gradient(self, theta: Any, design: Any, y: Any) -> Any:
        loss, model = self._problem.loss, self._problem.model
        of_theta = value_and_grad(lambda t: loss.total(model, t, design, y))
        return *of_theta(theta), *self._predicted(theta, design, y)

    def _all_parts(self, theta: Any, design: Any, y: Any, *watched: Any) -> Any:
        found = list(self._with_gradient(theta, design, y))
        for i in range(0, len(watched), 2):
            found += self._predicted(theta, watched[i], watched[i + 1])
        return found

    def _penalty(self, theta: Any) -> Any:
        return value_and_grad(lambda t: self._problem.penalty(self._problem.model, t))(theta)


def _slices(problem: Problem, rows: Rows) -> list[_Slice]:
    """Slices of rows; their column-major order speeds up products with few columns."""
    cuts = [slice(first, first + SLICE_ROWS) for first in range(0, len(rows.design), SLICE_ROWS)]
    parts = [(np.asfortranarray(rows.design[cut]), rows.y[..., cut]) for cut in cuts]
    return [_Slice(design, y, tally_of(y, classes=problem.model.classes)) for design, y in parts]


def _with_tally(program: Callable[..., Any], theta: FloatArray, part: _Slice) -> tuple[Any, ...]:
    *sums, squares, prediction = program(theta, part.design, part.y)
    return *sums, part.tally(prediction, float(squares))


def _summed(tallies: list[list[float]]) -> list[float]:
    return tallies[0] if len(tallies) == 1 else [sum(numbers) for numbers in zip(*tallies, strict=True)]


def _empty_tally(prediction: Any, squares: Any) -> list[float]:  # noqa: ARG001
    return []
