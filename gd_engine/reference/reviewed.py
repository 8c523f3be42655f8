"""The findings of a descent, reviewed in the light of its reference minimum."""

from collections.abc import Sequence

import numpy as np

from gd_engine.arrays import FloatArray, Rows
from gd_engine.diagnosis.context import TOO_SHORT, Finding, History
from gd_engine.problem import Problem
from gd_engine.reference.convergence import Convergence
from gd_engine.reference.minimum import Reference
from gd_engine.reference.shortfall import find as find_shortfall

OF_COLUMNS = ("constant_column", "duplicate_columns")
"""The findings that a good descent may have, too."""


def reviewed(
    findings: Sequence[Finding], problem: Problem, history: History, convergence: Convergence, learning_rate: float
) -> list[Finding]:
    """The findings, without those that the minimum refutes, and with that of a descent which ended far above it.

    The latter is added if there are none about the descent, or only of its length. Separable classes have no minimum,
    so that a descent towards it is always too short.
    """
    short, reference = find_shortfall(problem, history, convergence, learning_rate), convergence.reference
    if convergence.state == "converged" or (not short and _is_near(problem, reference)):
        findings = [each for each in findings if each.code not in TOO_SHORT]
    if short and reference is not None and reference.theta is not None:
        findings = [each for each in findings if not _is_passing(each, problem, history, reference.theta)]
    codes = {finding.code for finding in short}
    if "separable_classes" in codes:
        kept = [each for each in findings if each.code not in (*codes, *TOO_SHORT)]
        return [*([each for each in findings if each.code in codes] or short), *kept]
    return [*findings] if any(each.code not in OF_COLUMNS for each in findings) else [*findings, *short]


def _is_near(problem: Problem, reference: Reference | None) -> bool:
    """Whether a descent without a shortfall is near its minimum, however fast E fell.

    That of a perceptron is one of many, and its shortfall allows for much.
    """
    return reference is not None and reference.theta is not None and problem.model.kind != "mlp"


def _is_passing(finding: Finding, problem: Problem, history: History, minimum: FloatArray) -> bool:
    """Whether the held-out error that rose is lower at the minimum than at any step: then it is not overfitting."""
    if finding.code != "overfitting":
        return False
    part = "validation" if problem.validation.size else "test"
    best = int(np.argmin(history.overview.columns[f"{part}_mse"]))
    rows = getattr(problem, part)
    with np.errstate(all="ignore"):
        return _squares(problem, rows, minimum) < _squares(problem, rows, history.overview.theta[best])


def _squares(problem: Problem, rows: Rows, theta: FloatArray) -> float:
    return float(np.square(problem.model.predict(theta, rows.design) - rows.y).sum())
