"""Probes of E for a diagnosis: curvature at a point, and trial descents."""

from math import isfinite

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.autodiff.curvature import largest_curvature
from gd_engine.descent.loop import descend, start
from gd_engine.diagnosis.context import DiagnosisContext

TRIAL_STEPS = 12
MOST_RECORDED = 4096
"""The most rows for which a recorded gradient pays in so few steps: tracing has a cost a call, arithmetic one a row."""


def curvature_at(context: DiagnosisContext, theta: FloatArray) -> float:
    """λmax of E at θ, shape (p,); NaN if it is not positive, and for the piecewise linear mae."""
    curvature = np.nan if context.problem.loss.name == "mae" else largest_curvature(context.sample.energy, theta)
    return curvature if isfinite(curvature) and curvature > 0 else np.nan


def goes_down(context: DiagnosisContext, rate: float, theta0: FloatArray | None = None) -> bool:
    """Whether a trial descent of TRIAL_STEPS steps with this rate lowers E, from θ₀ or another start."""
    return trial_energy(context, rate, theta0) < np.inf


def trial_energy(context: DiagnosisContext, rate: float, theta0: FloatArray | None = None) -> float:
    """E after a trial descent of TRIAL_STEPS steps with this rate; infinite if it does not lower E."""
    if not isfinite(rate):
        return np.inf
    config = context.config._replace(learning_rate=rate, steps=TRIAL_STEPS)
    state = start(context.theta0 if theta0 is None else theta0, config.optimizer)
    sample = context.sample
    replay = sample.train.size <= MOST_RECORDED
    [*blocks] = descend(sample, config, state, is_full=lambda rows: rows > TRIAL_STEPS, replay=replay)
    energies = np.concatenate([block.columns["train_loss"] for block in blocks])
    down = len(energies) > TRIAL_STEPS and energies[-1] < energies[0] and energies.max() <= 2 * energies[0]
    return float(energies[-1]) if down else np.inf


def schedule_of(context: DiagnosisContext, kind: str) -> dict[str, str | None]:
    """A merge patch (RFC 7396) that turns the schedule into {"kind": kind}."""
    return {**dict.fromkeys(context.choices.schedule_options), "kind": kind}
