"""Quadratic model of E: minimum, Hessian, modes, and convergence rates of linear methods."""

from typing import NamedTuple

import numpy as np
from autograd import grad

from gd_engine.arrays import BoolArray, FloatArray
from gd_engine.descent.closed_form import optimum, quadratic_hessian, ridge_hessian
from gd_engine.diagnosis.context import DiagnosisContext, tolerance
from gd_engine.diagnosis.design_columns import MOST_COLUMNS, SLICE_ROWS, Moments, moments
from gd_engine.problem import Problem

MOST_WORK = 2e10
"""The most multiplications for a Hessian, rows × parameters²: the cost of a few dozen steps."""
MOST_STEPS = 2**40
LOOKING_AHEAD = ("nesterov", "fista")
"""The optimisers that take the gradient at a point ahead of θ."""
FLAT = 1e-13
"""The share of the greatest curvature below which curvatures are rounding errors."""


class QuadraticModel(NamedTuple):
    """E ≈ energy + ½ (θ − lowest)ᵀ hessian (θ − lowest): `exact` for a quadratic E, else Newton's at the last θ."""

    hessian: FloatArray
    lowest: FloatArray
    energy: float
    exact: bool

    @property
    def curvature(self) -> float:
        """λmax."""
        return float(np.linalg.eigvalsh(self.hessian)[-1])


class Modes(NamedTuple):
    """Eigenvalues λ of the Hessian, shape (p,), eigenvectors as columns, (p, p), and the part of E − E* along each."""

    values: FloatArray
    vectors: FloatArray
    gaps: FloatArray


def modes(quadratic: QuadraticModel, theta: FloatArray) -> Modes:
    """The modes at θ, in ascending order of λ; the gap along a flat direction is 0."""
    values, vectors = np.linalg.eigh(quadratic.hessian)
    values = np.where(values > FLAT * values[-1], values, 0.0)
    gaps = 0.5 * values * np.square(vectors.T @ (theta - quadratic.lowest))
    return Modes(values, vectors, np.where(values > 0, gaps, 0.0))  # 0 times a square that overflowed is NaN


def quadratic_model_of(context: DiagnosisContext) -> QuadraticModel | None:
    """The quadratic model at the last θ, for squared errors of a linear model and the log loss of linear scores."""
    problem = context.problem
    count, p = len(problem.train.design), len(context.theta)
    if p > MOST_COLUMNS or count * p * p > MOST_WORK or problem.penalty.l1:
        return None
    if problem.quadratic:
        found = optimum(problem)
        return _if_curved(QuadraticModel(quadratic_hessian(problem), found.theta, found.energy, exact=True))
    if problem.model.kind not in ("logistic", "softmax") or problem.loss.name != "log_loss":
        return None
    with np.errstate(all="ignore"):
        return _newton(context)


def _newton(context: DiagnosisContext) -> QuadraticModel | None:
    """The second-order Taylor model of E at the last θ: gradient g, Hessian H, minimum θ − H⁺ g."""
    problem, theta = context.problem, context.theta
    hessian = log_loss_hessian(problem, theta) + ridge_hessian(problem)
    gradient = np.asarray(grad(problem.energy)(theta), dtype=np.float64)
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all() and hessian.any()):
        return None
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ gradient
    curved = values > 1e-12 * values[-1]
    step = np.where(curved, along / np.where(curved, values, 1.0), 0.0)
    gap = 0.5 * float(step @ along)
    energy = float(context.energy[-1])
    return _if_curved(QuadraticModel(hessian, theta - vectors @ step, max(energy - gap, 0.0), exact=False))


def _if_curved(quadratic: QuadraticModel) -> QuadraticModel | None:
    """The model, or None if its numbers overflowed or no curvature is positive."""
    finite = (
        np.isfinite(quadratic.hessian).all() and np.isfinite(quadratic.lowest).all() and np.isfinite(quadratic.energy)
    )
    return quadratic if finite and quadratic.curvature > 0 else None


def log_loss_hessian(problem: Problem, theta: FloatArray) -> FloatArray:
    """Σᵢ xᵢxᵢᵀ ⊗ (diag pᵢ − pᵢpᵢᵀ) over the divisor, pᵢ the probabilities of row i."""
    model, design, width = problem.model, problem.train.design, problem.model.width
    total = np.zeros((len(theta), len(theta)))
    for first in range(0, len(design), SLICE_ROWS):
        rows = design[first : first + SLICE_ROWS]
        found = model.predict(theta, rows)
        shares = found if model.outputs > 1 else found[None]
        for a in range(width):
            for b in range(width):
                weight = shares[a] * (a == b) - shares[a] * shares[b] if model.outputs > 1 else _of_two(found, a, b)
                total[a::width, b::width] += rows.T @ (weight[:, None] * rows)
    return total / problem.divisor


