"""Finding of an l1 penalty whose kink a gradient step jumps over."""

import numpy as np

from gd_engine.diagnosis.context import DiagnosisContext, Finding, listed, tolerance

FEW_ROWS = 16
OFTEN = 0.3
"""The least share of the last steps in which a parameter changes its sign."""


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of parameters that jump to and fro over 0, where the slope of λ₁|θⱼ| jumps from −λ₁ to λ₁.

    A subgradient step of a constant rate never comes to rest at 0; a proximal step does (Beck & Teboulle, 2009).
    """
    theta = context.history.ending.theta
    penalised = np.array(context.problem.model.penalised, dtype=bool)
    if not context.problem.penalty.l1 or context.kind in ("ista", "fista") or len(theta) < FEW_ROWS:
        return []
    if context.outcome.reason == "diverged" or context.energy[-1] > context.energy[0]:
        return []
    turns = np.mean(theta[1:] * theta[:-1] < 0, axis=0)
    held = np.flatnonzero(penalised & (turns >= OFTEN))
    if not len(held):
        return []
    zeroed = context.theta.copy()
    zeroed[held] = 0.0
    energy, between = float(context.energy[-1]), float(context.problem.energy(zeroed))
    if energy - between <= tolerance(context, between):
        return []
    names = [context.problem.model.parameters[j] for j in held]
    evidence = {"columns": names, "learning_rate": context.rate, "last_energy": energy, "energy_between": between}
    which = "jumps" if len(names) == 1 else "jump"
    sentence = (
        f"{listed(names)} {which} to and fro over 0: there the slope of the l1 penalty changes its sign, so a gradient "
        f"step never rests. Where they are 0, E is {between:.6g} instead of {energy:.6g}; a proximal step "
        "(ista, fista) makes them 0."
    )
    options = dict.fromkeys(context.choices.optimizer_options)
    return [Finding("oscillation", evidence, sentence, {"descent": {"optimizer": {**options, "kind": "ista"}}})]
