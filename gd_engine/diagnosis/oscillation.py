"""Findings of oscillation: steps that overshoot and reverse, and slowly damped oscillation with a large momentum."""

from itertools import pairwise
from math import ceil, isfinite
from typing import Any

import numpy as np

from gd_engine.diagnosis.context import DiagnosisContext, Finding, rounded_up, told_apart, tolerance, two_digits
from gd_engine.diagnosis.probes import curvature_at
from gd_engine.diagnosis.quadratic_model import QuadraticModel, bound, modes, shrinking, steps_needed

FEW_ROWS = 12
GREAT_MOMENTUM = 0.95
"""Below this momentum a step damps an oscillation, by √μ, to at most 97.5 %."""
ALTERNATING = -0.5
"""The median cosine of consecutive changes of θ below which they alternate: 0 is a right angle, −1 a reversal."""


def find(context: DiagnosisContext, quadratic: QuadraticModel | None) -> list[Finding]:
    """The finding of alternating steps, if E is lower half-way between the last two; else that of slow damping."""
    theta = context.history.ending.theta
    if context.config.batch_size is not None or len(theta) < FEW_ROWS:
        return []
    changes = np.diff(theta[-33:], axis=0)
    lengths = np.linalg.norm(changes, axis=1)
    turning = np.einsum("ij,ij->i", changes[1:], changes[:-1]) / np.maximum(lengths[1:] * lengths[:-1], 1e-300)
    between = float(context.problem.energy(0.5 * (theta[-1] + theta[-2])))
    energy = float(context.energy[-1])
    # If E is not quadratic, steps may alternate across a valley and still progress along it.
    much = tolerance(context, between) if quadratic else 0.02 * context.null
    if np.median(turning) < ALTERNATING and energy - between > much:
        return [_alternation(context, quadratic, float(np.median(turning)), between)]
    return _ringing(context, quadratic) if quadratic else []


def _alternation(context: DiagnosisContext, quadratic: QuadraticModel | None, cosine: float, between: float) -> Finding:
    rate, energy = context.rate, float(context.energy[-1])
    evidence = {"learning_rate": rate, "cosine": cosine, "last_energy": energy, "energy_between": between}
    smaller = 0.1 * rate
    if context.linear_method:
        middle = 0.5 * (context.history.ending.theta[-1] + context.history.ending.theta[-2])
        curvature = quadratic.curvature if quadratic else curvature_at(context, middle)
        limit = bound(context.kind, context.momentum, curvature)
        if isfinite(limit):
            evidence["bound"] = limit
        smaller = np.nanmin([0.5 * rate, 0.5 * limit])
    above = "bound" in evidence and rate >= evidence["bound"]
    automatic = quadratic is not None and quadratic.exact and context.linear_method
    change: dict[str, Any] = {"descent": {"learning_rate": "auto" if automatic else two_digits(smaller)}}
    sentence = (
        f"With the learning rate {_beside_bound(rate, evidence.get('bound'))} the steps overshoot: each goes back "
        f"most of the way of the one before. Half-way between the last two, E is {between:.4g}; "
        f"where they ended it is {energy:.4g}."
    )
    return Finding("learning_rate_too_large" if above else "oscillation", evidence, sentence, change)


def _beside_bound(rate: float, limit: float | None) -> str:
    """The rate, and where it lies beside the bound, if there is one."""
    if limit is None:
        return f"{rate:.3g}"
    shown, bound_shown = told_apart(rate, limit)
    place = "at" if shown == bound_shown else "above" if rate > limit else "below, but near,"
    return f"{shown} ({place} the bound {bound_shown}: only rates below it converge)"


def _ringing(context: DiagnosisContext, quadratic: QuadraticModel) -> list[Finding]:
    """The finding of a momentum so large that a smaller one converges sooner."""
    if not (context.linear_method and context.momentum >= GREAT_MOMENTUM):
        return []
    found = modes(quadratic, context.theta)
    factors, turning = shrinking(context.kind, context.momentum, context.rate, found.values)
    gap, close = float(found.gaps.sum()), tolerance(context, quadratic.energy)
    swinging = turning & (found.values > 0)
    if gap <= close or found.gaps[swinging].sum() < 0.5 * gap or not _went_up_and_down(context, close):
        return []
    begin = modes(quadratic, context.theta0)
    needed = {
        momentum: steps_needed(
            shrinking(context.kind, momentum, 1.0 / found.values[-1], found.values)[0], begin.gaps, close
        )
        for momentum in (0.9, 0.8, 0.5)
        if momentum < context.momentum
    }
    if not needed:
        return []
    momentum = min(needed, key=lambda m: (needed[m], m))
    if needed[momentum] >= context.steps + steps_needed(factors, found.gaps, close):
        return []
    return [_swings(context, float(factors[swinging].max()), gap, momentum, needed[momentum])]


def _swings(context: DiagnosisContext, factor: float, gap: float, momentum: float, needed: int) -> Finding:
    descent: dict[str, Any] = {"optimizer": {"momentum": momentum}, "learning_rate": "auto"}
    if 1.3 * needed > context.config.steps:
        descent["steps"] = rounded_up(ceil(1.3 * needed))
    evidence = {"momentum": context.momentum, "factor": factor, "gap": gap, "step": context.steps, "better": momentum}
    sentence = (
        f"The momentum {context.momentum:g} makes θ swing to and fro: a step takes only {1 - factor:.2%} off each "
        f"swing, and at step {context.steps} E is still {gap:.3g} above its least. "
        f"A momentum of {momentum:g} comes to rest sooner."
    )
    return Finding("oscillation", evidence, sentence, {"descent": descent})


def _went_up_and_down(context: DiagnosisContext, close: float) -> bool:
    """Whether E rose by more than `close` above a local minimum at least twice."""
    energy = context.energy
    turns = np.flatnonzero(np.diff(np.sign(np.diff(energy))) > 0) + 1
    peaks = [energy[a : b + 1].max() for a, b in pairwise([*turns, len(energy) - 1])]
    return int(sum(peak - energy[a] > close for a, peak in zip(turns, peaks, strict=True))) >= 2
