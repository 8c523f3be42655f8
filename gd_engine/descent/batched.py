"""Descents of one problem that go on abreast: at every step one pass for all of them.

For small data a step costs its calls, not its numbers, and many θ hardly take more calls than one. Each of the descents
has the numbers that `descend` gives it alone, bit for bit.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from math import sqrt
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.autodiff.batched_tape import record_batched
from gd_engine.descent.evaluator import TOGETHER, Evaluator
from gd_engine.descent.loop import ways
from gd_engine.descent.stepper import IsFull, Stepper
from gd_engine.descent.trajectory import Block, Outcome, State
from gd_engine.metrics import Tally
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

MOST_BYTES = 2**25
"""Of the steps that are kept until they are asked for."""
MOST_ROWS = 2048
"""Of more, the numbers take longer than the calls."""
FEWEST = 4


def largest_batch(problem: Problem, config: DescentConfig) -> int:
    """How many such descents are worth going together; 0 where each is as fast alone, or has to go alone."""
    plain = config.stop.never and config.batch_size is None and config.clip_norm is None
    if not plain or isinstance(config.learning_rate, Backtracking) or ways(problem, config)[-1] != "replay":
        return 0
    rows = sum(len(part.design) for part in problem.parts.values())
    numbers = len(problem.model.parameters) + len(problem.columns)
    in_cache = TOGETHER // max(1, rows * problem.model.outputs)
    most = min(in_cache, MOST_BYTES // (8 * numbers * (config.steps + 1)))
    return most if most >= FEWEST and rows <= MOST_ROWS else 0


class BatchedDescent:
    """Descents that are at the same step and have as many to make, each with a number by which it is asked for.

    Raises NotImplementedError where the problem cannot be recorded for many θ.
    """

    def __init__(self, problem: Problem, descents: Mapping[int, tuple[DescentConfig, State]]) -> None:
        self._numbers = list(descents)
        self._recipes = [config for config, _ in descents.values()]
        states = [state for _, state in descents.values()]
        self._theta = np.array([state.theta for state in states])
        self._memory = np.stack([state.memory for state in states], axis=1)
        self._step, self._last = states[0].step, self._recipes[0].steps
        self._linear = problem.model.linear
        self._pieces: dict[int, deque[_Piece]] = {number: deque() for number in descents}
        with np.errstate(all="ignore"):
            self._evaluator = _Evaluator(problem, self._theta[0])
            self._walk = Stepper(problem, self._recipes[0], self._evaluator)

    @property
    def numbers(self) -> list[int]:
        """Of those that have not left, in order."""
        return list(self._pieces)

    def descend(self, number: int, is_full: IsFull) -> Iterator[Block]:
        """The blocks of one of them, as `gd_engine.descend` gives them; the others keep up with it."""
        while True:
            with np.errstate(all="ignore"):
                block = self._block(self._enough(self._pieces[number], is_full))
            yield block
            if block.outcome:
                self.leave(number)
                return

    def leave(self, number: int) -> None:
        """To be told when one of them is over, or wanted no more."""
        self._pieces.pop(number, None)
        self._keep([other != number for other in self._numbers])

    def _keep(self, these: Sequence[bool]) -> None:
        self._numbers = list(compress(self._numbers, these))
        self._recipes = list(compress(self._recipes, these))
        kept = np.array(these, dtype=bool)
        self._theta, self._memory = self._theta[kept], self._memory[:, kept]

    def _enough(self, pieces: "deque[_Piece]", is_full: IsFull) -> "_Piece":
        """As many of the pieces that there are, or come as all go on, as fill a block."""
        taken: list[_Piece] = []
        rows = 0
        while not (taken and (taken[-1].outcome or is_full(rows))):
            while not pieces:
                self._go_on(is_full, rows)
            taken.append(pieces.popleft())
            rows += len(taken[-1].theta)
        return _joined(taken)

    def _go_on(self, is_full: IsFull, before: int) -> None:
        """Steps of all, until with those before them they are enough, or one of them is over; each gets its piece."""
        first = self._states()
        thetas: list[FloatArray] = []
        tables: list[FloatArray] = []
        outcomes: list[Outcome | None] = [None] * len(first)
        while not (any(outcomes) or (thetas and is_full(before + len(thetas)))):
            found = self._evaluator.each(self._theta)
            finite = np.isfinite(found.energy) & np.isfinite(self._theta).all(axis=1)
            if not finite.all():
                outcomes = [None if each else Outcome("diverged", self._step) for each in finite]
                break
            rates = np.array([_rate(config, self._step) for config in self._recipes])
            thetas.append(self._theta)
            tables.append(self._table(found, rates))
            if self._step == self._last:
                outcomes = [Outcome("max_steps", self._step)] * len(first)
            else:
                self._update(found.gradient, rates[:, None])
        self._cut(first, thetas, tables, outcomes)

    def _table(self, found: "_Found", rates: FloatArray) -> FloatArray:
        norms = [sqrt(gradient @ gradient) for gradient in found.gradient]
        gaps = [self._walk.gap(theta) for theta in self._theta]
        return np.column_stack([found.energy, norms, rates, gaps, found.tallies])

    def _update(self, gradient: FloatArray, rates: FloatArray) -> None:
        """The next step of each, in one call for those that have the same optimiser."""
        of: dict[int, list[int]] = {}
        for place, config in enumerate(self._recipes):
            of.setdefault(id(config.optimizer), []).append(place)
        theta, memory = np.empty_like(self._theta), np.empty_like(self._memory)
        for places in of.values():
            update = self._recipes[places[0]].optimizer.update
            before = self._theta[places]
            change, memory[:, places] = update(
                gradient[places], self._memory[:, places], rates[places], before, self._step
            )
            theta[places] = before + change
        self._theta, self._memory, self._step = theta, memory, self._step + 1

    def _states(self) -> list[State]:
        return [State(self._step, theta, self._memory[:, place]) for place, theta in enumerate(self._theta)]

    def _cut(
        self,
        first: Sequence[State],
        thetas: Sequence[FloatArray],
        tables: Sequence[FloatArray],
        outcomes: Sequence[Outcome | None],
    ) -> None:
        width = tables[0].shape[1] if tables else 0
        theta = np.array(thetas).reshape(len(thetas), *self._theta.shape).swapaxes(0, 1)
        table = np.array(tables).reshape(len(tables), len(first), width).swapaxes(0, 1)
        for number, *piece in zip(self._numbers, first, theta, table, self._states(), outcomes, strict=True):
            if thetas or piece[-1]:
                self._pieces[number].append(_Piece(*piece))
        self._keep([outcome is None for outcome in outcomes])

    def _block(self, piece: "_Piece") -> Block:
        theta, table = piece.theta, piece.table
        if self._linear and len(table):
            table = np.column_stack([table, self._evaluator.watched(theta)])
        return self._walk.block(piece.first, theta, table, piece.after, piece.outcome)


class _Piece(NamedTuple):
    """Consecutive steps of a descent: θ, shape (k, p), the table for `Stepper.block`, and the state after them."""

    first: State
    theta: FloatArray
    table: FloatArray
    after: State
    outcome: Outcome | None


def _joined(pieces: Sequence[_Piece]) -> _Piece:
    filled = [piece for piece in pieces if len(piece.table)] or pieces[:1]
    theta = np.concatenate([piece.theta for piece in filled])
    table = np.concatenate([piece.table for piece in filled])
    return _Piece(pieces[0].first, theta, table, pieces[-1].after, pieces[-1].outcome)


def _rate(config: DescentConfig, step: int) -> float:
    rate = config.learning_rate
    if isinstance(rate, Backtracking):
        raise TypeError("A line search goes alone.")
    return rate(step) if callable(rate) else rate


class _Found(NamedTuple):
    """What is known at k values of θ: E, shape (k,), ∇E, (k, p), and the tallies of the parts, (k, t)."""

    energy: FloatArray
    gradient: FloatArray
    tallies: FloatArray


class _Evaluator(Evaluator):
    """Also finds for many θ at once what `at` finds for one."""

    def __init__(self, problem: Problem, theta: FloatArray) -> None:
        super().__init__(problem, replay=True)
        function, self._given = (self._everything, self._arrays) if self._few else (self._descended, self._arrays[:2])
        self._all = record_batched(function, theta, *self._given)
        self._penalties = record_batched(self._penalty, theta) if any(problem.penalty) else None

    def each(self, thetas: FloatArray) -> _Found:
        """At θ of shape (k, p)."""
        energy, gradient, *found = self._all(thetas, *self._given)
        if not self._few:  # where `at` adds up slices, of which this is one
            energy, gradient = 0.0 + energy, 0.0 + gradient
        energy, gradient = energy / self._problem.divisor, gradient / self._problem.divisor
        if self._penalties:
            penalty, slope = self._penalties(thetas)
            energy, gradient = energy + penalty, gradient + slope
        parts = zip(self._tallies, found[::2], found[1::2], strict=False)
        return _Found(energy, gradient, np.concatenate([_tallied(*part) for part in parts], axis=1))


def _tallied(tally: Tally, squares: FloatArray, prediction: FloatArray) -> FloatArray:
    if prediction.ndim == 2:
        return np.column_stack(tally(prediction, squares))
    return np.array([tally(*each) for each in zip(prediction, squares, strict=True)], dtype=np.float64)
