"""The steps of a descent: evaluation, update, step limit, early stopping and divergence."""

from collections.abc import Callable, Sequence
from math import isfinite, sqrt

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.minibatches import Batches
from gd_engine.descent.affine_steps import AFFINE_BLOCK, AffineBlock, AffineStepper
from gd_engine.descent.closed_form import optimum
from gd_engine.descent.evaluator import Evaluation, Evaluator
from gd_engine.descent.trajectory import Block, Measured, Outcome, State, columns_of
from gd_engine.descent.update import threshold_weights, update_of
from gd_engine.metrics import tally_length
from gd_engine.optim.clipping import clipped
from gd_engine.optim.config import DescentConfig
from gd_engine.optim.early_stopping import StoppingState, reason_to_stop
from gd_engine.optim.schedules import Backtracking
from gd_engine.problem import Problem

IsFull = Callable[[int], bool]


class Stepper:
    """Computes the blocks of a descent, by single steps or by affine blocks."""

    def __init__(self, problem: Problem, config: DescentConfig, evaluator: Evaluator) -> None:
        self._problem = problem
        self._config = config
        self._evaluator = evaluator
        self._optimum = optimum(problem) if problem.quadratic else None
        self._may_stop = not config.stop.never
        self._patient = config.stop.patience is not None and problem.validation.size > 0
        self._weights = threshold_weights(problem, config.optimizer)
        self._batches: Batches | None = None
        if config.batch_size is not None:
            self._batches = Batches(problem.train.size, config.batch_size, config.seed)

    def steps(self, state: State, is_full: IsFull, *, align: bool) -> Block:
        """A block of single steps; if `align`, it ends at the next multiple of AFFINE_BLOCK at the latest."""
        first, outcome = state, None
        thetas: list[FloatArray] = []
        rows: list[list[float]] = []
        others: list[list[float]] = []
        while not (rows and (is_full(len(rows)) or (align and state.step % AFFINE_BLOCK == 0))):
            theta = state.theta
            found = self._evaluator.at(theta)
            # A finite θ·θ implies a finite θ and costs less; for a large θ it may overflow.
            if not (isfinite(found.energy) and (isfinite(theta @ theta) or np.isfinite(theta).all())):
                outcome = Outcome("diverged", state.step)
                break
            rate = rate_at(self._config, self._evaluator, state, found)
            norm = sqrt(found.gradient @ found.gradient)
            thetas.append(theta)
            rows.append([found.energy, norm, rate, self.gap(theta), *found.tally])
            if found.watched is not None:
                others.append(found.watched)
            elif self._patient:  # patience needs the validation error at every step
                others.append(self._evaluator.watched(theta[None])[0].tolist())
            watch = state.watch
            if self._may_stop or state.step == self._config.steps:
                outcome, watch = self._outcome(state.step, watch, found.energy, norm, others[-1] if others else ())
            if outcome:
                break
            state = self._after(state, found.gradient, rate, watch)
        path, table = np.array(thetas), np.array(rows)
        if rows:
            watched = np.array(others) if others else self._evaluator.watched(path)
            table = np.column_stack([table, watched])
        return self.block(first, path, table, state, outcome)

    def affine_blocks(self, affine_blocks: AffineStepper, state: State, is_full: IsFull) -> Block | None:
        """A block of affine blocks; None if the first has a non-finite number."""
        first, outcome, rate = state, None, self._config.learning_rate
        thetas: list[FloatArray] = []
        tables: list[FloatArray] = []
        rows = 0
        while outcome is None and not (rows and is_full(rows)):
            affine_block = affine_blocks.affine_block(
                state.theta, state.memory, min(AFFINE_BLOCK, self._config.steps + 1 - state.step)
            )
            if affine_block is None:
                break
            count, outcome, watch = self._stepped(state, affine_block)
            gap = self._optimum.gap(affine_block.theta) if self._optimum else np.zeros(len(affine_block.theta))
            table = [
                affine_block.energy,
                affine_block.gradient_norm,
                np.full(len(gap), rate),
                gap,
                affine_block.tallies,
            ]
            thetas.append(affine_block.theta[:count])
            tables.append(np.column_stack(table)[:count])
            rows += count
            state = State(state.step + AFFINE_BLOCK, affine_block.next_theta, affine_block.next_memory, watch)
        return self.block(first, np.concatenate(thetas), np.concatenate(tables), state, outcome) if rows else None

    def _stepped(self, state: State, affine_block: AffineBlock) -> tuple[int, Outcome | None, StoppingState]:
        """The number of an affine block's rows before the end of the descent, the outcome, and the stopping state."""
        watch = state.watch
        remaining = self._config.steps - state.step
        if not self._may_stop:
            if remaining < AFFINE_BLOCK:
                return remaining + 1, Outcome("max_steps", self._config.steps), watch
            return AFFINE_BLOCK, None, watch
        for row in range(min(AFFINE_BLOCK, remaining + 1)):
            energy, norm = float(affine_block.energy[row]), float(affine_block.gradient_norm[row])
            outcome, watch = self._outcome(state.step + row, watch, energy, norm, affine_block.tallies[row, 1:])
            if outcome:
                return row + 1, outcome, watch
        return AFFINE_BLOCK, None, watch

    def _outcome(
        self, step: int, watch: StoppingState, energy: float, norm: float, others: Sequence[float] | FloatArray
    ) -> tuple[Outcome | None, StoppingState]:
        """The outcome at a finite step, or None, and the next stopping state.

        `others` has the tallies of the validation and test rows; only patience needs them.
        """
        stop = self._config.stop
        if self._may_stop:
            rows = self._problem.validation
            validation = float(others[0]) / (rows.size * self._problem.model.outputs) if self._patient else np.nan
            reason = reason_to_stop(stop, watch, step, energy=energy, gradient_norm=norm, validation=validation)
            if reason:
                return Outcome(reason, step), watch
            watch = watch.after(step, energy, validation)
        return (Outcome("max_steps", step) if step == self._config.steps else None), watch

    def _after(self, state: State, gradient: FloatArray, rate: float, watch: StoppingState) -> State:
        """The state after one update."""
        taken = update_of(self._config, self._evaluator, state, gradient, rate, self._weights, self._batches)
        return State(state.step + 1, taken.theta, taken.memory, watch)

    def gap(self, theta: FloatArray) -> float:
        """E(θ) − E(θ*) for a quadratic E, else 0."""
        return float(self._optimum.gap(theta)) if self._optimum else 0.0

    def block(self, first: State, theta: FloatArray, table: FloatArray, after: State, outcome: Outcome | None) -> Block:
        """The block of steps from `first` to before `after`.

        `theta` has shape (k, p). `table`, shape (k, 4 + t), has E, ‖∇E‖, the learning rate, the gap and the tallies.
        """
        table = table.reshape(len(table), -1) if len(table) else np.empty((0, 4 + self._tally_numbers))
        energy, norm, rate, gap = np.ascontiguousarray(table[:, :4].T)
        measured = Measured(energy, table[:, 4:], norm, rate, gap if self._optimum else None)
        theta = theta.reshape(-1, len(first.theta))
        return Block(first.step, theta, columns_of(self._problem, measured), after, outcome)

    @property
    def _tally_numbers(self) -> int:
        filled = sum(1 for rows in self._problem.parts.values() if len(rows.design))
        return filled * tally_length(self._problem.model.classes)


def rate_at(config: DescentConfig, evaluator: Evaluator, state: State, found: Evaluation) -> float:
    """The learning rate of the step from `state`, whose evaluation is `found`."""
    rate = config.learning_rate
    if isinstance(rate, Backtracking):
        step = clipped(found.gradient, config.clip_norm)
        return rate.rate(lambda r: evaluator.energy(state.theta - r * step), found.energy, float(found.gradient @ step))
    return rate(state.step) if callable(rate) else rate
