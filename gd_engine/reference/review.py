"""The review of a descent's findings in the light of its reference minimum."""

from collections.abc import Sequence

import numpy as np

from gd_engine.arrays import FloatArray, Rows
from gd_engine.diagnosis.context import OF_COLUMNS, TOO_SHORT, Finding, History
from gd_engine.problem import Problem
from gd_engine.reference.convergence import Convergence
from gd_engine.reference.shortfall import find as find_shortfall


def reviewed(
    findings: Sequence[Finding], problem: Problem, history: History, convergence: Convergence, learning_rate: float
) -> list[Finding]:
    """The findings that the minimum does not refute. The shortfall is added if no other finding is about the descent.

    Separable classes have no minimum, so a descent towards it is always too short.
    """
    short = find_shortfall(problem, history, convergence, learning_rate)
    kept = [each for each in findings if not _is_refuted(each, problem, history, convergence, is_short=bool(short))]
    if short and short[0].code == "separable_classes":
        others = [each for each in kept if each.code not in ("separable_classes", *TOO_SHORT)]
        return [*([each for each in kept if each.code == "separable_classes"] or short), *others]
    return kept if any(each.code not in OF_COLUMNS for each in kept) else [*kept, *short]


def _is_refuted(
    finding: Finding, problem: Problem, history: History, convergence: Convergence, *, is_short: bool
) -> bool:
    """Whether a finding does not hold beside the minimum.

    A descent that is not short of its minimum had enough steps, however fast E fell. A perceptron has many minima, so a
    small gap to one proves nothing.
    """
    reference = convergence.reference
    minimum = None if reference is None else reference.theta
    if finding.code in TOO_SHORT:
        is_near = minimum is not None and problem.model.kind != "mlp" and not is_short
        return is_near or convergence.state == "converged"
    return finding.code == "overfitting" and is_short and minimum is not None and _falls(problem, history, minimum)


def _falls(problem: Problem, history: History, minimum: FloatArray) -> bool:
    """Whether the held-out error is lower at the minimum than at any step, so that it rose for a while only."""
    part = "validation" if problem.validation.size else "test"
    best = int(np.argmin(history.overview.columns[f"{part}_mse"]))
    rows = getattr(problem, part)
    with np.errstate(all="ignore"):
        return _squares(problem, rows, minimum) < _squares(problem, rows, history.overview.theta[best])


def _squares(problem: Problem, rows: Rows, theta: FloatArray) -> float:
    return float(np.square(problem.model.predict(theta, rows.design) - rows.y).sum())
