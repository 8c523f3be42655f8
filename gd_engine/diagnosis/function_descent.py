"""Findings of a descent on a function without data: E has no floor to compare with, and there is no test error."""

import numpy as np

from gd_engine.autodiff.curvature import largest_curvature
from gd_engine.diagnosis import domain, empirical, learning_rate, penalty_kink
from gd_engine.diagnosis.context import DiagnosisContext, Finding, keeps_falling
from gd_engine.diagnosis.unbounded import is_unbounded

FLAT = 1e-3
"""The greatest gradient at a saddle, as a share of the greatest along the path."""


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of the first cause."""
    return (
        _unbounded(context)
        or domain.find(context)
        or penalty_kink.find(context)
        or learning_rate.find(context, None)
        or _saddle(context)
        or empirical.small_rate(context)
        or _still_falling(context)
    )


def _unbounded(context: DiagnosisContext) -> list[Finding]:
    """The finding of an E that falls without end from the last step."""
    if not is_unbounded(context.problem, context.history.overview):
        return []
    first, last = float(context.energy[0]), float(context.energy[-1])
    evidence = {"first_energy": first, "last_energy": last, "step": context.steps}
    sentence = (
        f"E falls without end: from {first:.4g} to {last:.4g} at step {context.steps}. The function has no lowest "
        "point in this direction, so no learning rate and no number of steps leads to one."
    )
    return [Finding("unbounded", evidence, sentence, {})]


def _saddle(context: DiagnosisContext) -> list[Finding]:
    """The finding of an end where the gradient is almost 0 but E falls along a direction, and the descent does not."""
    slopes = context.history.overview.columns["gradient_norm"]
    if slopes[-1] > FLAT * slopes.max() or keeps_falling(context.history.overview):
        return []
    theta, energy = context.theta, context.problem.energy
    downward = largest_curvature(lambda t: -energy(t), theta)
    if not downward > FLAT * abs(largest_curvature(energy, theta)):
        return []
    evidence = {"step": context.steps, "energy": float(context.energy[-1]), "gradient_norm": float(slopes[-1])}
    evidence["curvature"] = -downward
    sentence = (
        f"At step {context.steps} the gradient is almost 0 ({slopes[-1]:.3g}), but this is no minimum: along one "
        f"direction E bends downwards (curvature {-downward:.3g}). It is a saddle or a top, where a descent "
        "stops or loses many steps. Begin a little beside it."
    )
    return [Finding("saddle_point", evidence, sentence, {"descent": {"theta0": _beside(context)}})]


def _beside(context: DiagnosisContext) -> dict[str, float]:
    """θ₀, moved by a tenth of its size at random: the gradient there is not 0."""
    theta0 = context.theta0
    size = float(np.abs(theta0).max()) or 1.0
    random = np.random.default_rng(context.choices.seed)
    moved = theta0 + 0.1 * size * random.standard_normal(len(theta0))
    return dict(zip(context.problem.model.parameters, moved.tolist(), strict=True))


def _still_falling(context: DiagnosisContext) -> list[Finding]:
    """The finding of an E that fell notably, beside its range, in the last half and the last quarter of the steps."""
    quarter, half = context.energy_at(context.steps / 4), context.energy_at(context.steps / 2)
    late, last = context.energy_at(3 * context.steps / 4), float(np.median(context.energy[-3:]))
    before, gained, close = quarter - half, half - last, empirical.WORTH * context.null
    if not (gained > close and late - last > 0.5 * close and before > 0):
        return []
    remaining = empirical.extrapolated(context, close, gained, min(max(gained / before, 0.1), 0.9))
    return [empirical.still_falling(context, remaining, half, last)]
