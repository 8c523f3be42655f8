"""Batched descents: several descents of one problem, with one evaluation a step for all of them.

On small data the number of calls determines the cost of a step, and a batch needs hardly more calls than one descent.
Each descent has the same bits as under `descend`.
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
"""Limit of the memory for computed steps that no caller has read yet."""
MOST_ROWS = 2048
"""Limit of the rows: beyond it, arithmetic costs more than calls."""
FEWEST = 4
"""The smallest batch that saves time."""


def largest_batch(problem: Problem, config: DescentConfig) -> int:
    """The number of such descents to batch; 0 where a batch is impossible or saves no time."""
    plain = config.stop.never and config.batch_size is None and config.clip_norm is None
    plain = plain and not config.optimizer.proximal
    if not plain or isinstance(config.learning_rate, Backtracking) or ways(problem, config)[-1] != "replay":
        return 0
    rows = sum(len(part.design) for part in problem.parts.values())
    numbers = len(problem.model.parameters) + len(problem.columns)
    in_cache = TOGETHER // max(1, rows * problem.model.outputs)
    most = min(in_cache, MOST_BYTES // (8 * numbers * (config.steps + 1)))
    return most if most >= FEWEST and rows <= MOST_ROWS else 0


class BatchedDescent:
    """Descents at the same step with the same number of steps, each under a number chosen by the caller.

    Raises NotImplementedError where the problem cannot be recorded for many θ, and for proximal methods.
    """

    def __init__(self, problem: Problem, descents: Mapping[int, tuple[DescentConfig, State]]) -> None:
        self._numbers = list(descents)
        self._configs = [config for config, _ in descents.values()]
        if any(config.optimizer.proximal for config in self._configs):
            raise NotImplementedError("A batched descent takes every gradient at θ, and no soft threshold.")
        states = [state for _, state in descents.values()]
        self._theta = np.array([state.theta for state in states])
        self._memory = np.stack([state.memory for state in states], axis=1)
        self._step, self._last = states[0].step, self._configs[0].steps
        self._linear = problem.model.linear
        self._pieces: dict[int, deque[_Piece]] = {number: deque() for number in descents}
        with np.errstate(all="ignore"):
            self._evaluator = _Evaluator(problem, self._theta[0])
            self._stepper = Stepper(problem, self._configs[0], self._evaluator)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the active descents, in order."""
        return list(self._pieces)

    def descend(self, number: int, is_full: IsFull) -> Iterator[Block]:
        """The blocks of one descent, equal to those of `gd_engine.descend`. The others advance with it."""
        while True:
            with np.errstate(all="ignore"):
                block = self._block(self._next_piece(self._pieces[number], is_full))
            yield block
            if block.outcome:
                self.leave(number)
                return

    def leave(self, number: int) -> None:
        """Removes a descent from the batch, with its steps that no caller has read."""
        self._pieces.pop(number, None)
        self._select([other != number for other in self._numbers])

    def _select(self, active: Sequence[bool]) -> None:
        """Drops the descents that are not active."""
        self._numbers = list(compress(self._numbers, active))
        self._configs = list(compress(self._configs, active))
        mask = np.array(active, dtype=bool)
        self._theta, self._memory = self._theta[mask], self._memory[:, mask]

    def _next_piece(self, pieces: "deque[_Piece]", is_full: IsFull) -> "_Piece":
        """One full block's steps: the computed pieces first, then new ones."""
        taken: list[_Piece] = []
        rows = 0
        while not (taken and (taken[-1].outcome or is_full(rows))):
            while not pieces:
                self._advance(is_full, rows)
            taken.append(pieces.popleft())
            rows += len(taken[-1].theta)
        return _joined(taken)

    def _advance(self, is_full: IsFull, before: int) -> None:
        """Appends a piece to every descent: steps until `before` rows and these fill a block, or one descent ends."""
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
            rates = np.array([_rate(config, self._step) for config in self._configs])
            thetas.append(self._theta)
            tables.append(self._table(found, rates))
            if self._step == self._last:
                outcomes = [Outcome("max_steps", self._step)] * len(first)
            else:
                self._update(found.gradient, rates[:, None])
        self._append(first, thetas, tables, outcomes)

    def _table(self, found: "_Found", rates: FloatArray) -> FloatArray:
        norms = [sqrt(gradient @ gradient) for gradient in found.gradient]
        gaps = [self._stepper.gap(theta) for theta in self._theta]
        return np.column_stack([found.energy, norms, rates, gaps, found.tallies])

    def _update(self, gradient: FloatArray, rates: FloatArray) -> None:
        """The next θ and memory of each descent, by one call an optimiser."""
        by_optimizer: dict[int, list[int]] = {}
        for place, config in enumerate(self._configs):
            by_optimizer.setdefault(id(config.optimizer), []).append(place)
        theta, memory = np.empty_like(self._theta), np.empty_like(self._memory)
        for places in by_optimizer.values():
            update = self._configs[places[0]].optimizer.update
            before = self._theta[places]
            change, memory[:, places] = update(
                gradient[places], self._memory[:, places], rates[places], before, self._step
            )
            theta[places] = before + change
        self._theta, self._memory, self._step = theta, memory, self._step + 1

    def _states(self) -> list[State]:
        return [State(self._step, theta, self._memory[:, place]) for place, theta in enumerate(self._theta)]

    def _append(
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
        self._select([outcome is None for outcome in outcomes])

    def _block(self, piece: "_Piece") -> Block:
        theta, table = piece.theta, piece.table
        if self._linear and len(table):
            table = np.column_stack([table, self._evaluator.watched(theta)])
        return self._stepper.block(piece.first, theta, table, piece.after, piece.outcome)


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
        raise TypeError("A batched descent needs learning rates without a line search.")
    return rate(step) if callable(rate) else rate


class _Found(NamedTuple):
    """E, shape (k,), ∇E, (k, p), and the tallies of the parts, (k, t), at k values of θ."""

    energy: FloatArray
    gradient: FloatArray
    tallies: FloatArray


class _Evaluator(Evaluator):
    """An evaluator whose `each` evaluates many θ in one call."""

    def __init__(self, problem: Problem, theta: FloatArray) -> None:
        super().__init__(problem, replay=True)
        function, self._given = (
            (self._all_parts, self._arrays) if self._few else (self._with_gradient, self._arrays[:2])
        )
        self._batched = record_batched(function, theta, *self._given)
        self._penalties = record_batched(self._penalty, theta) if any(problem.penalty) else None

    def each(self, thetas: FloatArray) -> _Found:
        """E, ∇E and the tallies at θ of shape (k, p)."""
        energy, gradient, *found = self._batched(thetas, *self._given)
        if not self._few:  # `at` starts its sum of slices from 0, which turns −0 into 0
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
