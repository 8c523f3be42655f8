"""Findings of a plateau: E is constant far from a good fit."""

from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import DiagnosisContext, Finding, listed, sampled, tolerance, two_digits
from gd_engine.diagnosis.design_columns import MOST_COLUMNS
from gd_engine.diagnosis.empirical import SPREAD
from gd_engine.diagnosis.probes import curvature_at, goes_down
from gd_engine.problem import Problem

NO_BETTER = 0.95
"""The least E, as a share of the constant's E, of a fit no better than a constant."""
STANDING = 1e-3
"""The greatest change of a flat E in the last half of the steps, as a share of the constant's E."""
EXPLAINED = 0.2
"""The least share of the variance explained by a linear fit for a finding."""
SEARCH_ROWS = 1000
NUDGE = 0.01
SENSITIVE = 1e-3
"""The least change of the predictions by a relative change of a parameter, as a share of that and of the targets'
standard deviation, of a parameter on which they depend."""
POWERS = [10.0**k for k in range(-5, 6)]
MOST_SEARCHED = 4
"""The parameters of a formula whose θ₀ is searched for."""
MOST_TRIED = 2 * comb(MOST_SEARCHED, 2) * len(POWERS) ** 2
"""The values of E in a search with as many parameters."""


def has_large_features(context: DiagnosisContext) -> bool:
    """Whether a column of the design is large, and could be standardised."""
    design = context.problem.train.design
    return not context.choices.standardize and float(np.sqrt(np.mean(np.square(design), axis=0)).max()) > SPREAD


def other_seed(context: DiagnosisContext) -> dict[str, Any]:
    """The change to another θ₀ that is drawn."""
    return {"descent": {"seed": context.choices.seed + 1}}


def standardized(context: DiagnosisContext) -> dict[str, Any]:
    """The change to standardised features, and to the automatic rate where it helps."""
    change: dict[str, Any] = {"standardize": True}
    if context.linear_method and context.problem.loss.name != "mae" and not context.choices.automatic:
        change["descent"] = {"learning_rate": "auto"}
    return change


def _flat(context: DiagnosisContext) -> bool:
    """Whether E is no better than a constant's, no longer falls, and exceeds the tolerance."""
    last = float(context.energy[-1])
    standing = bool(abs(context.energy_at(context.steps / 2) - last) <= STANDING * context.null)
    return len(context.energy) > 2 and last >= NO_BETTER * context.null and last > tolerance(context, 0.0) and standing


def find(context: DiagnosisContext) -> list[Finding]:
    """The finding of a plateau, for a non-convex E: an mlp, a formula, or squared errors of probabilities."""
    model = context.problem.model
    if model.kind == "formula":
        return _of_a_formula(context)
    convex = model.kind != "mlp" and (model.task == "regression" or context.problem.loss.name == "log_loss")
    return [] if convex else _of_a_model(context)


def _of_a_model(context: DiagnosisContext) -> list[Finding]:
    if not _flat(context):
        return []
    share = explained(context.problem)
    worse = float(context.energy[-1]) > 1.05 * context.null
    if not worse and share < EXPLAINED:
        return []
    evidence = _evidence(context) | {"explained": share}
    change, why = _woken(context)
    sentence = (
        f"E stands still at {context.energy[-1]:.4g}, no better than the same prediction for every row "
        f"({context.null:.4g}), though a straight line explains {share:.0%} of the variance: {why}."
    )
    return [Finding("plateau", evidence, sentence, change)]


def _evidence(context: DiagnosisContext) -> dict[str, Any]:
    slope = float(context.history.overview.columns["gradient_norm"][-1])
    return {
        "step": context.steps,
        "energy": float(context.energy[-1]),
        "constant_energy": context.null,
        "gradient_norm": slope,
        "learning_rate": context.rate,
    }


def _woken(context: DiagnosisContext) -> tuple[dict[str, Any], str]:
    if context.choices.own_theta0 and np.abs(context.theta0).max() > 0:
        return {"descent": {"theta0": None}}, "θ₀ lies where E is flat"
    if has_large_features(context):
        return standardized(context), "the features are large numbers, which saturate the model"
    if context.problem.model.kind == "mlp":
        return other_seed(context), "θ₀ lies where E is flat"
    return {"descent": {"learning_rate": "auto"}}, "the steps are too short to leave it"


