"""A descent's blocks, and the only place that knows the step limit and what it is to diverge."""

from collections.abc import Callable, Sequence
from math import isfinite, sqrt

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.minibatches import Batches
from gd_engine.descent.affine_steps import LEAP, Leap, Leaps
from gd_engine.descent.closed_form import optimum
from gd_engine.descent.evaluator import Evaluation, Evaluator
from gd_engine.descent.trajectory import Block, Measured, Outcome, State, columns_of
from gd_engine.metrics import tally_length
from gd_engine.optim.config import Recipe
from gd_engine.optim.early_stopping import Watch, reason_to_stop
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

IsFull = Callable[[int], bool]


class Walk:
    """A descent's blocks, step by step or leap by leap."""

    def __init__(self, problem: Problem, recipe: Recipe, evaluator: Evaluator) -> None:
        self._problem = problem
        self._recipe = recipe
        self._evaluator = evaluator
        self._optimum = optimum(problem) if problem.quadratic else None
        self._may_stop = not recipe.stop.never
        self._patient = recipe.stop.patience is not None and problem.validation.size > 0
        self._batches: Batches | None = None
        if recipe.batch_size is not None:
            self._batches = Batches(problem.train.size, recipe.batch_size, recipe.seed)

    def steps(self, state: State, is_full: IsFull, *, until_leap: bool) -> Block:
        """A block of steps, each computed alone; if `until_leap`, it ends where a leap may begin."""
        first, outcome = state, None
        thetas: list[FloatArray] = []
        rows: list[list[float]] = []
        others: list[list[float]] = []
        while not (rows and (is_full(len(rows)) or (until_leap and state.step % LEAP == 0))):
            theta = state.theta
            found = self._evaluator.at(theta)
            # A finite θ·θ says that θ is finite, and sooner; that of a large one may overflow.
            if not (isfinite(found.energy) and (isfinite(theta @ theta) or np.isfinite(theta).all())):
                outcome = Outcome("diverged", state.step)
                break
            rate = rate_at(self._recipe, self._evaluator, state, found)
            norm = sqrt(found.gradient @ found.gradient)
            thetas.append(theta)
            rows.append([found.energy, norm, rate, self.gap(theta), *found.tally])
            if found.watched is not None:
                others.append(found.watched)
            elif self._patient:  # only then is the error on other rows needed at once
                others.append(self._evaluator.watched(theta[None])[0].tolist())
            watch = state.watch
            if self._may_stop or state.step == self._recipe.steps:
                outcome, watch = self._outcome(state.step, watch, found.energy, norm, others[-1] if others else ())
            if outcome:
                break
            state = self._after(state, found.gradient, rate, watch)
        path, table = np.array(thetas), np.array(rows)
        if rows:
            watched = np.array(others) if others else self._evaluator.watched(path)
            table = np.column_stack([table, watched])
        return self.block(first, path, table, state, outcome)

    def leaps(self, leaps: Leaps, state: State, is_full: IsFull) -> Block | None:
        """A block of leaps; None if the first of them is not finite throughout."""
        first, outcome, rate = state, None, self._recipe.learning_rate
        thetas: list[FloatArray] = []
        tables: list[FloatArray] = []
        rows = 0
        while outcome is None and not (rows and is_full(rows)):
            leap = leaps.leap(state.theta, state.memory, min(LEAP, self._recipe.steps + 1 - state.step))
            if leap is None:
                break
            count, outcome, watch = self._walked(state, leap)
            gap = self._optimum.gap(leap.theta) if self._optimum else np.zeros(len(leap.theta))
            table = [leap.energy, leap.gradient_norm, np.full(len(gap), rate), gap, leap.tallies]
            thetas.append(leap.theta[:count])
            tables.append(np.column_stack(table)[:count])
            rows += count
            state = State(state.step + LEAP, leap.next_theta, leap.next_memory, watch)
        return self.block(first, np.concatenate(thetas), np.concatenate(tables), state, outcome) if rows else None

    def _walked(self, state: State, leap: Leap) -> tuple[int, Outcome | None, Watch]:
        """How many rows of a leap belong to the descent, how it ends there, and the watch after them."""
        watch = state.watch
        left = self._recipe.steps - state.step
        if not self._may_stop:
            over = left < LEAP
            return (left + 1, Outcome("max_steps", self._recipe.steps), watch) if over else (LEAP, None, watch)
        for row in range(min(LEAP, left + 1)):
            energy, norm = float(leap.energy[row]), float(leap.gradient_norm[row])
            outcome, watch = self._outcome(state.step + row, watch, energy, norm, leap.tallies[row, 1:])
            if outcome:
                return row + 1, outcome, watch
        return LEAP, None, watch

    def _outcome(
        self, step: int, watch: Watch, energy: float, norm: float, others: Sequence[float] | FloatArray
    ) -> tuple[Outcome | None, Watch]:
        """How the descent ends at a finite step, if it does, and what to remember of it.

        `others` are the tallies of the validation rows and the test rows; they are looked at for patience alone.
        """
        stop = self._recipe.stop
        if self._may_stop:
            rows = self._problem.validation
            validation = float(others[0]) / (rows.size * self._problem.model.outputs) if self._patient else np.nan
            reason = reason_to_stop(stop, watch, step, energy=energy, gradient_norm=norm, validation=validation)
            if reason:
                return Outcome(reason, step), watch
            watch = watch.after(step, energy, validation)
        return (Outcome("max_steps", step) if step == self._recipe.steps else None), watch

    def _after(self, state: State, gradient: FloatArray, rate: float, watch: Watch) -> State:
        """The state one update later."""
        if self._batches:
            gradient = self._evaluator.batch_gradient(state.theta, self._batches.rows(state.step))
        gradient = clipped(gradient, self._recipe.clip_norm)
        change, memory = self._recipe.optimizer.update(gradient, state.memory, rate, state.theta, state.step)
        return State(state.step + 1, state.theta + change, memory, watch)

    def gap(self, theta: FloatArray) -> float:
        """E(θ) − E(θ*) where that is known, else 0."""
        return float(self._optimum.gap(theta)) if self._optimum else 0.0

    def block(self, first: State, theta: FloatArray, table: FloatArray, after: State, outcome: Outcome | None) -> Block:
        """Steps from `first` to before `after`; `table` has E, ‖∇E‖, the learning rate, the gap and tallies of each."""
        table = table.reshape(len(table), -1) if len(table) else np.empty((0, 4 + self._tally_numbers))
        energy, norm, rate, gap = np.ascontiguousarray(table[:, :4].T)
        measured = Measured(energy, table[:, 4:], norm, rate, gap if self._optimum else None)
        theta = theta.reshape(-1, len(first.theta))
        return Block(first.step, theta, columns_of(self._problem, measured), after, outcome)

    @property
    def _tally_numbers(self) -> int:
        filled = sum(1 for rows in self._problem.parts.values() if rows.size)
        return filled * tally_length(self._problem.model.classes)


def rate_at(recipe: Recipe, evaluator: Evaluator, state: State, found: Evaluation) -> float:
    """The learning rate of a step at which this was found."""
    rate = recipe.learning_rate
    if isinstance(rate, Backtracking):
        way = clipped(found.gradient, recipe.clip_norm)
        return rate.rate(lambda r: evaluator.energy(state.theta - r * way), found.energy, float(found.gradient @ way))
    return rate(state.step) if callable(rate) else rate


def clipped(gradient: FloatArray, most: float | None) -> FloatArray:
    """The gradient, brought to the length `most` if it is longer."""
    if most is None:
        return gradient
    greatest = float(np.abs(gradient).max(initial=0.0))
    if greatest == 0.0:
        return gradient
    scaled = gradient / greatest  # whose square does not overflow
    return gradient * min(1.0, most / sqrt(scaled @ scaled) / greatest)
