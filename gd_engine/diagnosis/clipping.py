"""Finding of steps that `clip_norm` makes short, not the learning rate."""

import numpy as np

from gd_engine.diagnosis.context import DiagnosisContext, Finding

MOST = 0.5
"""The least share of shortened steps in the last half."""
SLOW = ("too_few_steps", "ill_conditioned")


def or_clipped(context: DiagnosisContext, slow: list[Finding]) -> list[Finding]:
    """The findings of a descent, with that of the clipping instead of a slow one that it causes.

    The steps of adam and its kin hardly depend on the length of the gradient.
    """
    clip, columns = context.config.clip_norm, context.history.overview.columns
    if clip is None or not context.linear_method or not slow or slow[0].code not in SLOW:
        return slow
    slopes = columns["gradient_norm"]
    share = float(np.mean(slopes[len(slopes) // 2 :] > clip))
    if share < MOST or not slopes[-1] > clip:
        return slow
    evidence = {"step": context.steps, "energy": float(context.energy[-1]), "clip_norm": clip, "share": share}
    evidence |= {"gradient_norm": float(slopes[-1]), "learning_rate": context.rate}
    sentence = (
        f"clip_norm = {clip:g} shortens {share:.0%} of the last half of the steps: at step {context.steps} E is "
        f"{context.energy[-1]:.4g} and the gradient is {slopes[-1]:.3g} long. Without it the next step would be about "
        f"{slopes[-1] / clip:.3g} times as long."
    )
    return [Finding("too_few_steps", evidence, sentence, {"descent": {"clip_norm": None}}), *slow[1:]]
