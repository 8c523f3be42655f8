"""A descent that is not over: the rate too small, the steps too few, or the valley too narrow."""

from typing import Any

import numpy as np

from gd_engine.diagnosis import empirical
from gd_engine.diagnosis.context import LINEAR_METHODS, Case, Finding, listed, tolerance, two_digits
from gd_engine.diagnosis.design_columns import names
from gd_engine.diagnosis.quadratic_model import (
    Bowl,
    automatic_steps,
    condition,
    modes,
    shrinking,
    standardising,
    steps_needed,
)
from gd_engine.diagnosis.remaining_gap import (
    LONG,
    Left,
    as_steps,
    evidence_of,
    faster,
    longer,
    scale_evidence,
    scales_sentence,
    test_gain,
)

SMALL = 0.2
"""A rate below this share of 1/λmax is too small."""
NARROW = 1e3
"""A condition number from which the shape of the valley, not the number of steps, is what is wrong."""


def find(case: Case, bowl: Bowl | None) -> list[Finding]:
    """At most one finding: the cause with the better cure."""
    if case.outcome.step == 0 or len(case.energy) < 2:
        return []
    if bowl and case.recipe.batch_size is None:
        return _with_bowl(case, bowl)
    return empirical.find(case)


def _with_bowl(case: Case, bowl: Bowl) -> list[Finding]:
    close = tolerance(case, bowl.energy)
    found = modes(bowl, case.theta)
    gap = max(float(case.energy[-1]) - bowl.energy, 0.0)
    if "optimality_gap" in case.history.overview.columns:
        gap = float(case.history.overview.columns["optimality_gap"][-1])
    # What is estimated must be clear: Newton's bowl fits only near its lowest point.
    if min(gap, found.gaps.sum()) <= (1.0 if bowl.exact else 3.0) * close:
        return []
    if case.kind not in LINEAR_METHODS:
        return _own_length(case, bowl, Left(gap, close, LONG, estimate=True))
    rate = float(case.history.overview.columns["learning_rate"].mean())
    factors, _ = shrinking(case.kind, case.momentum, rate, found.values)
    left = Left(gap, close, case.steps + steps_needed(factors, found.gaps, close), not bowl.exact)
    return _cause(case, bowl, left, rate)


def _cause(case: Case, bowl: Bowl, left: Left, rate: float) -> list[Finding]:
    automatic = automatic_steps(case, bowl, case.theta0)
    small = rate < SMALL / bowl.curvature and automatic < 0.5 * left.steps and _automatic_helps(case)
    if small and automatic <= case.recipe.steps:
        return [_rate_too_small(case, left, rate, bowl.curvature, automatic)]
    rescale = standardising(case)
    if rescale is not None:
        scaled = bowl.rescaled(rescale)
        sooner = automatic_steps(case, scaled, np.zeros(len(case.theta0)))
        if 3 * sooner < min(left.steps, automatic) and 10 * condition(scaled) < condition(bowl):
            return [_scales(case, left, sooner, condition(bowl))]
    if small:
        return [_rate_too_small(case, left, rate, bowl.curvature, automatic)]
    return _more_steps(case, bowl, left)


def _more_steps(case: Case, bowl: Bowl, left: Left) -> list[Finding]:
    """Nothing but patience helps; nothing at all is to be said where that would do the prediction error harm."""
    if test_gain(case) < -0.05:
        return []
    found = modes(bowl, case.theta)
    slowest = int(np.argmax(found.gaps))
    if found.values[slowest] * NARROW < found.values[-1]:
        return [_narrow(case, left, bowl, found.vectors[:, slowest], float(found.values[slowest]))]
    return [_too_few(case, left)]


def _automatic_helps(case: Case) -> bool:
    return not case.automatic or case.schedule not in ("constant", "backtracking")


def _rate_too_small(case: Case, left: Left, rate: float, curvature: float, steps: int) -> Finding:
    descent = faster(case)
    if steps > case.recipe.steps:
        descent["steps"] = as_steps(steps)
    better, mean = 1.0 / curvature, "" if case.schedule == "constant" else " (on average)"
    evidence = evidence_of(case, left) | {"learning_rate": rate, "automatic_rate": better, "automatic_steps": steps}
    sentence = (
        f"The learning rate {rate:.3g}{mean} is too small: at step {case.steps} E is still {left.gap:.3g} above its "
        f"least. A rate of 1/λmax = {better:.3g} gets there in about {steps} steps."
    )
    return Finding("too_few_steps", evidence, sentence, {"descent": descent})


