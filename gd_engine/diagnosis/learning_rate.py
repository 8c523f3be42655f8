"""Findings of a learning rate above the bound for convergence."""

from math import isfinite
from typing import Any

import numpy as np
from autograd import grad, hessian_vector_product

from gd_engine.diagnosis import oscillation
from gd_engine.diagnosis.context import (
    LINEAR_METHODS,
    DiagnosisContext,
    Finding,
    ended_at,
    rise_margin,
    rounded_up,
    told_apart,
    tolerance,
    two_digits,
)
from gd_engine.diagnosis.probes import curvature_at, goes_down, schedule_of
from gd_engine.diagnosis.quadratic_model import QuadraticModel, automatic_steps, bound, standardised
from gd_engine.optim.schedules import Backtracking

POOR, FAR = 0.3, 10.0
"""The shares of a constant's E of an E that ended poorly, and of one that rose far on the way."""


def find(context: DiagnosisContext, quadratic: QuadraticModel | None) -> list[Finding]:
    """The finding of a rate above the bound that raised E, else findings of oscillation."""
    if isinstance(context.config.learning_rate, Backtracking):
        return []
    grew = context.outcome.reason == "diverged" or _rose(context) or _did_not_recover(context, quadratic)
    if not grew:
        return oscillation.find(context, quadratic)
    limit = _bound(context, quadratic)
    if (
        quadratic
        and quadratic.exact
        and limit is not None
        and context.rate <= limit
        and context.outcome.reason != "diverged"
        and context.config.batch_size is None  # the bound is that of all rows
    ):
        return []  # it swings, or it is noise
    return _too_large(context, quadratic, limit if limit is not None and context.rate > limit else None)


def _rose(context: DiagnosisContext) -> bool:
    """Whether the final E exceeds the initial E by more than noise and rounding explain."""
    first = float(context.energy[0])
    margin = rise_margin(context.problem, context.null, context.energy)
    if context.config.batch_size is not None:
        margin = max(margin, first)
    return ended_at(context.energy) > first + margin


def _did_not_recover(context: DiagnosisContext, quadratic: QuadraticModel | None) -> bool:
    """Whether E rose on the way, and the later steps did not make up for it."""
    first, highest, last = float(context.energy[0]), float(context.energy.max()), float(context.energy[-1])
    if quadratic:
        has_risen = context.choices.schedule != "constant" and highest > 2.0 * first
        return has_risen and last - quadratic.energy > tolerance(context, quadratic.energy)
    is_poor = context.config.batch_size is None and last > POOR * context.null
    return is_poor and highest > FAR * max(first, context.null)


def _bound(context: DiagnosisContext, quadratic: QuadraticModel | None) -> float | None:
    """The least bound along the path; None where E has no positive curvature."""
    if context.kind not in LINEAR_METHODS:
        return _first_step_bound(context)
    if quadratic and quadratic.exact:
        return bound(context.kind, context.momentum, quadratic.curvature)
    rows = [0, int(np.argmin(context.energy)), min(int(np.argmin(context.energy)) + 1, len(context.energy) - 1)]
    limit = None
    for row in sorted(set(rows)):
        curvature = curvature_at(context, context.history.overview.theta[row])
        if isfinite(curvature):
            found = bound(context.kind, context.momentum, curvature)
            limit = found if limit is None else min(limit, found)
            if context.rate > found:
                break
    return limit


def _first_step_bound(context: DiagnosisContext) -> float | None:
    """The rate above which the first step of adam and its kin goes up: 2 ‖g‖₁ / (sᵀ H s) with s = sign g.

    That step is −η s, whatever the length of g: E changes by −η ‖g‖₁ + ½ η² sᵀ H s. (rmsprop's is 1/√(1 − ρ) as long.)
    """
    energy, theta = context.sample.energy, context.theta0
    gradient = np.asarray(grad(energy)(theta), dtype=np.float64)
    sign = np.sign(gradient)
    curvature = float(sign @ hessian_vector_product(energy)(theta, sign))
    if not (isfinite(curvature) and curvature > 0):
        return None
    decay = context.choices.decay
    longer = (1.0 - decay) ** -0.5 if context.kind == "rmsprop" else 1.0
    return 2.0 * float(np.abs(gradient).sum()) / curvature / longer


