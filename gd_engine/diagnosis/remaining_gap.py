"""The remaining gap of a descent that ended too soon, and the evidence, sentence and changes for it."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine.diagnosis.context import DiagnosisContext, rounded_up
from gd_engine.diagnosis.design_columns import moments, names
from gd_engine.diagnosis.probes import schedule_of

FEW_TEST_ROWS = 5
LONG = 100_000
"""The most steps to advise; beyond, the advice is a ridge penalty."""


class RemainingGap(NamedTuple):
    """The gap E − E*, the tolerance `close`, and the step at which the gap falls below it.

    `capped` states that this step is a limit of the extrapolation: more may be needed, or fewer.
    """

    gap: float
    close: float
    steps: int
    estimate: bool
    capped: bool = False

    @property
    def needed(self) -> int | None:
        """The number of steps that would do; None where it is not known."""
        return None if self.capped or self.steps > LONG else as_steps(self.steps)


def faster(context: DiagnosisContext) -> dict[str, Any]:
    """The change to the automatic rate at every step."""
    change: dict[str, Any] = {}
    if not context.choices.automatic:
        change["learning_rate"] = "auto"
    if context.choices.schedule in ("step", "exponential", "inverse_time"):
        change["schedule"] = schedule_of(context, "constant")
    if context.outcome.reason in ("gradient_norm", "loss_change"):  # the condition stopped the descent too soon
        change["stop"] = {context.outcome.reason: None}
    if context.config.clip_norm is not None:
        change["clip_norm"] = None
    return change


def longer(context: DiagnosisContext, steps: int) -> dict[str, Any]:
    descent = {name: value for name, value in faster(context).items() if name in ("schedule", "stop", "clip_norm")}
    return {**descent, "steps": as_steps(steps)}


def as_steps(steps: float) -> int:
    return min(rounded_up(1.1 * steps), LONG)


def evidence_of(context: DiagnosisContext, remaining: RemainingGap) -> dict[str, Any]:
    return {
        "step": context.steps,
        "energy": float(context.energy[-1]),
        "gap": remaining.gap,
        "tolerance": remaining.close,
        "steps_needed": remaining.needed,
        "estimate": remaining.estimate,
    }


def scales_sentence(context: DiagnosisContext, evidence: dict[str, Any]) -> str:
    where = f"The columns are on different scales, or far from 0: {evidence['largest']} is of the size of "
    where += f"{evidence['largest_size']:.3g}, {evidence['smallest']} of {evidence['smallest_size']:.3g}"
    number = f" (condition number {evidence['condition_number']:.2g})" if "condition_number" in evidence else ""
    return (
        f"{where}. E is a long narrow valley{number}, along whose floor the descent creeps: at step {context.steps} "
        "it has not arrived. Standardised columns make it round."
    )


def scale_evidence(context: DiagnosisContext) -> dict[str, Any]:
    """The columns of greatest and least root mean square, including the ones; empty if all columns are 0."""
    size = moments(context.problem, context.problem.train).size
    which = names(context)
    if context.problem.model.intercept:
        size, which = np.append(size, 1.0), [*which, "intercept"]
    if not (size > 0).any():
        return {}
    size = np.where(size > 0, size, np.nan)
    most, least = int(np.nanargmax(size)), int(np.nanargmin(size))
    return {
        "largest": which[most],
        "largest_size": float(size[most]),
        "smallest": which[least],
        "smallest_size": float(size[least]),
    }


def test_gain(context: DiagnosisContext) -> float:
    """The relative fall of the test error over the last half of the steps; 1 with fewer than FEW_TEST_ROWS rows."""
    test = context.history.overview.columns["test_mse"]
    if context.problem.test.size < FEW_TEST_ROWS or not np.isfinite(test).all():
        return 1.0
    half = int(np.searchsorted(context.history.overview.step, context.steps / 2))
    return 1.0 - float(np.median(test[-3:]) / max(np.median(test[max(half - 1, 0) : half + 2]), 1e-300))
