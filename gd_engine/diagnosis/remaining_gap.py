"""What is left to gain when a descent ends too soon, and the words for it."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine.diagnosis.context import Case, rounded_up
from gd_engine.diagnosis.design_columns import moments, names
from gd_engine.diagnosis.probes import only_kind

FEW_TEST_ROWS = 5
LONG = 100_000
"""More steps than this are no advice: then a ridge penalty."""


class Left(NamedTuple):
    """What is left to gain, what of it does not matter, and at which step it is gone."""

    gap: float
    close: float
    steps: int
    estimate: bool


def faster(case: Case) -> dict[str, Any]:
    """The descent with the automatic rate, at every step."""
    change: dict[str, Any] = {}
    if not case.automatic:
        change["learning_rate"] = "auto"
    if case.schedule in ("step", "exponential", "inverse_time"):
        change["schedule"] = only_kind(case.descent.get("schedule"), "constant")
    if case.outcome.reason in ("gradient_norm", "loss_change"):  # it said "near enough" too soon
        change["stop"] = {case.outcome.reason: None}
    if case.recipe.clip_norm is not None:
        change["clip_norm"] = None
    return change


def longer(case: Case, steps: int) -> dict[str, Any]:
    descent = {name: value for name, value in faster(case).items() if name in ("schedule", "stop", "clip_norm")}
    return {**descent, "steps": as_steps(steps)}


def as_steps(steps: float) -> int:
    return min(rounded_up(1.1 * steps), LONG)


def evidence_of(case: Case, left: Left) -> dict[str, Any]:
    return {
        "step": case.steps,
        "energy": float(case.energy[-1]),
        "gap": left.gap,
        "tolerance": left.close,
        "steps_needed": as_steps(left.steps),
        "estimate": left.estimate,
    }


def scales_sentence(case: Case, evidence: dict[str, Any]) -> str:
    where = f"The columns are on different scales, or far from 0: {evidence['largest']} is of the size of "
    where += f"{evidence['largest_size']:.3g}, {evidence['smallest']} of {evidence['smallest_size']:.3g}"
    number = f" (condition number {evidence['condition_number']:.2g})" if "condition_number" in evidence else ""
    return (
        f"{where}. E is a long narrow valley{number}, along whose floor the descent creeps: at step {case.steps} "
        "it has not arrived. Standardised columns make it round."
    )


def scale_evidence(case: Case) -> dict[str, Any]:
    """The columns of greatest and least root mean square, that of ones included."""
    size = moments(case.problem, case.problem.train).size
    which = names(case)
    if case.problem.model.intercept:
        size, which = np.append(size, 1.0), [*which, "intercept"]
    size = np.where(size > 0, size, np.nan)
    most, least = int(np.nanargmax(size)), int(np.nanargmin(size))
    return {
        "largest": which[most],
        "largest_size": float(size[most]),
        "smallest": which[least],
        "smallest_size": float(size[least]),
    }


def test_gain(case: Case) -> float:
    """By what share the test error fell over the last half of the steps; 1 if there are too few test rows to say."""
    test = case.history.overview.columns["test_mse"]
    if case.problem.test.size < FEW_TEST_ROWS or not np.isfinite(test).all():
        return 1.0
    half = int(np.searchsorted(case.history.overview.step, case.steps / 2))
    return 1.0 - float(np.median(test[-3:]) / max(np.median(test[max(half - 1, 0) : half + 2]), 1e-300))
