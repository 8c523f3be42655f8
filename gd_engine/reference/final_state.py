"""The state in which a descent ended, by its trajectory and its reference minimum.

A constant that is added to E of a function without data changes no state, and neither does a factor of E.
"""

from math import isfinite
from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import History, Stretch, ended_at, keeps_falling, rise_margin
from gd_engine.problem import Problem
from gd_engine.reference.minimum import Reference

FinalState = Literal["converged", "descending", "stalled", "oscillating", "rising", "diverged"]

ARRIVED = 1e-6
"""The greatest gap of a converged descent, as a share of E(θ₀) − E*, or on data of a constant's E − E*."""
SHRUNK = 0.01
"""The greatest gap of a converged descent, as a share of the gap at half of the steps: one in a narrow valley, far
below its start, shrinks it less. On data a gap of ARRIVED E* needs no such shrinking."""
SETTLED = 0.01
"""The greatest gap of a converged descent that goes up and down on data, as a share of E*, if ARRIVED allows less."""
NEAR = 0.01
"""The share of the way from the minimum to θ₀ at which the rise of a function tells its size about the minimum."""
MOSTLY = 0.75
"""The share of the last steps, a quarter of those at hand, that are so close."""
FLAT = 1e-3
"""The greatest gradient, as a share of the first one, where the gap is a rounding error."""
BESIDE = 1e-6
"""The greatest distance from the minimum, as a share of θ, there."""
MOVING = 0.01
"""The least fall of E over the last half of the steps, as a share of what remains, of a descent that still falls."""
SLIGHT = 1e-3
"""The same of an E that falls ever faster."""
FASTER = 2.0
"""The least fall in the last half of the steps, as a multiple of that in the first half, of an E that falls faster."""
UNSTEADY = 0.2
"""The least sum of rises, as a share of the sum of falls, of an E that goes up and down."""
RISEN = 0.1
"""The least rise above the least E, as a share of the fall before it."""
EPSILON = float(np.finfo(float).eps)
ULPS = 64.0
"""The rounding error of E, in units of its last place."""
TURNS = 6
"""The last changes of θ, which all reverse the one before where θ goes back and forth."""
REVERSED = -0.5
"""The greatest cosine of a change of θ and the one before that it reverses."""


class Ended(NamedTuple):
    """A finished descent. `null` is E of a constant prediction, `zero` the greatest E at the end that may be 0."""

    problem: Problem
    history: History
    reference: Reference | None
    null: float
    zero: float

    @property
    def energy(self) -> FloatArray:
        """E at the overview's rows, shape (k,)."""
        return self.history.overview.columns["train_loss"]

    @property
    def half(self) -> FloatArray:
        """E in the last half of the steps, two rows at least where there are as many."""
        return self.energy[self.half_row :]

    @property
    def half_row(self) -> int:
        """The row at half of the steps."""
        steps = self.history.overview.step
        return min(int(np.searchsorted(steps, steps[-1] / 2)), max(len(steps) - 2, 0))

    @property
    def rounding(self) -> float:
        """A difference of E that may be a rounding error: of E, and for squared errors r² of y, 2 |r| |y| ε."""
        least = 0.0 if self.reference is None else self.reference.train_loss
        size = max(abs(float(self.energy[-1])), abs(least))
        if self.problem.has_data and self.problem.loss.name in {"sse", "mse"}:
            size = max(size, (size * _square(self.problem)) ** 0.5)
        return max(ULPS * EPSILON * size, self.zero)

    @property
    def remaining(self) -> float:
        """What remains to fall. Without a reference E itself, which is positive on data; of a function what it fell."""
        if self.problem.has_data:
            return abs(float(self.energy[-1])) if self.gap is None else self.gap
        fell = float(self.energy[0] - self.energy[-1])
        return fell if self.gap is None or 0.0 < fell < self.gap else self.gap

    @property
    def gap(self) -> float | None:
        """E − E* at the last step; None without E*."""
        return None if self.reference is None else float(self.gaps(self.history.overview)[-1])

    def gaps(self, rows: Stretch) -> FloatArray:
        """E − E* at each row; a quadratic E has a column of it, which is accurate near 0."""
        if "optimality_gap" in rows.columns:
            return rows.columns["optimality_gap"]
        least = 0.0 if self.reference is None else self.reference.train_loss
        return np.maximum(rows.columns["train_loss"] - least, 0.0)


