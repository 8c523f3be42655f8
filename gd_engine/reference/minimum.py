"""The reference minimum of a descent: the lowest E that was attainable from where it ended, by a second-order method.

A reference is claimed only with a certificate: a closed form, a duality gap, or a stationary point whose Hessian has
no negative eigenvalue and whose expected decrease is below rounding; for a function and a formula E must also rise, or
be level, on both sides. Without one there is none.
"""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, Rows
from gd_engine.autodiff.curvature import largest_curvature
from gd_engine.descent.closed_form import optimum
from gd_engine.diagnosis.context import null_energy
from gd_engine.diagnosis.plateau import NO_BETTER
from gd_engine.problem import Problem
from gd_engine.reference.absolute_errors import least_absolute_errors
from gd_engine.reference.basin import STRICT, basin_minimum, is_attained, is_stationary
from gd_engine.reference.newton import SADDLE, modes, newton, proximal_newton
from gd_engine.reference.objective import MOST_CURVED, BudgetSpentError, Charge, Objective
from gd_engine.reference.orthant import orthant_minimum
from gd_engine.reference.separability import (
    has_scalable_scores,
    is_suspicious,
    separable_margins,
    separates,
)

STATIONARY = 1e-8
"""The greatest expected decrease of E at a minimum, as a share of E."""
ZERO = 1e-12
"""The share of E of a constant prediction below which E is 0."""
MOST_JACOBIAN = 20_000_000
TRACED = 10
"""The calls of a recorded program that take as long as a traced product with the Hessian."""


class Reference(NamedTuple):
    """The least E that the descent could reach: E, θ, shape (p,), and the method's name. An infimum has no θ.

    `left` is the decrease that the search of a function's minimum left, by its next step.
    """

    train_loss: float
    theta: FloatArray | None
    method: str
    left: float = 0.0


def load_methods(problem: Problem) -> None:
    """Imports SciPy, if the reference of this problem needs it, so that a budget does not pay for it."""
    squares = problem.loss.name in {"sse", "mse"} and not problem.model.linear
    if squares or problem.loss.name == "mae" or problem.model.size > MOST_CURVED:
        import scipy.optimize  # noqa: F401, PLC0415 - see the function's purpose


def is_convex(problem: Problem) -> bool:
    """Whether E is convex, so that its minimum does not depend on the start."""
    model = problem.model
    linear_scores = model.kind in {"linear", "polynomial", "logistic", "softmax"}
    return linear_scores and (model.task == "regression" or problem.loss.name == "log_loss")


def reference_minimum(problem: Problem, theta: FloatArray, budget: Charge) -> Reference | None:
    """The minimum to which a descent at θ was heading, shape (p,); None where none is known within the budget."""
    with np.errstate(all="ignore"):
        try:
            found = _found(problem, np.array(theta, dtype=np.float64), budget)
        except (BudgetSpentError, MemoryError, np.linalg.LinAlgError):
            return None
    if found is None or not np.isfinite(found.train_loss):
        return None
    return found if found.theta is None or np.isfinite(found.theta).all() else None


def _found(problem: Problem, theta: FloatArray, budget: Charge) -> Reference | None:
    linear = problem.model.linear and problem.model.task == "regression"
    if linear and problem.loss.name in {"sse", "mse"} and not problem.penalty.l1:
        affords = problem.quadratic or Objective(problem, budget).affords(2.0 * problem.train.size * len(theta) ** 2)
        return _closed_form(problem) if affords else None
    if problem.loss.name == "mae":
        best = least_absolute_errors(problem, budget) if linear and not problem.penalty.l2 else None
        return None if best is None else Reference(float(problem.energy(best)), best, "linear_programming")
    objective = Objective(problem, budget)
    if problem.penalty.l1:
        return _of_lasso(objective, theta)
    if not problem.has_data:
        return _of_function(objective, theta)
    if has_scalable_scores(problem):
        return _of_classes(objective, theta)
    if problem.loss.name in {"sse", "mse"}:
        return _of_squares(objective, theta)
    return _of_smooth(objective, _least_squares_start(problem) if linear else theta)


def _closed_form(problem: Problem) -> Reference:
    best = optimum(problem)
    return Reference(best.energy, best.theta, "closed_form")


def _least_squares_start(problem: Problem) -> FloatArray:
    """A start within the bend of huber's loss, which is linear, so that its Hessian is 0, far from it."""
    return optimum(problem._replace(reduced=False)).theta


def _of_squares(objective: Objective, theta: FloatArray) -> Reference | None:
    """The least squares by the trust-region method of Branch, Coleman & Li (1999), in units of the Jacobian."""
    from scipy.optimize import least_squares  # noqa: PLC0415 - few runs need it, and it takes longer to import than they do

    rows, p = objective.problem.train.y.size, len(theta)
    if rows * p > MOST_JACOBIAN or p > MOST_CURVED or not objective.affords(20.0 * rows * p**2):
        return _of_smooth(objective, theta)
    found = least_squares(
        objective.residuals,
        theta,
        jac=objective.jacobian,
        x_scale="jac",
        ftol=1e-15,
        xtol=1e-15,
        gtol=1e-15,
        max_nfev=1000,
    )
    reference = _certified(objective, np.asarray(found.x, dtype=np.float64), "least_squares")
    if reference is None and objective.problem.model.kind == "mlp":
        return _of_smooth(objective, found.x)  # from a saddle, which least squares do not leave
    return reference


def _of_smooth(objective: Objective, theta: FloatArray) -> Reference | None:
    if len(theta) > MOST_CURVED:
        return _of_many(objective, theta)
    return _certified(objective, newton(objective, theta), "newton")


