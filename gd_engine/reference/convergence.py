"""The convergence of a finished descent: its state by the trajectory, the reference minimum, and a constant's E."""

from math import isfinite
from typing import Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.trajectory import Outcome
from gd_engine.diagnosis.context import History, close_to, null_energy
from gd_engine.problem import Problem
from gd_engine.reference.minimum import ZERO, Reference, is_convex

State = Literal["converged", "descending", "stalled", "oscillating", "rising", "diverged"]

MOVING = 0.01
"""The least fall of E over the last half of the steps, as a share of what remains, of a descent that still falls."""
UNSTEADY = 0.2
"""The least sum of rises, as a share of the sum of falls, of an E that goes up and down."""
RISEN = 0.1
"""The least rise above E(θ₀), as a share of it, beyond noise and rounding."""


class Convergence(NamedTuple):
    """How a descent ended. `loss` is E at its last finite step, None without any.

    `clauses` are codes of the parts of a sentence: the state, the reference, the constant prediction (none without
    data); `values` are the numbers in them. `relative_gap` is (E − E*)/E*, None without a reference or where E* is 0.
    """

    state: State
    clauses: tuple[str, ...]
    values: dict[str, float]
    loss: float | None
    reference: Reference | None
    relative_gap: float | None


def judge(problem: Problem, outcome: Outcome | None, history: History, reference: Reference | None) -> Convergence:
    """The convergence of a descent with this outcome (None: ended from outside) and reference minimum."""
    with np.errstate(all="ignore"):
        energy = history.overview.columns["train_loss"]
        if not len(energy):
            return Convergence("diverged", ("diverged_at_once",), {}, None, None, None)
        null = null_energy(problem) if problem.train.size else float(np.ptp(energy))
        loss = float(energy[-1])
        gap = _gap(history, reference)
        close = close_to(problem, null, float(energy[0]), 0.0 if reference is None else reference.train_loss)
        diverged = outcome is not None and outcome.reason == "diverged"
        state: State = "diverged" if diverged else _state(history, reference, gap, close, null)
        values = {"step": float(history.overview.step[-1]), "loss": loss, "first": float(energy[0])}
        clauses = [state, _reference_clause(problem, reference)]
        if isfinite(null) and problem.train.size:
            values["constant"] = null
            clauses.append(_constant_clause(problem, is_better=null < loss))
        relative = None
        if reference is not None and gap is not None:
            is_zero = abs(reference.train_loss) <= ZERO * (null if isfinite(null) else abs(float(energy[0])))
            values["reference"] = 0.0 if is_zero else reference.train_loss  # what is left of 0 is rounding
            relative = None if is_zero or reference.train_loss < 0 else gap / reference.train_loss
    return Convergence(state, tuple(clauses), values, loss, reference, relative)


def least_step(history: History) -> FloatArray:
    """θ of the recorded step with the least E, shape (p,): for a descent its last one."""
    stretches = (history.overview, history.ending)
    best = min(stretches, key=lambda rows: float(np.nanmin(rows.columns["train_loss"])))
    at = best.columns["train_loss"]
    last = len(at) - 1 - int(np.nanargmin(at[::-1]))
    theta: FloatArray = best.theta[last]
    return theta


def _gap(history: History, reference: Reference | None) -> float | None:
    """E − E* at the last step; a quadratic E has a column of it, which is accurate near 0."""
    columns = history.overview.columns
    if reference is None:
        return None
    if "optimality_gap" in columns:
        return float(columns["optimality_gap"][-1])
    return max(float(columns["train_loss"][-1]) - reference.train_loss, 0.0)


def _state(history: History, reference: Reference | None, gap: float | None, close: float, null: float) -> State:
    energy, ending = history.overview.columns["train_loss"], history.ending.columns["train_loss"]
    attained = reference is not None and reference.theta is not None
    if gap is not None and (gap <= close if attained else gap == 0.0):
        return "converged"
    if _rose(energy, ending, null):
        return "rising"
    steps = history.overview.step
    half = energy[min(int(np.searchsorted(steps, steps[-1] / 2)), max(len(energy) - 2, 0)) :]
    remaining = gap if gap is not None else max(abs(float(energy[-1])), abs(float(energy[0] - energy[-1])))
    fall, amplitude = _fall(half), max(_amplitude(half), _amplitude(ending))
    if not (_is_unsteady(half) or _is_unsteady(ending)):
        return "descending" if half[0] - half[-1] >= MOVING * remaining else "stalled"
    if fall >= max(MOVING * remaining, 0.5 * amplitude):
        return "descending"
    return "oscillating" if amplitude >= MOVING * remaining else "stalled"


def _rose(energy: FloatArray, ending: FloatArray, null: float) -> bool:
    """Whether E ended above its start, or rose steadily over the last half of the steps to well above its least."""
    first = float(energy[0])
    margin = max(RISEN * abs(first), 1e-3 * null if isfinite(null) else 0.0)
    if float(ending[-3:].min()) > first + margin:
        return True
    half = energy[len(energy) // 2 :]
    least = float(energy.min())
    steadily = len(half) > 3 and float(np.mean(np.diff(half) > 0.0)) >= 0.8
    return bool(steadily and half[-1] - least > RISEN * (first - least))


def _fall(half: FloatArray) -> float:
    """The fall of E between the medians of the two parts of a stretch, which noise does not move."""
    cut = max(len(half) // 2, 1)
    return float(np.median(half[:cut]) - np.median(half[cut:])) if len(half) > 1 else 0.0


def _amplitude(stretch: FloatArray) -> float:
    """The spread of E over the last half of a stretch, without its extremes."""
    low, high = np.quantile(stretch[len(stretch) // 2 :], [0.1, 0.9])
    return float(high - low)


def _is_unsteady(stretch: FloatArray) -> bool:
    changes = np.diff(stretch)
    return bool(changes[changes > 0].sum() > -UNSTEADY * changes[changes < 0].sum())


def _reference_clause(problem: Problem, reference: Reference | None) -> str:
    if reference is None:
        return "unknown"
    if reference.theta is None:
        return "separable" if reference.train_loss == 0.0 else "partly_separable"
    return "minimum" if is_convex(problem) else "local_minimum"


def _constant_clause(problem: Problem, *, is_better: bool) -> str:
    kind = "mean"
    if problem.model.task == "classification":
        kind = "shares"
    elif problem.loss.name in {"mae", "huber"}:
        kind = "median"
    elif problem.reduced and not problem.model.intercept:
        kind = "zero"  # the design of reduced rows has no image of a constant
    return f"{kind}_better" if is_better else kind