def rounding_of_zero(problem: Problem, theta: FloatArray) -> float:
    """The greatest E that may be what rounding left of 0 at θ, shape (p,), wherever the descent began.

    On data it is the mean square of the errors of residuals; of a function, the change of E by errors of θ.
    """
    if problem.has_data:
        return (ULPS * EPSILON) ** 2 * _square(problem)
    beside = [float(problem.energy(theta + error)) for error in np.diag(ULPS * EPSILON * theta)]
    change = float(np.abs(np.array(beside) - float(problem.energy(theta))).max())
    return change if isfinite(change) else 0.0


def _square(problem: Problem) -> float:
    """E of the prediction 0, for squared errors."""
    return float(np.square(problem.train.y).sum()) / problem.divisor


def state_of(ended: Ended) -> FinalState:
    """The state of a descent that did not diverge."""
    if _has_converged(ended):
        return "converged"
    if _rose(ended):
        return "rising"
    half, ending = ended.half, ended.history.ending.columns["train_loss"]
    remaining = ended.remaining
    if _goes_back_and_forth(ended.history.ending):
        half_steps = 0.5 * float(ended.history.overview.step[-1])
        fall = half_steps * _fall_a_step(ending) if half[-1] < half[0] else 0.0
        return "descending" if fall > max(MOVING * remaining, ended.rounding) else "oscillating"
    if not (_is_unsteady(half, ended.rounding) or _is_unsteady(ending, ended.rounding)):
        return "descending" if _falls(ended) else "stalled"
    amplitude = max(_amplitude(half), _amplitude(ending))
    if _fall(half) >= max(MOVING * remaining, 0.5 * amplitude, ended.rounding):
        return "descending"
    return "oscillating" if amplitude >= max(MOVING * remaining, ended.rounding) else "stalled"


def has_hardly_moved(ended: Ended) -> bool:
    """Whether E has hardly changed since θ₀, beside what remains."""
    return bool(abs(float(ended.energy[0] - ended.energy[-1])) <= MOVING * abs(ended.remaining))


def is_level(ended: Ended) -> bool:
    """Whether E is the same at the last steps, up to rounding."""
    return float(np.ptp(ended.history.ending.columns["train_loss"][-TURNS:])) <= ended.rounding


def _goes_back_and_forth(ending: Stretch) -> bool:
    """Whether each of the last steps takes back the one before, and they do not shrink."""
    changes = np.diff(ending.theta[-(TURNS + 1) :], axis=0)
    lengths = np.linalg.norm(changes, axis=1)
    if len(changes) < TURNS or not lengths.min() > 0.0:
        return False
    cosines = np.einsum("ij,ij->i", changes[1:], changes[:-1]) / (lengths[1:] * lengths[:-1])
    return bool((cosines < REVERSED).all() and lengths[-2:].sum() >= 0.9 * lengths[:2].sum())


