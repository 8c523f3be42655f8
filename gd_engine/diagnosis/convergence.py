"""Findings of a descent that has not converged: rate too small, too few steps, or an ill-conditioned E."""

from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.descent.closed_form import ridge_hessian
from gd_engine.diagnosis import distance, empirical
from gd_engine.diagnosis.context import LINEAR_METHODS, DiagnosisContext, Finding, listed, tolerance, two_digits
from gd_engine.diagnosis.design_columns import names
from gd_engine.diagnosis.quadratic_model import (
    QuadraticModel,
    automatic_steps,
    condition,
    modes,
    shrinking,
    standardised,
    steps_needed,
)
from gd_engine.diagnosis.remaining_gap import (
    LONG,
    RemainingGap,
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
VALLEY = 100.0
"""The condition number below which more steps, if at most MANY times those done, are the simpler correction."""
MANY = 10
FEW = 100
"""A descent of fewer steps may have done all that so few can do: it counts as one of as many."""
NARROW = 1e3
"""The condition number from which the finding is ill-conditioning, not too few steps."""


def find(context: DiagnosisContext, quadratic: QuadraticModel | None) -> list[Finding]:
    """At most one finding: the cause whose correction saves most steps."""
    if context.outcome.step == 0 or len(context.energy) < 2:
        return []
    if quadratic and context.config.batch_size is None:
        return _with_quadratic_model(context, quadratic)
    if (
        quadratic
        and quadratic.exact
        and context.energy_at(context.steps) - quadratic.energy <= tolerance(context, quadratic.energy)
    ):
        return []  # what mini-batches leave is noise
    return empirical.find(context) or distance.find(context)


def _with_quadratic_model(context: DiagnosisContext, quadratic: QuadraticModel) -> list[Finding]:
    close = tolerance(context, quadratic.energy)
    found = modes(quadratic, context.theta)
    gap = max(float(context.energy[-1]) - quadratic.energy, 0.0)
    if "optimality_gap" in context.history.overview.columns:
        gap = float(context.history.overview.columns["optimality_gap"][-1])
    # An estimate needs a margin: Newton's quadratic model is accurate only near its minimum.
    if min(gap, found.gaps.sum()) <= (1.0 if quadratic.exact else 3.0) * close:
        return []
    if context.kind not in LINEAR_METHODS:
        return _adaptive(context, quadratic, RemainingGap(gap, close, LONG, estimate=True))
    rate = float(context.history.overview.columns["learning_rate"].mean())
    factors, _ = shrinking(context.kind, context.momentum, rate, found.values)
    remaining = RemainingGap(gap, close, context.steps + steps_needed(factors, found.gaps, close), not quadratic.exact)
    return _cause(context, quadratic, remaining, rate)


def _cause(context: DiagnosisContext, quadratic: QuadraticModel, remaining: RemainingGap, rate: float) -> list[Finding]:
    automatic = automatic_steps(context, quadratic, context.theta0)
    small = rate < SMALL / quadratic.curvature and automatic < 0.5 * remaining.steps and _automatic_helps(context)
    if small and automatic <= context.config.steps:
        return [_rate_too_small(context, remaining, rate, quadratic.curvature, automatic)]
    scaled = standardised(context, quadratic)
    if scaled is not None and (condition(quadratic) >= VALLEY or remaining.steps > MANY * max(context.steps, FEW)):
        sooner = automatic_steps(context, scaled, np.zeros(len(context.theta0)))
        if 3 * sooner < min(remaining.steps, automatic) and 10 * condition(scaled) < condition(quadratic):
            return [_scales(context, remaining, sooner, condition(quadratic))]
    if small:
        return [_rate_too_small(context, remaining, rate, quadratic.curvature, automatic)]
    return _more_steps(context, quadratic, remaining)


def _more_steps(context: DiagnosisContext, quadratic: QuadraticModel, remaining: RemainingGap) -> list[Finding]:
    """Findings whose correction is more steps; none if more steps increase the test error."""
    if test_gain(context) < -0.05:
        return []
    found = modes(quadratic, context.theta)
    slowest = int(np.argmax(found.gaps))
    value, which = float(found.values[slowest]), _along(context, found.vectors[:, slowest])
    steepest = float(np.linalg.eigvalsh(quadratic.hessian - ridge_hessian(context.problem))[-1])
    if which and value * NARROW < steepest:
        return [_narrow(context, remaining, quadratic, which, value)]
    # If the penalty alone causes the large curvature, the columns are not the cause.
    return [_too_few(context, remaining)] if remaining.steps <= LONG else []


def _along(context: DiagnosisContext, direction: FloatArray) -> list[str]:
    """The names of the columns with large weights in a direction, shape (p,), the largest first; no intercept."""
    weight = np.abs(direction).reshape(-1, context.problem.model.width).max(axis=1)
    weight = weight[1 if context.problem.model.intercept else 0 :]
    most = weight.max(initial=0.0)
    return [names(context)[j] for j in np.argsort(-weight) if weight[j] > 0.2 * most]


def _automatic_helps(context: DiagnosisContext) -> bool:
    return not context.choices.automatic or context.choices.schedule not in ("constant", "backtracking")


def _rate_too_small(
    context: DiagnosisContext, remaining: RemainingGap, rate: float, curvature: float, steps: int
) -> Finding:
    descent = faster(context)
    if steps > context.config.steps:
        descent["steps"] = as_steps(steps)
    better, mean = 1.0 / curvature, "" if context.choices.schedule == "constant" else " (on average)"
    evidence = evidence_of(context, remaining) | {
        "learning_rate": rate,
        "automatic_rate": better,
        "automatic_steps": steps,
    }
    sentence = (
        f"The learning rate {rate:.3g}{mean} is too small: at step {context.steps} E is still {remaining.gap:.3g} "
        f"above its least. A rate of 1/λmax = {better:.3g} gets there in about {steps} steps."
    )
    return Finding("too_few_steps", evidence, sentence, {"descent": descent})


def _too_few(context: DiagnosisContext, remaining: RemainingGap) -> Finding:
    about = "an estimate" if remaining.estimate else "from the eigenvalues of the Hessian"
    sentence = (
        f"At step {context.steps} E is {remaining.gap:.3g} above its least; about {as_steps(remaining.steps)} steps "
        f"would do ({about})."
    )
    evidence = evidence_of(context, remaining)
    return Finding("too_few_steps", evidence, sentence, {"descent": longer(context, remaining.steps)})


def _scales(context: DiagnosisContext, remaining: RemainingGap, sooner: int, number: float) -> Finding:
    """The finding of columns on different scales: standardisation lowers the condition number."""
    evidence, names_of = evidence_of(context, remaining), scale_evidence(context)
    evidence |= names_of | {"condition_number": number, "standardized_steps": as_steps(sooner)}
    descent = faster(context)
    if sooner > context.config.steps:
        descent["steps"] = as_steps(sooner)
    change: dict[str, Any] = {"standardize": True}
    return Finding(
        "ill_conditioned",
        evidence,
        scales_sentence(context, evidence),
        change | ({"descent": descent} if descent else {}),
    )


def _narrow(
    context: DiagnosisContext, remaining: RemainingGap, quadratic: QuadraticModel, which: list[str], value: float
) -> Finding:
    """The finding of nearly collinear columns, which scaling alone does not correct."""
    number = quadratic.curvature / value
    evidence = evidence_of(context, remaining) | {"columns": which, "condition_number": number}
    change: dict[str, Any] = {"descent": longer(context, remaining.steps)}
    cure = f"about {as_steps(remaining.steps)} steps would do"
    if remaining.steps > LONG:
        steps = max(context.config.steps, LONG // 10)
        change = {"descent": faster(context) | {"steps": steps}}
        if standardised(context, quadratic) is not None:  # a penalty would mean something else for each column
            change["standardize"] = True
            cure = "standardised columns make it wider"
        else:
            evidence["l2"] = two_digits(2.0 * quadratic.curvature / steps)
            change["objective"] = {"l2": evidence["l2"]}
            cure = f"a ridge penalty l2 = {evidence['l2']:g} makes it wider"
    sentence = (
        f"{listed(which)} nearly depend on each other, so E is a long narrow valley (condition number {number:.2g}) "
        f"along which the descent creeps: at step {context.steps} E is still {remaining.gap:.3g} above its "
        f"least; {cure}."
    )
    return Finding("ill_conditioned", evidence, sentence, change)


def _adaptive(context: DiagnosisContext, quadratic: QuadraticModel, remaining: RemainingGap) -> list[Finding]:
    """Findings for an adaptive optimiser, whose step length does not depend on the gradient's."""
    scaled = standardised(context, quadratic)
    if scaled is not None and NARROW * condition(scaled) < condition(quadratic):
        number = condition(quadratic)
        evidence = evidence_of(context, remaining) | scale_evidence(context) | {"condition_number": number}
        return [Finding("ill_conditioned", evidence, scales_sentence(context, evidence), {"standardize": True})]
    move = distance.straight_move(context, quadratic.lowest, np.diag(quadratic.hessian))
    return empirical.find(context) if move is None else [_not_far_enough(context, remaining, move)]


def _not_far_enough(context: DiagnosisContext, remaining: RemainingGap, move: distance.Move) -> Finding:
    """The finding of a parameter that moved straight towards the minimum, but not far enough."""
    steps = max(context.config.steps, 100)
    rate, name = move.better_rate(context, steps), context.problem.model.parameters[move.parameter]
    evidence = evidence_of(context, remaining) | {"learning_rate": context.rate, "parameter": name, "better_rate": rate}
    evidence |= {"moved": move.moved, "distance": move.distance, "better_steps": steps}
    del evidence["steps_needed"], evidence["estimate"]
    more = {"steps": steps} if steps > context.config.steps else {}
    sentence = (
        f"The steps of {context.kind} are about as long as the learning rate, {context.rate:.3g}, and in "
        f"{context.steps} of them {name} has gone {move.moved:.3g} of the {move.distance:.3g} to where E is least. "
        f"A rate of {rate:g} gets there in {steps} steps."
    )
    return Finding("too_few_steps", evidence, sentence, {"descent": {"learning_rate": rate, **more}})