def _of_function(objective: Objective, theta: FloatArray) -> Reference | None:
    """The minimum of the basin that holds θ, for any E, which may have any constant in it."""
    if len(theta) > MOST_CURVED:
        return None
    ended = basin_minimum(objective, theta)
    found = modes(objective.hessian(ended))
    least, greatest = float(found.values[0]), float(found.values[-1])
    is_curved = greatest > 0 and least >= -SADDLE * greatest
    if not (is_curved and is_stationary(objective, ended, theta) and is_attained(objective, ended, found)):
        return None
    energy, gradient = objective.at(ended)
    return Reference(energy, ended, "newton", found.step(gradient)[1])


def _of_many(objective: Objective, theta: FloatArray) -> Reference | None:
    """The minimum over many parameters by L-BFGS, whose estimate of the inverse Hessian gives the expected decrease."""
    from scipy.optimize import minimize  # noqa: PLC0415 - few runs need it, and it takes longer to import than they do

    options = {"maxiter": 10_000, "maxfun": 20_000, "maxcor": 20, "ftol": 1e-15, "gtol": 0.0}
    found = minimize(objective.at, theta, jac=True, method="L-BFGS-B", options=options)
    energy, gradient = objective.at(found.x)
    expected = 0.5 * float(gradient @ found.hess_inv.matvec(gradient))
    if not _is_small(expected, energy, objective.problem):
        return None
    if not is_convex(objective.problem) and _has_negative_curvature(objective, found.x):
        return None
    return Reference(energy, np.asarray(found.x, dtype=np.float64), "l_bfgs")


def _has_negative_curvature(objective: Objective, theta: FloatArray) -> bool:
    def energy(t: FloatArray) -> FloatArray:
        for _ in range(TRACED):
            objective.budget()
        found: FloatArray = objective.problem.energy(t)
        return found

    greatest = largest_curvature(energy, theta)
    least = -largest_curvature(lambda t: -energy(t), theta)
    return not least >= -SADDLE * greatest


def _of_lasso(objective: Objective, theta: FloatArray) -> Reference | None:
    problem = objective.problem
    if len(theta) > MOST_CURVED:
        return None
    if not is_convex(problem):
        return _of_orthant(objective, theta) if problem.model.kind in ("function", "formula") else None
    best = proximal_newton(objective, theta)
    energy, gradient = objective.at(best)
    total = energy + float(objective.l1 @ np.abs(best))
    # The subgradient of least size, in the unit of each parameter, bounds what a step could still gain.
    slope = gradient + objective.l1 * np.sign(best)
    still = (best == 0) & (objective.l1 > 0)
    slope[still] = np.sign(gradient[still]) * np.maximum(np.abs(gradient[still]) - objective.l1[still], 0.0)
    _, expected = modes(objective.hessian(best)).step(slope)
    return Reference(total, best, "proximal_newton") if _is_small(expected, total, problem) else None


def _of_orthant(objective: Objective, theta: FloatArray) -> Reference | None:
    best = orthant_minimum(objective, theta)
    if best is None:
        return None
    return Reference(objective.energy(best) + float(objective.l1 @ np.abs(best)), best, "newton")


def _of_classes(objective: Objective, theta: FloatArray) -> Reference | None:
    """The minimum, or the infimum of separable classes."""
    problem = objective.problem
    if separates(problem, theta):
        return Reference(0.0, None, "infimum")
    if len(theta) > MOST_CURVED:
        found = _of_many(objective, theta)
        ended = None if found is None else found.theta
    else:
        ended = newton(objective, theta)
        found = _certified(objective, ended, "newton")
    if ended is not None and separates(problem, ended):
        return Reference(0.0, None, "infimum")
    if not is_convex(problem) or ended is None or not is_suspicious(problem, ended):
        return found
    return _partly_separable(objective, found)


def _partly_separable(objective: Objective, found: Reference | None) -> Reference | None:
    """The infimum, if some rows' parts of E fall to 0 for ever: the minimum over the other rows, of two classes."""
    problem = objective.problem
    margins = separable_margins(problem, objective.budget)
    if margins is None:
        return None
    if not margins.any():
        return found
    if margins.all():
        return Reference(0.0, None, "infimum")
    if problem.model.outputs > 1:
        return None
    train = problem.train
    rest = Rows(train.design[~margins], train.y[~margins], int((~margins).sum()))
    few = Objective(problem._replace(train=rest), objective.budget)
    least = _certified(few, newton(few, np.zeros(len(problem.model.parameters))), "newton")
    return None if least is None else Reference(rest.size / train.size * least.train_loss, None, "infimum")


def _certified(objective: Objective, theta: FloatArray, method: str) -> Reference | None:
    """The reference at θ if it is a minimum: no slope, no downward curvature, and no plateau."""
    problem = objective.problem
    energy, gradient = objective.at(theta)
    found = modes(objective.hessian(theta))
    _, expected = found.step(gradient)
    least, greatest = float(found.values[0]), float(found.values[-1])
    if not (greatest > 0 and least >= -SADDLE * greatest and _is_small(expected, energy, problem)):
        return None
    is_flat = not is_convex(problem) and least <= STRICT * greatest
    if is_flat and energy >= NO_BETTER * null_energy(problem):
        return None
    if problem.model.kind == "formula" and not is_attained(objective, theta, found):
        return None
    return Reference(energy, theta, method)


def _is_small(expected: float, energy: float, problem: Problem) -> bool:
    return bool(expected <= max(STATIONARY * abs(energy), ZERO * null_energy(problem)))
