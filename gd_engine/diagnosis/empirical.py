"""Findings of a descent that has not converged, from the observed E alone, without a quadratic model."""

from math import isfinite, log
from typing import Any

import numpy as np
from autograd import grad

from gd_engine.diagnosis.context import LINEAR_METHODS, DiagnosisContext, Finding, tolerance, two_digits
from gd_engine.diagnosis.probes import curvature_at, goes_down, trial_energy
from gd_engine.diagnosis.remaining_gap import (
    RemainingGap,
    evidence_of,
    faster,
    longer,
    scale_evidence,
    scales_sentence,
    test_gain,
)
from gd_engine.optim.schedules import Backtracking

WORTH = 0.03
"""The least decrease in the last half of the steps, as a share of E and of the constant's E, of an E still falling."""
LATE = 0.05
"""The least decrease in the last quarter of the steps, as a share of the same: a swing that has ended is no fall."""
FEW = 20
"""The steps below which a median of three rows tells nothing of a quarter of them."""
SPREAD = 10.0
MOST_DOUBLINGS = 4.0
"""The doublings of the steps after which the power law is no longer trusted."""
LARGER = 5.0
"""The least rate to offer instead, as a multiple of that of the run."""
MOST_POWERS = 6
"""Rates tried, each a tenth of the one before."""


def find(context: DiagnosisContext) -> list[Finding]:
    """Findings from E at a quarter, at half, and at the end of the steps."""
    small = small_rate(context)
    if small:
        return small
    quarter, half, last = (
        context.energy_at(context.steps / 4),
        context.energy_at(context.steps / 2),
        float(np.median(context.energy[-3:])),
    )
    before, gained = quarter - half, half - last
    good = tolerance(context, 0.0)
    close = max(WORTH * context.null, good)  # the constant's E is 0 where all targets are the same
    if not (
        good < context.energy[-1] <= context.energy[0]
        and good > 0
        and (context.steps < FEW or context.energy_at(0.75 * context.steps) - last > LATE * close)
        and gained > max(WORTH * abs(last), close)
        and before > 0
        and test_gain(context) > 0.03
    ):
        return []
    remaining = extrapolated(context, close, gained, min(max(gained / before, 0.1), 0.9))
    scales = _unscaled(context, remaining)
    return [scales or still_falling(context, remaining, half, last)]


def extrapolated(context: DiagnosisContext, close: float, gained: float, ratio: float) -> RemainingGap:
    """The remaining gap under a power law: each doubling of the steps gains `ratio` of the previous gain."""
    gap = gained * ratio / (1.0 - ratio)
    doublings = max(log(max(gap / close, 1.0)) / -log(ratio), 1.0)
    steps, capped = round(context.steps * 2.0 ** min(doublings, MOST_DOUBLINGS)), doublings > MOST_DOUBLINGS
    return RemainingGap(gap, close, steps, estimate=True, capped=capped)


def still_falling(context: DiagnosisContext, remaining: RemainingGap, half: float, last: float) -> Finding:
    evidence = evidence_of(context, remaining) | {"half_step": context.steps // 2, "half_energy": half}
    descent = longer(context, remaining.steps)
    if context.problem.model.kind == "mlp" and context.choices.own_theta0 and half > 10 * context.null:
        descent = {"theta0": None}  # far worse than a constant: no descent should begin there
    ended = float(context.energy[-1])
    shown = ended if ended < half else last  # a noisy step may end above
    begin = (
        f"E was still falling at step {context.steps}: the last half of the steps brought it from {half:.4g} to "
        f"{shown:.4g}."
    )
    sentence = f"{begin} About {remaining.needed} steps would do (an estimate)."
    if remaining.needed is None:
        sentence = f"{begin} It takes many more steps; how many, this fall does not tell."
    return Finding("too_few_steps", evidence, sentence, {"descent": descent})


def _unscaled(context: DiagnosisContext, remaining: RemainingGap) -> Finding | None:
    """The finding of columns on different scales, or None."""
    if context.choices.standardize or context.problem.model.kind == "formula":
        return None
    scales = scale_evidence(context)
    if not scales or scales["largest_size"] < SPREAD * scales["smallest_size"]:
        return None
    evidence = evidence_of(context, remaining) | scales
    change: dict[str, Any] = {"standardize": True}
    descent = faster(context) if context.linear_method and context.problem.loss.name != "mae" else {}
    return Finding(
        "ill_conditioned",
        evidence,
        scales_sentence(context, evidence),
        change | ({"descent": descent} if descent else {}),
    )


def small_rate(context: DiagnosisContext) -> list[Finding]:
    """The finding of a rate far below 1/λmax, if a tried larger rate lowers E by an amount that matters."""
    poor = float(context.energy[-1]) > 0.05 * context.null or not context.problem.has_data
    plain = context.kind in LINEAR_METHODS and not isinstance(context.config.learning_rate, Backtracking)
    if context.choices.automatic or not (poor and plain and context.config.clip_norm is None):
        return []
    curvature = curvature_at(context, context.theta)
    rate = float(context.history.overview.columns["learning_rate"][-1]) / (1.0 - context.momentum or 1.0)
    if not (isfinite(curvature) and rate <= 0.02 / curvature):
        return []
    better, automatic = _better_rate(context, rate, curvature)
    gain = _gain(context, better)
    return [_creeping(context, better, gain, automatic=automatic)] if gain >= 1e-3 * context.null else []


def _better_rate(context: DiagnosisContext, rate: float, curvature: float) -> tuple[float, bool]:
    """A larger rate that lowers E in a trial, and whether it is the automatic one; NaN if none does.

    The curvature may be that of a flat part of E (huber's loss is linear far from 0), so smaller rates are tried too.
    """
    before = curvature_at(context, context.theta0)
    if before >= 0.5 * curvature and 1.0 / before >= LARGER * rate and goes_down(context, 1.0 / before):
        return 1.0 / before, True
    rates = [two_digits(0.5 / curvature * 0.1**power) for power in range(MOST_POWERS)]
    energies = {better: trial_energy(context, better) for better in rates if better >= LARGER * rate}
    best = min(energies, key=lambda better: energies[better], default=np.nan)
    return (best if energies.get(best, np.inf) < np.inf else np.nan), False


def _gain(context: DiagnosisContext, rate: float) -> float:
    """The decrease of E by one step of gradient descent from the last θ; NaN for a NaN."""
    energy, theta = context.sample.energy, context.theta
    return float(energy(theta) - energy(theta - rate * np.asarray(grad(energy)(theta))))


def _creeping(context: DiagnosisContext, better: float, gain: float, *, automatic: bool) -> Finding:
    used, energy = float(context.history.overview.columns["learning_rate"][-1]), float(context.energy[-1])
    evidence = {
        "step": context.steps,
        "energy": energy,
        "learning_rate": used,
        "automatic_rate" if automatic else "better_rate": better,
        "gain": gain,
    }
    sentence = (
        f"The learning rate {used:.3g} is too small: at step {context.steps} E is {energy:.4g}. One step with the rate "
        f"{'1/λmax = ' if automatic else ''}{better:.3g} would lower it by about {gain:.3g}."
    )
    change = faster(context) | {"learning_rate": "auto" if automatic else better}
    return Finding("too_few_steps", evidence, sentence, {"descent": change})
