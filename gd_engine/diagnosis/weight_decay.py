"""Finding of adamw's weight decay: it keeps every |θⱼ| below 1/w, and so away from a minimum beyond."""

import numpy as np

from gd_engine.diagnosis.context import DiagnosisContext, Finding, tolerance
from gd_engine.diagnosis.quadratic_model import QuadraticModel

NEAR = 0.5


def find(context: DiagnosisContext, quadratic: QuadraticModel | None) -> list[Finding]:
    """The finding of a parameter that the decay stopped on its way to the minimum.

    At rest adamw's step of at most η in each parameter equals the decay η w θⱼ, so |θⱼ| ≤ 1/w (Xie & Li, Implicit bias
    of AdamW, 2024).
    """
    decay = context.choices.weight_decay
    if context.kind != "adamw" or decay <= 0 or quadratic is None or context.outcome.reason == "diverged":
        return []
    if float(context.energy[-1]) - quadratic.energy <= tolerance(context, quadratic.energy):
        return []
    bound = 1.0 / decay
    lowest, theta = np.abs(quadratic.lowest), np.abs(context.theta)
    held = np.flatnonzero((lowest > bound) & (theta > NEAR * bound))
    if not len(held):
        return []
    j = int(held[np.argmax(lowest[held])])
    name = context.problem.model.parameters[j]
    evidence = {"parameter": name, "weight_decay": decay, "bound": bound, "theta": float(context.theta[j])}
    evidence |= {"lowest": float(quadratic.lowest[j]), "energy": float(context.energy[-1]), "step": context.steps}
    sentence = (
        f"The weight decay {decay:g} of adamw keeps every parameter within ±{bound:.4g}, and {name} = "
        f"{quadratic.lowest[j]:.4g} where E is least. More steps do not lead there; a smaller weight decay does, or "
        "a target in a larger unit."
    )
    return [Finding("weight_decay", evidence, sentence, {"descent": {"optimizer": {"weight_decay": 0.0}}})]