def explained(problem: Problem) -> float:
    """The adjusted R² of a linear least-squares fit of the targets (of classes: of their indicators), at least 0."""
    design, y, count = problem.train
    columns = design.shape[1]
    if columns > MOST_COLUMNS or count <= columns + 2:
        return 0.0
    targets = np.atleast_2d(y).T
    targets = targets - targets.mean(axis=0)
    moved = design - design.mean(axis=0)
    gram = moved.T @ moved
    if not np.isfinite(gram).all():
        return 0.0
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    along = vectors[:, kept].T @ (moved.T @ targets)
    explained = float((np.square(along) / values[kept, None]).sum())
    total = max(float(np.square(targets).sum()), 1e-300)
    return float(max(1.0 - (1.0 - explained / total) * (count - 1) / (count - columns), 0.0))


def saturated(problem: Problem, theta: FloatArray) -> list[str]:
    """The parameters of a formula on which its predictions hardly depend at θ, shape (p,).

    A sigmoid, a tanh, or an exponential that is far from its bend is flat along some of them.
    """
    if problem.model.kind != "formula":
        return []
    problem = sampled(problem, SEARCH_ROWS)
    design, y, _ = problem.train
    steps = NUDGE * np.diag(np.where(theta == 0.0, 1.0, theta))
    changes = [problem.model.predict(theta + h, design) - problem.model.predict(theta - h, design) for h in steps]
    least = (2.0 * NUDGE * SENSITIVE) ** 2 * float(np.var(y))
    names = zip(problem.model.parameters, changes, strict=True)
    return [name for name, change in names if float(np.square(change).mean()) <= least]


def _of_a_formula(context: DiagnosisContext) -> list[Finding]:
    """The finding of a formula that saturates, if a search over powers of ten finds a better θ₀."""
    if not _flat(context) or len(context.theta) > MOST_SEARCHED or not saturated(context.problem, context.theta):
        return []
    energy, theta = search_theta0(context.problem, context.theta0)
    if not energy < 0.8 * float(context.energy[-1]):
        return []
    start = dict(zip(context.problem.model.parameters, theta.tolist(), strict=True))
    evidence = _evidence(context) | {"theta0": start, "theta0_energy": energy}
    named = listed([f"{name} = {value:g}" for name, value in start.items()])
    sentence = (
        f"E stands still at {context.energy[-1]:.4g}, no better than the same prediction for every row "
        f"({context.null:.4g}): from this θ₀ the formula saturates and the gradient says nothing. "
        f"From {named}, E begins at {energy:.4g}."
    )
    return [Finding("plateau", evidence, sentence, {"descent": {"theta0": start, **_rate_from(context, theta)}})]


def _rate_from(context: DiagnosisContext, theta0: FloatArray) -> dict[str, Any]:
    """The change of the learning rate for a better θ₀: the automatic rate, no change, or a smaller rate."""
    if not context.linear_method:
        return {}
    if goes_down(context, 1.0 / curvature_at(context, theta0), theta0):
        return {} if context.choices.automatic else {"learning_rate": "auto"}
    if not context.choices.automatic and goes_down(context, context.rate, theta0):
        return {}
    for share in (0.1, 0.01, 0.001):
        if goes_down(context, share * context.rate, theta0):
            return {"learning_rate": two_digits(share * context.rate)}
    return {}


def search_theta0(problem: Problem, theta0: FloatArray) -> tuple[float, FloatArray]:
    """The best θ₀, shape (p,), by a search over powers of ten, two parameters at a time, and its E on all rows.

    The signs are those of `theta0`; an E that is not finite counts as infinite.
    """
    part = sampled(problem, SEARCH_ROWS)
    sign = np.where(theta0 < 0, -1.0, 1.0)
    pairs: list[tuple[int, ...]] = [*combinations(range(len(sign)), 2)]
    tries = product(pairs * 2, product(POWERS, repeat=2))
    if not pairs:  # a single parameter, for which both signs are soon tried
        tries = product([(0,)], [(power,) for power in (*POWERS, *(-power for power in POWERS))])
    best, theta = _finite(part.energy(theta0)), theta0.copy()
    for places, powers in tries:
        tried = theta.copy()
        tried[list(places)] = sign[list(places)] * powers
        found = _finite(part.energy(tried))
        if found < best:
            best, theta = found, tried
    return _finite(problem.energy(theta)), theta


def _finite(energy: Any) -> float:
    return float(energy) if np.isfinite(energy) else np.inf
