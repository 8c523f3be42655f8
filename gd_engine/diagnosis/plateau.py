"""E that stands still far from a good fit."""

from itertools import combinations, product
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data.design_matrix import Rows
from gd_engine.diagnosis.context import Case, Finding, listed
from gd_engine.diagnosis.design_columns import MOST_COLUMNS
from gd_engine.diagnosis.empirical import SPREAD

NO_BETTER = 0.95
"""A share of the constant's E from which a fit is no better than it."""
STANDING = 1e-3
"""The share of the constant's E that the last half of the steps must not have gained for E to be flat."""
EXPLAINED = 0.2
"""The share of the variance that a straight line explains, from which on there is something to be learned."""
SEARCH_ROWS = 1000
MOST_SEARCHED = 4
POWERS = [10.0**k for k in range(-5, 6)]


def own_theta0(case: Case) -> bool:
    return case.descent.get("theta0") is not None


def large(case: Case) -> bool:
    design = case.problem.train.design
    return not case.standardized and float(np.sqrt(np.mean(np.square(design), axis=0)).max()) > SPREAD


def other_seed(case: Case) -> dict[str, Any]:
    return {"descent": {"seed": int(case.descent.get("seed") or 0) + 1}}


def standardized(case: Case) -> dict[str, Any]:
    change: dict[str, Any] = {"standardize": True}
    if case.linear_method and case.problem.loss.name != "mae" and not case.automatic:
        change["descent"] = {"learning_rate": "auto"}
    return change


def _flat(case: Case) -> bool:
    """Whether E is no better than a constant's, and has ceased to fall."""
    last = float(case.energy[-1])
    standing = bool(abs(case.energy_at(case.steps / 2) - last) <= STANDING * case.null)
    return len(case.energy) > 2 and last >= NO_BETTER * case.null and standing


def find(case: Case) -> list[Finding]:
    """A plateau, where E may have any: the losses of linear models are convex, but for squares of probabilities."""
    model = case.problem.model
    if model.kind == "formula":
        return _of_a_formula(case)
    convex = model.kind != "mlp" and (model.task == "regression" or case.problem.loss.name == "log_loss")
    return [] if convex else _of_a_model(case)


def _of_a_model(case: Case) -> list[Finding]:
    if not _flat(case):
        return []
    explained = _explained(case)
    worse = float(case.energy[-1]) > 1.05 * case.null
    if not worse and explained < EXPLAINED:
        return []
    evidence = _evidence(case) | {"explained": explained}
    change, why = _woken(case)
    sentence = (
        f"E stands still at {case.energy[-1]:.4g}, no better than the same prediction for every row "
        f"({case.null:.4g}), though a straight line explains {explained:.0%} of the variance: {why}."
    )
    return [Finding("plateau", evidence, sentence, change)]


def _evidence(case: Case) -> dict[str, Any]:
    slope = float(case.history.overview.columns["gradient_norm"][-1])
    return {
        "step": case.steps,
        "energy": float(case.energy[-1]),
        "constant_energy": case.null,
        "gradient_norm": slope,
        "learning_rate": case.rate,
    }


def _woken(case: Case) -> tuple[dict[str, Any], str]:
    if own_theta0(case) and np.abs(case.theta0).max() > 0:
        return {"descent": {"theta0": None}}, "θ₀ lies where E is flat"
    if large(case):
        return standardized(case), "the features are large numbers, which saturate the model"
    if case.problem.model.kind == "mlp":
        return other_seed(case), "θ₀ lies where E is flat"
    return {"descent": {"learning_rate": "auto"}}, "the steps are too short to leave it"


def _explained(case: Case) -> float:
    """The adjusted R² of a linear least-squares fit of the targets (of classes: of their indicators), at least 0."""
    design, y, count = case.problem.train
    columns = design.shape[1]
    if columns > MOST_COLUMNS or count <= columns + 2:
        return 0.0
    targets = np.atleast_2d(y).T
    targets = targets - targets.mean(axis=0)
    moved = design - design.mean(axis=0)
    values, vectors = np.linalg.eigh(moved.T @ moved)
    kept = values > 1e-12 * max(values[-1], 1e-300)
    along = vectors[:, kept].T @ (moved.T @ targets)
    explained = float((np.square(along) / values[kept, None]).sum())
    total = max(float(np.square(targets).sum()), 1e-300)
    return float(max(1.0 - (1.0 - explained / total) * (count - 1) / (count - columns), 0.0))


def _of_a_formula(case: Case) -> list[Finding]:
    """A formula's plateau, certain only where a better start is at hand: found by trying powers of ten."""
    if not _flat(case) or len(case.theta) > MOST_SEARCHED:
        return []
    energy, theta = _searched(case)
    if not energy < 0.8 * float(case.energy[-1]):
        return []
    start = dict(zip(case.problem.model.parameters, theta.tolist(), strict=True))
    evidence = _evidence(case) | {"theta0": start, "theta0_energy": energy}
    named = listed([f"{name} = {value:g}" for name, value in start.items()])
    sentence = (
        f"E stands still at {case.energy[-1]:.4g}, no better than the same prediction for every row ({case.null:.4g}): "
        f"from this θ₀ the formula saturates and the gradient says nothing. From {named}, E begins at {energy:.4g}."
    )
    change: dict[str, Any] = {"theta0": start}
    if not case.automatic and case.linear_method:
        change["learning_rate"] = "auto"
    return [Finding("plateau", evidence, sentence, {"descent": change})]


def _searched(case: Case) -> tuple[float, FloatArray]:
    """A start with a low E, found on a few rows, two parameters at a time powers of ten; E there of all rows."""
    train = case.problem.train
    every = max(len(train.design) // SEARCH_ROWS, 1)
    few = Rows(train.design[::every], train.y[..., ::every], len(train.design[::every]))
    part = case.problem._replace(train=few)
    sign = np.where(case.theta0 < 0, -1.0, 1.0)
    pairs: list[tuple[int, ...]] = [*combinations(range(len(sign)), 2)] or [(0,)]
    best, theta = _finite(part.energy(case.theta0)), case.theta0.copy()
    for pair, a, b in product(pairs * 2, POWERS, POWERS):
        tried = theta.copy()
        tried[list(pair)] = sign[list(pair)] * [a, b]
        found = _finite(part.energy(tried))
        if found < best:
            best, theta = found, tried
    return _finite(case.problem.energy(theta)), theta


def _finite(energy: Any) -> float:
    return float(energy) if np.isfinite(energy) else np.inf