def _has_converged(ended: Ended) -> bool:
    """Whether the gap is small beside what there was to fall, and no longer shrinks slowly."""
    reference, gap = ended.reference, ended.gap
    if reference is None or gap is None:
        return False
    if reference.theta is None:
        return gap == 0.0
    if gap <= ended.rounding:
        return _is_still(ended, reference.theta)
    whole = _whole(ended, reference.train_loss, reference.theta)
    rows = ended.history.ending
    late = len(rows.step) // 2
    if _is_unsteady(ended.half, ended.rounding) or _is_unsteady(rows.columns["train_loss"][late:], ended.rounding):
        within = ARRIVED * whole
        if ended.problem.has_data:
            within = max(within, SETTLED * reference.train_loss)
        return bool(np.quantile(ended.gaps(rows)[(late + len(rows.step)) // 2 :], MOSTLY) <= within)
    is_close = ended.problem.has_data and gap <= ARRIVED * reference.train_loss
    shrank = gap <= SHRUNK * ended.gaps(ended.history.overview)[ended.half_row]
    last = ended.gaps(rows)[-min(3, max(1, (len(rows.step) - 1) // 2)) :]  # a momentum may just pass the minimum
    return bool(last.max() <= ARRIVED * whole and (is_close or shrank))


def _whole(ended: Ended, least: float, best: FloatArray) -> float:
    """What there is to fall: on data from E of a constant prediction, however near θ₀ is.

    Of a function it is from E(θ₀), or less where E grows faster than a square: e⁸⁰ says nothing of the valley's floor.
    """
    first, null = float(ended.energy[0]), ended.null
    if ended.problem.has_data:
        return (null if isfinite(null) and null > least else first) - least
    near = best + NEAR * (ended.history.overview.theta[0] - best)
    rise = float(ended.problem.energy(near)) - least
    return min(first - least, rise / NEAR**2) if rise > ended.rounding else first - least


def _is_still(ended: Ended, least: FloatArray) -> bool:
    """Whether θ is at the minimum, where E no longer tells: a large constant in E hides all that remains."""
    path = ended.history.overview.theta
    size = max(float(np.abs(least).max()), float(np.abs(path[0]).max()))
    if float(np.abs(path[-1] - least).max()) <= BESIDE * size:
        return True
    slopes = ended.history.overview.columns["gradient_norm"]
    return bool(slopes[-1] <= FLAT * slopes[0])


def _rose(ended: Ended) -> bool:
    """Whether E ended above its start, or rose steadily over the last half of the steps to well above its least."""
    energy, ending = ended.energy, ended.history.ending.columns["train_loss"]
    first = float(energy[0])
    margin = max(rise_margin(ended.problem, ended.null, energy), ended.rounding)
    if ended_at(ending) > first + margin:
        return True
    half, least = energy[len(energy) // 2 :], float(energy.min())
    steadily = len(half) > 3 and float(np.mean(np.diff(half) > 0.0)) >= 0.8
    return bool(steadily and half[-1] - least > max(RISEN * (first - least), ended.rounding))


def _falls(ended: Ended) -> bool:
    """Whether a steady E falls by an amount that matters in the last half of the steps, or ever faster.

    What remains of a function without a reference is not known: such an E may fall as it fell before.
    """
    half, first = ended.half, float(ended.energy[0])
    fall = float(half[0] - half[-1])
    unknown = ended.reference is None and not ended.problem.has_data
    if unknown and fall > ended.rounding and keeps_falling(ended.history.overview):
        return True
    if not fall > max(ended.rounding, SLIGHT * ended.remaining):
        return False
    return fall >= MOVING * ended.remaining or fall > FASTER * (first - float(half[0]))


def _fall(half: FloatArray) -> float:
    """The fall of E between the medians of the two parts of a stretch, which noise does not move."""
    cut = max(len(half) // 2, 1)
    return float(np.median(half[:cut]) - np.median(half[cut:])) if len(half) > 1 else 0.0


def _fall_a_step(ending: FloatArray) -> float:
    """The fall of E in one of the last steps, of means of two: E may go up in every other step."""
    return float(ending[-6:-4].mean() - ending[-2:].mean()) / 4.0


def _amplitude(stretch: FloatArray) -> float:
    """The spread of E over the last half of a stretch, without its extremes."""
    low, high = np.quantile(stretch[len(stretch) // 2 :], [0.1, 0.9])
    return float(high - low)


def _is_unsteady(stretch: FloatArray, rounding: float) -> bool:
    changes = np.diff(stretch)
    return bool(changes[changes > rounding].sum() > -UNSTEADY * changes[changes < -rounding].sum())
