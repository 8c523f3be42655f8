"""Findings of the design's columns, constant or duplicate, and the columns' moments."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import BoolArray, FloatArray, Rows
from gd_engine.diagnosis.context import DiagnosisContext, Finding, listed, two_digits
from gd_engine.models.base import design_columns
from gd_engine.problem import Problem

MOST_COLUMNS = 500
SLICE_ROWS = 8192
SAME = 1e-12
"""1 − |r| of duplicate columns: a Gram matrix does not resolve angles below √(2 · 10⁻¹²)."""
STILL = 1e-12
"""The greatest standard deviation of a constant column, relative to its root mean square."""
RIDGE = 1e-3
DEPENDENT = 1e-12
"""The least eigenvalue of the correlations of columns that depend on each other."""


class Moments(NamedTuple):
    """Means, shape (c,), and covariance matrix, shape (c, c), of the design's columns except the ones.

    Without an intercept the means are 0 and the matrix has second moments about 0.
    """

    mean: FloatArray
    gram: FloatArray

    @property
    def deviation(self) -> FloatArray:
        """The standard deviations, shape (c,)."""
        return np.sqrt(np.diag(self.gram))

    @property
    def size(self) -> FloatArray:
        """The root mean squares, shape (c,)."""
        return np.hypot(self.mean, self.deviation)


def moments(problem: Problem, rows: Rows) -> Moments:
    """The moments of rows, without cancellation for columns far from 0."""
    design, count = rows.design, rows.size
    if not problem.model.intercept:
        return Moments(np.zeros(design.shape[1]), design.T @ design / count)
    if problem.reduced:  # a triangle: its first row has the means, the others what is left without them
        return Moments(design[0, 1:] / design[0, 0], design[1:, 1:].T @ design[1:, 1:] / count)
    origin = design[0, 1:]
    total, gram = np.zeros(len(origin)), np.zeros((len(origin), len(origin)))
    for first in range(0, len(design), SLICE_ROWS):
        moved = design[first : first + SLICE_ROWS, 1:] - origin
        total += moved.sum(axis=0)
        gram += moved.T @ moved
    mean = total / count
    return Moments(origin + mean, gram / count - np.outer(mean, mean))


def names(context: DiagnosisContext) -> list[str]:
    """The names of the design's columns except the ones."""
    model = context.problem.model
    if model.kind in ("linear", "polynomial", "logistic"):
        return list(model.parameters[1 if model.intercept else 0 :])
    return list(context.features)


def find(context: DiagnosisContext) -> list[Finding]:
    """Findings of constant and duplicate columns; none with a ridge penalty, which makes the minimum unique."""
    problem = context.problem
    few = problem.train.design.shape[1] <= MOST_COLUMNS and problem.train.size > 1
    if problem.model.kind == "formula" or problem.penalty.l2 > 0 or not few:
        return []
    found = moments(problem, problem.train)
    # A column of numbers too large for a deviation was scaled to 0, but it does vary.
    still = _still(found, problem.model.intercept) & np.isfinite(problem.scaling.scale)
    return _constant(context, found, still) + _duplicates(context, found, still)


def ridge(context: DiagnosisContext, share: float) -> float:
    """λ₂ as a share of the loss's curvature along a column of median deviation, in any units of measurement."""
    problem = context.problem
    squares = np.square(moments(problem, problem.train).deviation)
    middle = float(np.median(squares[squares > 0])) if (squares > 0).any() else 1.0
    return two_digits(share * middle * problem.train.size / problem.divisor)


def _still(found: Moments, intercept: bool) -> BoolArray:
    """A mask of constant columns, shape (c,); without an intercept, of columns that are 0."""
    return found.deviation <= (STILL * found.size if intercept else 0.0)


