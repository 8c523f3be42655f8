"""The convergence of a finished descent: its state by the trajectory, the reference minimum, and a constant's E."""

from math import isfinite
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.trajectory import Outcome
from gd_engine.diagnosis.context import History, null_energy
from gd_engine.diagnosis.unbounded import is_unbounded
from gd_engine.problem import Problem
from gd_engine.reference.final_state import Ended, FinalState, has_hardly_moved, is_level, rounding_of_zero, state_of
from gd_engine.reference.minimum import ZERO, Reference, is_convex

LEFT = 4.0
"""The greatest E* that is 0 as a multiple of what Newton's next step expects to gain: about ⅔ E* of a⁴, ½ E* of a²⁰."""
NOTABLY = 1e-3
"""The least share by which a constant prediction is better, to be called so."""


class Convergence(NamedTuple):
    """How a descent ended. `loss` is E at its last finite step, None without any.

    `clauses` are codes of the parts of a sentence: the state, the reference, the constant prediction (none without
    data); `values` are the numbers in them. `relative_gap` is (E − E*)/E*, None without a reference, and where
    E* is 0 or what rounding left of it.
    """

    state: FinalState
    clauses: tuple[str, ...]
    values: dict[str, float]
    loss: float | None
    reference: Reference | None
    relative_gap: float | None


def judge(
    problem: Problem,
    outcome: Outcome | None,
    history: History,
    reference: Reference | None,
    *,
    unbounded: bool | None = None,
) -> Convergence:
    """The convergence of a descent with this outcome (None: ended from outside) and reference minimum.

    `unbounded` states whether its diagnosis has that finding, which takes hundreds of evaluations (None: no diagnosis).
    """
    with np.errstate(all="ignore"):
        energy = history.overview.columns["train_loss"]
        if not len(energy):
            return Convergence("diverged", ("diverged_at_once",), {}, None, None, None)
        null = null_energy(problem) if problem.has_data else float(np.ptp(energy))
        ended = Ended(problem, history, reference, null, rounding_of_zero(problem, history.overview.theta[-1]))
        has_diverged = outcome is not None and outcome.reason == "diverged"
        return _described(ended, "diverged" if has_diverged else state_of(ended), unbounded)


def _described(ended: Ended, state: FinalState, unbounded: bool | None) -> Convergence:
    """The convergence of a descent in this state."""
    problem, reference, gap, null = ended.problem, ended.reference, ended.gap, ended.null
    loss = float(ended.energy[-1])
    values = {"step": float(ended.history.overview.step[-1]), "loss": loss}
    values |= {"first": float(ended.energy[0]), "least": float(ended.energy.min())}
    clauses = [_state_clause(state, ended), _reference_clause(ended, unbounded)]
    if isfinite(null) and problem.has_data:
        values["constant"] = null
        is_better = loss - null > max(NOTABLY * null, ended.zero)
        clauses.append(_constant_clause(problem, is_better=is_better))
    relative = None
    if reference is not None and gap is not None:
        is_zero = abs(reference.train_loss) <= _zero(ended, reference)
        values["reference"] = 0.0 if is_zero else reference.train_loss
        relative = None if is_zero or reference.train_loss < 0 else gap / reference.train_loss
    return Convergence(state, tuple(clauses), values, loss, reference, relative)


def _zero(ended: Ended, reference: Reference) -> float:
    """The greatest E* that may be 0: by rounding, beside a constant's E, or by what the search left of it."""
    if ended.problem.has_data:
        return max(ended.zero, ZERO * ended.null if isfinite(ended.null) else 0.0)
    rounding = 0.0 if reference.theta is None else rounding_of_zero(ended.problem, reference.theta)
    return max(rounding, LEFT * reference.left)


def least_step(history: History) -> FloatArray:
    """θ of the recorded step with the least E, shape (p,): for a descent its last one."""
    stretches = (history.overview, history.ending)
    best = min(stretches, key=lambda rows: float(np.nanmin(rows.columns["train_loss"])))
    place = int(np.nanargmin(best.columns["train_loss"][::-1]))
    theta: FloatArray = best.theta[-1 - place]
    return theta


def _state_clause(state: FinalState, ended: Ended) -> str:
    """The code of the sentence's first part: the state, or what it says more precisely."""
    if state == "stalled" and has_hardly_moved(ended):
        return "hardly_moved"
    if state == "rising" and ended.energy[-1] <= ended.energy[0]:
        return "rising_again"
    return "alternating" if state == "oscillating" and is_level(ended) else state


def _reference_clause(ended: Ended, unbounded: bool | None) -> str:
    reference = ended.reference
    if reference is None:
        if unbounded is None:
            unbounded = is_unbounded(ended.problem, ended.history.overview)
        return "unbounded" if unbounded else "unknown"
    if reference.theta is None:
        return "separable" if reference.train_loss == 0.0 else "partly_separable"
    return "minimum" if is_convex(ended.problem) else "local_minimum"


def _constant_clause(problem: Problem, *, is_better: bool) -> str:
    kind = "mean"
    if problem.model.task == "classification":
        kind = "shares"
    elif problem.loss.name in {"mae", "huber"}:
        kind = "median"
    elif problem.reduced and not problem.model.intercept:
        kind = "zero"  # the design of reduced rows has no image of a constant
    return f"{kind}_better" if is_better else kind
