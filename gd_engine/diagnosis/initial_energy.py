"""Finding of a descent that cannot begin: E(θ₀) is not finite."""

from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import DiagnosisContext, Finding, listed
from gd_engine.diagnosis.design_columns import moments
from gd_engine.diagnosis.plateau import MOST_SEARCHED, search_theta0
from gd_engine.diagnosis.probes import curvature_at, goes_down
from gd_engine.models.base import initial_theta
from gd_engine.models.undefined import Undefined
from gd_engine.problem import Problem

SIZES = (1.0, 0.1, 0.01, 1e-3, 1e-4, 0.0)


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of an E(θ₀) that is not finite, with a change whose E(θ₀) is; an empty change if none is known."""
    change, cure = _of_theta0(context) or _of_the_scale(context) or ({}, "")
    asked = context.choices.theta0
    part = context.problem.undefined(initial_theta(context.problem.model) if asked is None else asked)
    if not change:
        cure = "Give a theta0 nearer to 0"
        if part is not None:
            cure = "Leave this row out, or write the formula so that it has a value there"
        elif context.problem.has_data:
            cure += ", or features and targets of smaller size"
    which = "model" if context.problem.has_data else "formula"
    why = f"E(θ₀) is not a finite number: it overflows, or the {which} has no value there"
    why = why if part is None else part.sentence
    return [Finding("infinite_start", {"step": 0, **_evidence(part)}, f"{why}. {cure}.", change)]


def undefined_gradient(context: DiagnosisContext) -> list[Finding]:
    """The finding of a formula whose E(θ₀) is finite but not its gradient, so that every rate leads to no number."""
    if context.outcome != ("diverged", 1):
        return []
    part = context.problem.undefined(context.theta0)
    if part is None or not part.of_gradient:
        return []
    sentence = f"{part.sentence}. No learning rate helps: leave this row out, or write the formula in another way."
    return [Finding("infinite_start", {"step": 0, **_evidence(part)}, sentence, {})]


def _evidence(part: Undefined | None) -> dict[str, Any]:
    return {} if part is None else {"row": part.row, "part": part.part}


def _of_theta0(context: DiagnosisContext) -> tuple[dict[str, Any], str] | None:
    """The change to the default θ₀, or for a formula to the best θ₀ of a search."""
    problem, model = context.problem, context.problem.model
    default = initial_theta(model, context.choices.seed)
    if context.choices.own_theta0 and np.isfinite(problem.energy(default)):
        return {"descent": {"theta0": None, **_rate_from(context, default)}}, "From the default θ₀ it is finite"
    if model.kind not in ("formula", "function"):
        return None
    energy, theta = _best_start(problem)
    if not np.isfinite(energy):
        return None
    start = dict(zip(model.parameters, theta.tolist(), strict=True))
    named = listed([f"{name} = {value:g}" for name, value in start.items()])
    return {"descent": {"theta0": start, **_rate_from(context, theta)}}, f"From {named}, E begins at {energy:.4g}"


def _best_start(problem: Problem) -> tuple[float, FloatArray]:
    ones = np.ones(len(problem.model.parameters))
    if len(ones) <= MOST_SEARCHED:
        return search_theta0(problem, ones)
    energies = [float(problem.energy(size * ones)) for size in SIZES]
    best = int(np.argmin(np.where(np.isfinite(energies), energies, np.inf)))
    return energies[best], SIZES[best] * ones


def _of_the_scale(context: DiagnosisContext) -> tuple[dict[str, Any], str] | None:
    """The change to standardised columns, if E(θ₀) is then finite."""
    problem, model = context.problem, context.problem.model
    if context.choices.standardize or problem.reduced or model.kind in ("formula", "function"):
        return None
    found, design = moments(problem, problem.train), problem.train.design.copy()
    columns = design[:, 1:] if model.intercept else design
    columns -= found.mean
    columns /= np.where(found.deviation > 0, found.deviation, 1.0)
    scaled = problem._replace(train=problem.train._replace(design=design))
    if not np.isfinite(scaled.energy(initial_theta(model, context.choices.seed))):
        return None
    change: dict[str, Any] = {"standardize": True}
    if context.choices.own_theta0:
        change["descent"] = {"theta0": None}
    return change, "With standardised columns it is finite"


def _rate_from(context: DiagnosisContext, theta0: FloatArray) -> dict[str, Any]:
    """The change to the automatic rate, if it lowers E from another θ₀."""
    if not context.linear_method or context.choices.automatic:
        return {}
    return {"learning_rate": "auto"} if goes_down(context, 1.0 / curvature_at(context, theta0), theta0) else {}
