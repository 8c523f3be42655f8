"""A learning rate too large to go down at all."""

from math import isfinite
from typing import Any

import numpy as np
from autograd import grad, hessian_vector_product

from gd_engine.diagnosis import oscillation
from gd_engine.diagnosis.context import LINEAR_METHODS, Case, Finding, rounded_up, tolerance, two_digits
from gd_engine.diagnosis.probes import curvature_at, goes_down, only_kind
from gd_engine.diagnosis.quadratic_model import Bowl, automatic_steps, bound, standardising
from gd_engine.optim.schedules import Backtracking


def find(case: Case, bowl: Bowl | None) -> list[Finding]:
    """A rate above the bound, where it showed; else steps that overshoot."""
    if isinstance(case.recipe.learning_rate, Backtracking):
        return []
    grew = case.outcome.reason == "diverged" or _rose(case) or _fell_back_too_late(case, bowl)
    if not grew:
        return oscillation.find(case, bowl)
    limit = _bound(case, bowl)
    if bowl and bowl.exact and limit is not None and case.rate <= limit and case.outcome.reason != "diverged":
        return []  # it swings, or it is noise
    return _too_large(case, bowl, limit if limit is not None and case.rate > limit else None)


def _rose(case: Case) -> bool:
    """Whether E ended above where it began, by more than noise and rounding make of a descent from its lowest point."""
    first = float(case.energy[0])
    margin = max(0.1 * first, 1e-3 * case.null if isfinite(case.null) else 0.0)
    if case.recipe.batch_size is not None:
        margin = max(margin, first)
    return float(case.energy[-3:].min()) > first + margin


def _fell_back_too_late(case: Case, bowl: Bowl | None) -> bool:
    """Whether a falling rate began so high that E rose, and became too small to make up for it."""
    risen = case.schedule != "constant" and case.energy.max() > 2.0 * case.energy[0]
    return bool(risen and bowl and case.energy[-1] - bowl.energy > tolerance(case, bowl.energy))


def _bound(case: Case, bowl: Bowl | None) -> float | None:
    """The least bound found along the path; None where E has no curvature that tells one."""
    if case.kind not in LINEAR_METHODS:
        return _first_step_bound(case)
    if bowl and bowl.exact:
        return bound(case.kind, case.momentum, bowl.curvature)
    rows = [0, int(np.argmin(case.energy)), min(int(np.argmin(case.energy)) + 1, len(case.energy) - 1)]
    limit = None
    for row in sorted(set(rows)):
        curvature = curvature_at(case, case.history.overview.theta[row])
        if isfinite(curvature):
            found = bound(case.kind, case.momentum, curvature)
            limit = found if limit is None else min(limit, found)
            if case.rate > found:
                break
    return limit


def _first_step_bound(case: Case) -> float | None:
    """The rate above which the first step of adam and its kin goes up: 2 ‖g‖₁ / (sᵀ H s) with s = sign g.

    That step is −η s, whatever the length of g: E changes by −η ‖g‖₁ + ½ η² sᵀ H s. (rmsprop's is 1/√(1 − ρ) as long.)
    """
    energy, theta = case.sample.energy, case.theta0
    gradient = np.asarray(grad(energy)(theta), dtype=np.float64)
    sign = np.sign(gradient)
    curvature = float(sign @ hessian_vector_product(energy)(theta, sign))
    if not (isfinite(curvature) and curvature > 0):
        return None
    decay = float((case.descent.get("optimizer") or {}).get("decay", 0.99))
    longer = (1.0 - decay) ** -0.5 if case.kind == "rmsprop" else 1.0
    return 2.0 * float(np.abs(gradient).sum()) / curvature / longer


def _too_large(case: Case, bowl: Bowl | None, limit: float | None) -> list[Finding]:
    change = _mended(case, bowl, limit)
    first, last = float(case.energy[0]), float(case.energy[-1])
    evidence: dict[str, Any] = {"learning_rate": case.rate, "first_energy": first, "last_energy": last}
    if limit is not None:
        evidence |= {"bound": limit, "factor": case.rate / limit}
    if case.outcome.reason == "diverged":
        evidence["diverged_at"] = case.outcome.step
        end = f"and at step {case.outcome.step} it was no longer a finite number"
    else:
        end = f"at step {case.steps}"
        evidence["step"] = case.steps
    why = (
        f"above {limit:.3g} every step overshoots by more than it gains"
        if limit is not None
        else "its steps are so long that they go up instead of down"
    )
    also = ""
    if change.get("standardize"):
        also = " The columns' scales would make a smaller rate very slow, so they are standardised besides."
    sentence = f"The learning rate {case.rate:.3g} is too large: {why}. E went from {first:.4g} to {last:.4g} {end}."
    return [Finding("learning_rate_too_large", evidence, sentence + also, change)]


def _mended(case: Case, bowl: Bowl | None, limit: float | None) -> dict[str, Any]:
    """The change for a rate that is too large: the largest rate of a few that works."""
    if case.linear_method and bowl and bowl.exact:
        return _mended_bowl(case, bowl)
    rate = case.rate if limit is None else min(limit, case.rate)
    if case.kind in LINEAR_METHODS:
        automatic = 1.0 / curvature_at(case, case.theta0)
        if not case.automatic and automatic < case.rate and goes_down(case, automatic):
            return {"descent": {"learning_rate": "auto"}}
        rate = min(rate, automatic) if isfinite(automatic) else rate
    for smaller in (0.1, 0.01, 0.001):
        if goes_down(case, smaller * rate):
            return {"descent": {"learning_rate": two_digits(smaller * rate)}}
    if case.kind == "gd":
        return {"descent": {"schedule": only_kind(case.descent.get("schedule"), "backtracking")}}
    return {"descent": {"learning_rate": two_digits(1e-4 * rate)}}


def _mended_bowl(case: Case, bowl: Bowl) -> dict[str, Any]:
    """The automatic rate; where that would not arrive, on standardised columns, if those would."""
    change: dict[str, Any] = {"descent": {"learning_rate": "auto"}}
    rescale = standardising(case)
    if rescale is None or automatic_steps(case, bowl, case.theta0) <= case.recipe.steps:
        return change
    sooner = automatic_steps(case, bowl.rescaled(rescale), np.zeros(len(case.theta0)))
    if sooner > 0.1 * automatic_steps(case, bowl, case.theta0):
        return change
    longer = {} if sooner <= case.recipe.steps else {"steps": rounded_up(1.1 * sooner)}
    return {"standardize": True, "descent": {"learning_rate": "auto", **longer}}
