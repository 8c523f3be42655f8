"""Finding of a formula's descent that left the domain of E: its next step, or its gradient, has no value."""

from math import isfinite
from typing import Any

import numpy as np
from autograd import grad

from gd_engine.arrays import FloatArray
from gd_engine.descent.loop import descend, start
from gd_engine.diagnosis.context import DiagnosisContext, Finding, listed, rise_margin, two_digits
from gd_engine.diagnosis.probes import curvature_at

TRIAL_STEPS = 300
MOST_NAMED = 4


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of a descent that did not rise before it ended: the rate is no cause, or not the only one."""
    is_text = context.problem.model.kind in ("function", "formula")
    if context.outcome.reason != "diverged" or not is_text:
        return []
    margin = rise_margin(context.problem, context.null, context.energy)
    if float(context.energy[-1]) > float(context.energy[0]) + margin:
        return []
    gradient = np.asarray(grad(context.problem.energy)(context.theta), dtype=np.float64)
    if not np.isfinite(gradient).all():
        return [_without_gradient(context)]
    ahead = _ahead(context, gradient)
    value = float(context.problem.energy(ahead))
    if np.isinf(value):  # above a bound of the curvature the rate is the cause
        return [] if isfinite(curvature_at(context, context.theta)) else [_without_value(context, ahead)]
    return [_without_value(context, ahead)] if np.isnan(value) else []


def _ahead(context: DiagnosisContext, gradient: FloatArray) -> FloatArray:
    """θ where the next step leads: exactly for gd, for the others along the last step."""
    path = context.history.ending.theta
    if context.kind == "gd" or len(path) < 2:
        rate = float(context.history.overview.columns["learning_rate"][-1])
        return np.asarray(context.theta - rate * gradient, dtype=np.float64)
    return np.asarray(2.0 * path[-1] - path[-2], dtype=np.float64)


def _evidence(context: DiagnosisContext) -> dict[str, Any]:
    return {"step": context.steps, "energy": float(context.energy[-1]), "theta": _named(context, context.theta)}


def _without_gradient(context: DiagnosisContext) -> Finding:
    sentence = (
        f"At step {context.steps} E is {context.energy[-1]:.4g}, but its gradient is not a finite number at "
        f"{_shown(context, context.theta)}, so there is no next step. No learning rate helps there."
    )
    return Finding("left_domain", _evidence(context), sentence, {})


def _without_value(context: DiagnosisContext, ahead: FloatArray) -> Finding:
    evidence = _evidence(context) | {"ahead": _named(context, ahead)}
    sentence = (
        f"The descent left the domain of the formula: at step {context.steps}, at {_shown(context, context.theta)}, E "
        f"is {context.energy[-1]:.4g}; the next step leads to about {_shown(context, ahead)}, where the formula has "
        "no finite value."
    )
    smaller = _smaller(context)
    if smaller is None:
        return Finding("left_domain", evidence, f"{sentence} No smaller rate that was tried leads to a minimum.", {})
    return Finding("left_domain", evidence, sentence, {"descent": {"learning_rate": smaller}})


def _smaller(context: DiagnosisContext) -> float | None:
    """A smaller rate with which E falls, and its gradient becomes shorter: it leads to a minimum, not to the edge."""
    for share in (0.1, 0.01, 0.001):
        rate = two_digits(share * context.rate)
        config = context.config._replace(learning_rate=rate, steps=min(context.config.steps, TRIAL_STEPS))
        state = start(context.theta0, config.optimizer)
        [*blocks] = descend(context.sample, config, state, replay=False)
        energy, slope = (
            np.concatenate([block.columns[name] for block in blocks]) for name in ("train_loss", "gradient_norm")
        )
        if len(energy) > config.steps and energy[-1] < energy[0] and slope[-1] < slope[0]:
            return rate
    return None


def _named(context: DiagnosisContext, theta: FloatArray) -> dict[str, float]:
    return dict(zip(context.problem.model.parameters, theta.tolist(), strict=True))


def _shown(context: DiagnosisContext, theta: FloatArray) -> str:
    named = list(_named(context, theta).items())
    return listed([f"{name} = {value:.4g}" for name, value in named[:MOST_NAMED]])