def _too_large(context: DiagnosisContext, quadratic: QuadraticModel | None, limit: float | None) -> list[Finding]:
    change = _mended(context, quadratic, limit)
    first, last = float(context.energy[0]), float(context.energy[-1])
    evidence: dict[str, Any] = {"learning_rate": context.rate, "first_energy": first, "last_energy": last}
    if limit is not None:
        evidence |= {"bound": limit, "factor": context.rate / limit}
    if context.outcome.reason == "diverged":
        evidence["diverged_at"] = context.outcome.step
        end = f"and at step {context.outcome.step} it was no longer a finite number"
    else:
        end = f"at step {context.steps}"
        evidence["step"] = context.steps
    rate, bound_shown = (f"{context.rate:.3g}", "") if limit is None else told_apart(context.rate, limit)
    why = (
        f"above {bound_shown} every step overshoots by more than it gains"
        if limit is not None
        else "its steps are so long that they go up instead of down"
    )
    also = ""
    if change.get("standardize"):
        also = " The columns' scales would make a smaller rate very slow, so they are standardised besides."
    sentence = f"The learning rate {rate} is too large: {why}. E went from {first:.4g} to {last:.4g} {end}."
    return [Finding("learning_rate_too_large", evidence, sentence + also, change)]


def _mended(context: DiagnosisContext, quadratic: QuadraticModel | None, limit: float | None) -> dict[str, Any]:
    """The change of a rate that is too large: the largest of a few smaller rates that lowers E."""
    if context.linear_method and quadratic and quadratic.exact:
        return _mended_quadratic(context, quadratic)
    rate = context.rate if limit is None else min(limit, context.rate)
    if context.kind in LINEAR_METHODS:
        automatic = 1.0 / curvature_at(context, context.theta0)
        if not context.choices.automatic and automatic < context.rate and goes_down(context, automatic):
            return {"descent": {"learning_rate": "auto"}}
        rate = min(rate, automatic) if isfinite(automatic) else rate
    return _smaller(context, rate)


def _smaller(context: DiagnosisContext, rate: float) -> dict[str, Any]:
    """The change to a share of a rate that lowers E; without one to a line search, or to a very small rate."""
    if context.kind == "fista" and context.config.batch_size is not None:  # its momentum adds up the noise of batches
        return {"descent": {"optimizer": {"kind": "ista"}, "learning_rate": two_digits(0.1 * rate)}}
    for smaller in (0.1, 0.01, 0.001):
        if goes_down(context, smaller * rate):
            return {"descent": {"learning_rate": two_digits(smaller * rate)}}
    if context.kind == "gd":
        line_search: dict[str, Any] = {"schedule": schedule_of(context, "backtracking")}
        if context.config.batch_size is not None:  # a line search needs the gradient of all rows
            line_search["batch_size"] = None
        return {"descent": line_search}
    return {"descent": {"learning_rate": two_digits(1e-4 * rate)}}


def _mended_quadratic(context: DiagnosisContext, quadratic: QuadraticModel) -> dict[str, Any]:
    """The automatic rate, with standardised columns if only these converge within the steps."""
    change: dict[str, Any] = {"descent": {"learning_rate": "auto"}}
    scaled = standardised(context, quadratic)
    if scaled is None or automatic_steps(context, quadratic, context.theta0) <= context.config.steps:
        return change
    sooner = automatic_steps(context, scaled, np.zeros(len(context.theta0)))
    if sooner > 0.1 * automatic_steps(context, quadratic, context.theta0):
        return change
    longer = {} if sooner <= context.config.steps else {"steps": rounded_up(1.1 * sooner)}
    return {"standardize": True, "descent": {"learning_rate": "auto", **longer}}