def _constant(context: DiagnosisContext, found: Moments, still: BoolArray) -> list[Finding]:
    if not still.any():
        return []
    places = np.flatnonzero(still)
    which = [names(context)[j] for j in places]
    scaling = context.problem.scaling
    values = (found.mean * scaling.scale + scaling.mean)[places] if context.problem.model.intercept else np.zeros(1)
    if (features := context.problem.features) is not None and context.problem.model.intercept:
        values = design_columns(context.problem.model, features.scaling.mean[None])[0][places]
    one = len(which) == 1
    if one and _is_the_intercept(context, int(places[0]), found):
        change: dict[str, Any] = {"model": {"intercept": False}}
        cure = "leave the intercept to it"
    else:
        change = {"objective": {"l2": ridge(context, RIDGE)}}
        cure = "a small l2 settles its weight at 0"
    sentence = (
        f"{listed(which)} {'is the same number' if one else 'are each the same number'} in every training row, so "
        f"nothing can be learned from {'it' if one else 'them'}: E does not change along the weight, or along its "
        f"exchange with the intercept; {cure}."
    )
    return [Finding("constant_column", {"columns": which, "values": values.tolist()}, sentence, change)]


def _is_the_intercept(context: DiagnosisContext, column: int, found: Moments) -> bool:
    """Whether a constant column is a second intercept, in the test rows too."""
    problem = context.problem
    if context.choices.standardize or problem.model.kind == "mlp" or found.mean[column] == 0:
        return False
    others = [rows for rows in (problem.validation, problem.test) if rows.size]
    return all(_holds(moments(problem, rows), column, found.mean[column]) for rows in others)


def _holds(found: Moments, column: int, value: float) -> bool:
    away: float = abs(found.mean[column] - value) + found.deviation[column]
    return away <= 1e-9 * abs(value)


def _duplicates(context: DiagnosisContext, found: Moments, still: BoolArray) -> list[Finding]:
    if context.problem.model.kind == "mlp":  # E of a perceptron has valleys enough, and they do no harm
        return []
    deviation = np.where(still, 1.0, found.deviation)
    alike = np.abs(found.gram / np.outer(deviation, deviation)) >= 1.0 - SAME
    alike[still] = alike[:, still] = False
    pairs = [(names(context)[i], names(context)[j]) for i, j in np.argwhere(np.triu(alike, 1))]
    if not pairs:
        return _dependent(context, found, still)
    first, second = pairs[0]
    more = f" ({len(pairs)} such pairs in all)" if len(pairs) > 1 else ""
    sentence = (
        f"{second} says the same as {first}, up to scale{more}: E has a valley along which one weight grows as the "
        f"other shrinks, and where θ ends in it depends on θ₀ alone; a small l2 gives E one lowest point."
    )
    evidence = {"pairs": [list(pair) for pair in pairs[:20]], "count": len(pairs)}
    return [Finding("duplicate_columns", evidence, sentence, {"objective": {"l2": ridge(context, RIDGE)}})]


def _dependent(context: DiagnosisContext, found: Moments, still: BoolArray) -> list[Finding]:
    """The finding of three columns or more that depend on each other, as those of all categories do."""
    problem = context.problem
    varying = np.flatnonzero(~still)
    if problem.model.kind == "polynomial" or len(varying) < 3 or problem.train.size <= len(varying) + 1:
        return []
    deviation = found.deviation[varying]
    correlations = found.gram[np.ix_(varying, varying)] / np.outer(deviation, deviation)
    if not np.isfinite(correlations).all():
        return []
    values, vectors = np.linalg.eigh(correlations)
    if values[0] > DEPENDENT:
        return []
    weight = np.abs(vectors[:, 0])
    which = [names(context)[j] for j in varying[weight > 1e-6 * weight.max()]]
    sentence = (
        f"{listed(which)} depend on each other: each is a sum of multiples of the others and of a constant, as the "
        "columns of all categories are beside an intercept. E has a valley along which their weights move together, "
        "and where θ ends in it depends on θ₀ alone; leave one of them out."
    )
    evidence: dict[str, Any] = {"columns": which, "count": len(which)}
    change: dict[str, Any] = {"objective": {"l2": ridge(context, RIDGE)}}
    return [Finding("duplicate_columns", evidence, sentence, change)]
