"""Finding of steps that jump over the kink of the l1 penalty at 0."""

from typing import Any

import numpy as np

from gd_engine.diagnosis.context import LINEAR_METHODS, PROXIMAL_METHODS, DiagnosisContext, Finding, listed, tolerance
from gd_engine.diagnosis.probes import curvature_at, schedule_of

ROWS = 33
FEWEST = 8
CROSSING = 0.25
"""The least share of steps that cross 0 of a parameter that jumps over it."""


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of parameters whose sign changes again and again, if E is lower where they are 0."""
    problem, ending = context.problem, context.history.ending
    theta, energy = ending.theta[-ROWS:], ending.columns["train_loss"][-ROWS:]
    plain = context.kind not in PROXIMAL_METHODS and context.config.batch_size is None
    if not (problem.penalty.l1 and plain and len(theta) >= FEWEST):
        return []
    crossing = np.mean(theta[1:] * theta[:-1] < 0.0, axis=0) >= CROSSING
    crossing &= np.array(problem.model.penalised)
    if not crossing.any():
        return []
    zeroed = float(problem.energy(np.where(crossing, 0.0, theta[-1])))
    last = float(np.median(energy[-FEWEST:]))
    if not last - zeroed > tolerance(context, zeroed):
        return []
    names = [name for name, jumps in zip(problem.model.parameters, crossing, strict=True) if jumps]
    evidence = {"columns": names, "step": context.steps, "last_energy": last, "energy_between": zeroed}
    method = _method(context)
    sentence = (
        f"At 0 the penalty l1 has a kink, and with the learning rate {context.rate:.3g} the steps of {context.kind} "
        f"jump over it: the sign of {listed(names)} changes again and again. E is about {last:.4g}; with 0 instead it "
        f"is {zeroed:.4g}. {method} makes such parameters exactly 0."
    )
    return [Finding("penalty_kink", evidence, sentence, {"descent": _change(context, method)})]


def _method(context: DiagnosisContext) -> str:
    """fista, which is faster; ista where E is not convex, so that a momentum may do harm."""
    return "ista" if context.problem.model.kind in ("mlp", "formula", "function") else "fista"


def _change(context: DiagnosisContext, method: str) -> dict[str, Any]:
    change: dict[str, Any] = {"optimizer": {"kind": method, **dict.fromkeys(context.choices.optimizer_options)}}
    fits = context.kind in LINEAR_METHODS and context.rate * curvature_at(context, context.theta) <= 1.0
    if not (context.choices.automatic or fits):
        change["learning_rate"] = "auto"
    if context.choices.schedule != "constant":
        change["schedule"] = schedule_of(context, "constant")
    return change
