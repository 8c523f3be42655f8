"""The minimum of the mean of absolute errors of a linear model, by linear programming."""

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.problem import Problem
from gd_engine.reference.linear_program import solve
from gd_engine.reference.objective import Charge

ITERATION_SECONDS = 5e-7
"""An estimate for a row and a column in an iteration of the solver, which looks at the bound of each row."""
PROVED = 1e-9
"""The greatest duality gap of a minimum, as a share of E of the prediction 0."""


def least_absolute_errors(problem: Problem, budget: Charge) -> FloatArray | None:
    """θ of least Σ|Xθ − y|/n + λ₁‖θ‖₁, shape (p,), whose duality gap proves it; None if unsolved.

    The dual program max y·w with Xᵀw = q, |wᵢ| ≤ 1/n, |qⱼ| ≤ λ₁ has few constraints; θ are their multipliers (Koenker
    & Bassett, Regression quantiles, 1978).
    """
    design, y = problem.train.design, problem.train.y
    count, p = design.shape
    scale = np.abs(design).max(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    l1 = problem.penalty.l1 * np.array(problem.model.penalised, dtype=np.float64) / scale
    size = float(np.abs(y).max()) or 1.0
    found = solve(
        budget,
        count,
        p,
        ITERATION_SECONDS,
        c=np.concatenate([-y / size, np.zeros(p)]),
        A_eq=np.column_stack([(design / scale).T, -np.eye(p)]),
        b_eq=np.zeros(p),
        bounds=[(-1.0 / count, 1.0 / count)] * count + [(-each, each) for each in l1],
    )
    if found is None:
        return None
    theta = size * np.asarray(found.eqlin.marginals, dtype=np.float64) / scale
    best = min((theta, -theta), key=lambda each: float(problem.energy(each)))
    gap = float(problem.energy(best)) + size * float(found.fun)
    return best if gap <= PROVED * (float(np.abs(y).mean()) or 1.0) else None
