"""Finding of steps that `clip_norm` makes short, not the learning rate."""

import numpy as np

from gd_engine.diagnosis.context import TOO_SHORT, DiagnosisContext, Finding

LEAST_SHARE = 0.5
"""The least share of shortened steps in the last half."""


def or_clipped(context: DiagnosisContext, findings: list[Finding]) -> list[Finding]:
    """The findings of a descent, with that of the clipping instead of one of too short a way that it causes.

    The steps of adam and its kin hardly depend on the length of the gradient.
    """
    clip, columns = context.config.clip_norm, context.history.overview.columns
    if clip is None or not context.linear_method or not findings or findings[0].code not in TOO_SHORT:
        return findings
    slopes = columns["gradient_norm"]
    share = float(np.mean(slopes[len(slopes) // 2 :] > clip))
    if share < LEAST_SHARE or not slopes[-1] > clip:
        return findings
    evidence = {"step": context.steps, "energy": float(context.energy[-1]), "clip_norm": clip, "share": share}
    evidence |= {"gradient_norm": float(slopes[-1]), "learning_rate": context.rate}
    sentence = (
        f"clip_norm = {clip:g} shortens {share:.0%} of the last half of the steps: at step {context.steps} E is "
        f"{context.energy[-1]:.4g} and the gradient is {slopes[-1]:.3g} long. Without it the next step would be about "
        f"{slopes[-1] / clip:.3g} times as long."
    )
    return [Finding("too_few_steps", evidence, sentence, {"descent": {"clip_norm": None}}), *findings[1:]]