def _too_few(case: Case, left: Left) -> Finding:
    about = "an estimate" if left.estimate else "from the eigenvalues of the Hessian"
    sentence = (
        f"E was still falling at step {case.steps}, {left.gap:.3g} above its least; about {as_steps(left.steps)} "
        f"steps would do ({about})."
    )
    evidence = evidence_of(case, left)
    return Finding("too_few_steps", evidence, sentence, {"descent": longer(case, left.steps)})


def _scales(case: Case, left: Left, sooner: int, number: float) -> Finding:
    """The columns' scales make the valley narrow: standardising makes it round."""
    evidence, names_of = evidence_of(case, left), scale_evidence(case)
    evidence |= names_of | {"condition_number": number, "standardized_steps": as_steps(sooner)}
    descent = faster(case)
    if sooner > case.recipe.steps:
        descent["steps"] = as_steps(sooner)
    change: dict[str, Any] = {"standardize": True}
    return Finding(
        "ill_conditioned",
        evidence,
        scales_sentence(case, evidence),
        change | ({"descent": descent} if descent else {}),
    )


def _narrow(case: Case, left: Left, bowl: Bowl, direction: Any, value: float) -> Finding:
    """Columns that nearly depend on each other: no scaling helps."""
    weight = np.abs(direction).reshape(-1, case.problem.model.width).max(axis=1)
    first = 1 if case.problem.model.intercept else 0
    weight = weight[first:]
    order = np.argsort(-weight)
    which = [names(case)[j] for j in order if weight[j] > 0.2 * weight.max()]
    number = bowl.curvature / value
    evidence = evidence_of(case, left) | {"columns": which, "condition_number": number}
    change: dict[str, Any] = {"descent": longer(case, left.steps)}
    cure = f"about {as_steps(left.steps)} steps would do"
    if left.steps > LONG:
        steps = max(case.recipe.steps, LONG // 10)
        evidence["l2"] = two_digits(2.0 * bowl.curvature / steps)
        change = {"objective": {"l2": evidence["l2"]}, "descent": faster(case) | {"steps": steps}}
        cure = f"a ridge penalty l2 = {evidence['l2']:g} makes it wider"
    sentence = (
        f"{listed(which)} nearly depend on each other, so E is a long narrow valley (condition number {number:.2g}) "
        f"along which the descent creeps: at step {case.steps} E is still {left.gap:.3g} above its least; {cure}."
    )
    return Finding("ill_conditioned", evidence, sentence, change)


def _own_length(case: Case, bowl: Bowl, left: Left) -> list[Finding]:
    """An optimiser whose steps have a length of their own."""
    rescale = standardising(case)
    if rescale is not None and NARROW * condition(bowl.rescaled(rescale)) < condition(bowl):
        number = condition(bowl)
        evidence = evidence_of(case, left) | scale_evidence(case) | {"condition_number": number}
        return [Finding("ill_conditioned", evidence, scales_sentence(case, evidence), {"standardize": True})]
    moved, total = case.theta - case.theta0, bowl.lowest - case.theta0
    path = np.abs(np.diff(case.history.overview.theta, axis=0)).sum(axis=0)
    away = np.abs(bowl.lowest - case.theta) * np.sqrt(np.diag(bowl.hessian))
    j = int(np.argmax(away))  # the parameter whose way left costs most
    straight = abs(moved[j]) > 0.9 * path[j] > 0 and moved[j] * total[j] > 0
    if not straight or abs(total[j]) < 1.2 * abs(moved[j]):
        return empirical.find(case)
    return [_not_far_enough(case, left, j, float(abs(moved[j])), float(abs(total[j])))]


def _not_far_enough(case: Case, left: Left, j: int, moved: float, distance: float) -> Finding:
    """It has gone straight on, and not far enough."""
    steps = max(case.recipe.steps, 100)
    shorter = case.steps / steps  # adagrad's steps become shorter: √k of them make the way of k
    times = 2.0 * distance / moved * (shorter**0.5 if case.kind == "adagrad" else shorter)
    rate = two_digits(case.rate * times)
    name = case.problem.model.parameters[j]
    evidence = evidence_of(case, left) | {"learning_rate": case.rate, "parameter": name, "better_rate": rate}
    evidence |= {"moved": moved, "distance": distance, "better_steps": steps}
    del evidence["steps_needed"], evidence["estimate"]
    longer = {"steps": steps} if steps > case.recipe.steps else {}
    sentence = (
        f"The steps of {case.kind} are about as long as the learning rate, {case.rate:.3g}, and in {case.steps} of "
        f"them {name} has gone {moved:.3g} of the {distance:.3g} to where E is least. A rate of {rate:g} gets there in "
        f"{steps} steps."
    )
    return Finding("too_few_steps", evidence, sentence, {"descent": {"learning_rate": rate, **longer}})
