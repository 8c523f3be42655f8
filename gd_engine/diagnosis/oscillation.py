"""Steps that go down, but so far that they come back: alternation, and the swings of a great momentum."""

from math import ceil, isfinite
from typing import Any

import numpy as np

from gd_engine.diagnosis.context import Case, Finding, rounded_up, tolerance, two_digits
from gd_engine.diagnosis.probes import curvature_at
from gd_engine.diagnosis.quadratic_model import Bowl, bound, modes, shrinking, steps_needed

FEW_ROWS = 12
GREAT_MOMENTUM = 0.95
"""Up to here a step takes 2.5 % or more off a swing, √μ being what is left of it: that is not slow."""
ALTERNATING = -0.5
"""The median cosine of consecutive changes of θ below which they turn back: 0 is a right angle, −1 a reversal."""


def find(case: Case, bowl: Bowl | None) -> list[Finding]:
    """Changes of θ that turn back, where E would be lower half-way; else swings."""
    theta = case.history.ending.theta
    if case.recipe.batch_size is not None or len(theta) < FEW_ROWS:
        return []
    changes = np.diff(theta[-33:], axis=0)
    lengths = np.linalg.norm(changes, axis=1)
    turning = np.einsum("ij,ij->i", changes[1:], changes[:-1]) / np.maximum(lengths[1:] * lengths[:-1], 1e-300)
    between = float(case.problem.energy(0.5 * (theta[-1] + theta[-2])))
    energy = float(case.energy[-1])
    # Where E is no bowl, a large rate's steps may well go to and fro across a valley and get on along it.
    much = tolerance(case, between) if bowl else 0.02 * case.null
    if np.median(turning) < ALTERNATING and energy - between > much:
        return [_alternation(case, bowl, float(np.median(turning)), between)]
    return _ringing(case, bowl) if bowl else []


def _alternation(case: Case, bowl: Bowl | None, cosine: float, between: float) -> Finding:
    rate, energy = case.rate, float(case.energy[-1])
    evidence = {"learning_rate": rate, "cosine": cosine, "last_energy": energy, "energy_between": between}
    smaller = 0.1 * rate
    if case.linear_method:
        middle = 0.5 * (case.history.ending.theta[-1] + case.history.ending.theta[-2])
        curvature = bowl.curvature if bowl else curvature_at(case, middle)
        limit = bound(case.kind, case.momentum, curvature)
        if isfinite(limit):
            evidence["bound"] = limit
        smaller = np.nanmin([0.5 * rate, 0.5 * limit])
    above = "bound" in evidence and rate >= evidence["bound"]
    automatic = bowl is not None and bowl.exact and case.linear_method
    change: dict[str, Any] = {"descent": {"learning_rate": "auto" if automatic else two_digits(smaller)}}
    near = ""
    if "bound" in evidence:
        near = f" ({'above' if above else 'below, but near,'} the bound {evidence['bound']:.3g} on what converges)"
    sentence = (
        f"With the learning rate {rate:.3g}{near} the steps overshoot: each goes back most of the way of the one "
        f"before. Half-way between the last two, E is {between:.4g}; where they ended it is {energy:.4g}."
    )
    return Finding("learning_rate_too_large" if above else "oscillation", evidence, sentence, change)


def _ringing(case: Case, bowl: Bowl) -> list[Finding]:
    """A momentum so great that θ swings about the lowest point long after it could have come to rest."""
    if not (case.linear_method and case.momentum >= GREAT_MOMENTUM):
        return []
    found = modes(bowl, case.theta)
    factors, turning = shrinking(case.kind, case.momentum, case.rate, found.values)
    gap, close = float(found.gaps.sum()), tolerance(case, bowl.energy)
    swinging = turning & (found.values > 0)
    if gap <= close or found.gaps[swinging].sum() < 0.5 * gap or not _went_up_and_down(case, close):
        return []
    begin = modes(bowl, case.theta0)
    needed = {
        momentum: steps_needed(
            shrinking(case.kind, momentum, 1.0 / found.values[-1], found.values)[0], begin.gaps, close
        )
        for momentum in (0.9, 0.8, 0.5)
        if momentum < case.momentum
    }
    if not needed:
        return []
    momentum = min(needed, key=lambda m: (needed[m], m))
    if needed[momentum] >= case.steps + steps_needed(factors, found.gaps, close):
        return []
    return [_swings(case, float(factors[swinging].max()), gap, momentum, needed[momentum])]


def _swings(case: Case, factor: float, gap: float, momentum: float, needed: int) -> Finding:
    descent: dict[str, Any] = {"optimizer": {"momentum": momentum}, "learning_rate": "auto"}
    if 1.3 * needed > case.recipe.steps:
        descent["steps"] = rounded_up(ceil(1.3 * needed))
    evidence = {"momentum": case.momentum, "factor": factor, "gap": gap, "step": case.steps, "better": momentum}
    sentence = (
        f"The momentum {case.momentum:g} makes θ swing to and fro: a step takes only {1 - factor:.2%} off each swing, "
        f"and at step {case.steps} E is still {gap:.3g} above its least. A momentum of {momentum:g} comes to rest "
        "sooner."
    )
    return Finding("oscillation", evidence, sentence, {"descent": descent})


def _went_up_and_down(case: Case, close: float) -> bool:
    """Whether E rose, by what matters, above where it had been before, at least twice."""
    energy = case.energy
    turns = np.flatnonzero(np.diff(np.sign(np.diff(energy))) > 0) + 1
    peaks = [energy[a : b + 1].max() for a, b in zip(turns, [*turns[1:], len(energy) - 1], strict=True)]
    return int(sum(peak - energy[a] > close for a, peak in zip(turns, peaks, strict=True))) >= 2