def _of_two(share: FloatArray, a: int, b: int) -> FloatArray:
    """The Hessian's weight of each row, shape (n,), for weights a and b of two classes with opposite signs."""
    weight: FloatArray = share * (1.0 - share)
    return weight if a == b else -weight


def standardised(context: DiagnosisContext, quadratic: QuadraticModel) -> QuadraticModel | None:
    """The quadratic model over θ of standardised columns; None if it does not apply or overflows."""
    model = context.problem.model
    if context.choices.standardize or model.kind in ("formula", "mlp") or context.problem.train.size < 2:
        return None
    found = moments(context.problem, context.problem.train)
    if not np.isfinite(found.deviation).all():
        return None
    change = _back(found, model.width, intercept=model.intercept)
    lowest = np.asarray(np.linalg.solve(change, quadratic.lowest), dtype=np.float64)
    return _if_curved(
        QuadraticModel(change.T @ quadratic.hessian @ change, lowest, quadratic.energy, exact=quadratic.exact)
    )


def _back(found: Moments, width: int, *, intercept: bool) -> FloatArray:
    """The matrix, shape (p, p), from θ of standardised columns to θ of the unscaled columns."""
    scale = np.where(found.deviation > 0, found.deviation, 1.0)
    first = 1 if intercept else 0
    change = np.diag(np.concatenate([np.ones(first), 1.0 / scale]))
    if first:
        change[0, 1:] = -found.mean / scale
    return np.asarray(np.kron(change, np.eye(width)), dtype=np.float64)


def condition(quadratic: QuadraticModel) -> float:
    """The condition number: λmax over the least λ above 0."""
    values = np.linalg.eigvalsh(quadratic.hessian)
    return float(values[-1] / values[values > FLAT * values[-1]].min())


def bound(kind: str, momentum: float, curvature: float) -> float:
    """The learning rate above which a descent of a quadratic E with this λmax diverges.

    With μ the momentum: 2/λ without any, 2 (1 + μ)/λ for the heavy ball (Polyak, 1964), and
    2 (1 + μ)/(λ (1 + 2 μ)) for Nesterov's: where a root of the polynomial in `shrinking` is −1.
    """
    if kind in LOOKING_AHEAD:
        return 2.0 * (1.0 + momentum) / (curvature * (1.0 + 2.0 * momentum))
    return 2.0 * (1.0 + momentum) / curvature


def shrinking(kind: str, momentum: float, rate: float, values: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The modulus of a step's factor of θ − θ* along each mode, and whether θ oscillates there: shapes (p,).

    The factor is the greater root of z² − b z + c: b = 1 + μ − ηλ, c = μ for the heavy ball, b = (1 + μ)(1 − ηλ),
    c = μ (1 − ηλ) for Nesterov's (Lessard, Recht & Packard, 2016); for μ = 0 it is 1 − ηλ.
    """
    kept = 1.0 - rate * values
    b, c = kept + momentum, np.full(len(values), momentum)
    if kind in LOOKING_AHEAD:
        b, c = (1.0 + momentum) * kept, momentum * kept
    root = np.sqrt(b * b - 4.0 * c + 0j)
    return np.maximum(np.abs(b + root), np.abs(b - root)) / 2.0, np.abs(root.imag) > 0


def steps_needed(factors: FloatArray, gaps: FloatArray, close: float) -> int:
    """The least k with Σ gapᵢ factorᵢ²ᵏ ≤ close, to 1 %; MOST_STEPS if it takes as many."""

    def enough(k: float) -> bool:
        return float(gaps @ factors ** (2.0 * k)) <= close

    if enough(0):
        return 0
    low, high = 0.0, 1.0
    while not enough(high):
        low, high = high, 2.0 * high
        if high > MOST_STEPS:
            return MOST_STEPS
    while high - low > max(1.0, 0.01 * high):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return int(np.ceil(high))


def automatic_steps(context: DiagnosisContext, quadratic: QuadraticModel, theta: FloatArray) -> int:
    """The steps from θ at the rate 1/λmax until E is within the tolerance of its minimum."""
    found = modes(quadratic, theta)
    factors, _ = shrinking(context.kind, context.momentum, 1.0 / found.values[-1], found.values)
    return steps_needed(factors, found.gaps, tolerance(context, quadratic.energy))
