"""Findings of the prediction error: overfitting, and separable classes without a penalty."""

from math import log1p, sqrt
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import DiagnosisContext, Finding
from gd_engine.diagnosis.design_columns import ridge
from gd_engine.diagnosis.quadratic_model import QuadraticModel
from gd_engine.diagnosis.remaining_gap import FEW_TEST_ROWS

RISE = 0.1
"""The least relative rise of the held-out error above its minimum, besides chance."""
CHANCE = 6.63
"""On n rows, a step of a path along one direction has by chance an error lower by χ²/n of its variance: the 99th
percentile of χ² with one degree of freedom. That of the training rows moves the end by as much."""
GAP = 1.3
"""The least held-out error, as a multiple of the training error."""
SIGNIFICANT = 2.326
"""The 99th percentile of a normal distribution, for the test that both are of the same variance."""
NOTABLE = 0.05
"""The least held-out error, as a share of that of a constant prediction."""
LEAST = 1e-300
"""A training error of 0 as a divisor."""
RIDGE = 0.01
STRONG, STRONGEST = 0.3, 1.0
"""The penalty l2 as a share of the curvature of a column: usually, and where no step was better than θ₀."""


def separable(context: DiagnosisContext) -> list[Finding]:
    """The finding of separable classes: linear scores classify every training row correctly, no penalty bounds θ."""
    problem, columns = context.problem, context.history.overview.columns
    plain = problem.model.kind in ("logistic", "softmax") and problem.loss.name == "log_loss"
    if not plain or any(problem.penalty) or columns["train_accuracy"][-1] < 1.0:
        return []
    lengths = np.linalg.norm(context.history.overview.theta, axis=1)
    half = int(np.searchsorted(context.history.overview.step, context.steps // 2))
    if not (len(lengths) > 2 and lengths[-1] > 1.001 * lengths[half] and context.energy[-1] < context.energy[half]):
        return []
    evidence = {
        "step": context.steps,
        "energy": float(context.energy[-1]),
        "theta_norm": float(lengths[-1]),
        "half_step": int(context.history.overview.step[half]),
        "half_theta_norm": float(lengths[half]),
        "l2": ridge(context, RIDGE),
    }
    sentence = (
        "The classes can be separated: every training row is right, and the longer θ is, the less E. So ‖θ‖ grows "
        f"without end ({lengths[half]:.3g} at step {evidence['half_step']}, {lengths[-1]:.3g} at step {context.steps}) "
        f"and E falls towards 0; l2 = {evidence['l2']:g} gives it a lowest point."
    )
    return [Finding("separable_classes", evidence, sentence, {"objective": {"l2": evidence["l2"]}})]


def _rise_margin(held_out: int, train: int) -> float:
    """The least ratio of two held-out errors, on so many rows, that is no chance."""
    return 1.0 + RISE + CHANCE / held_out + CHANCE / train


def _is_greater(ratio: float, held_out: int, train: int) -> bool:
    """Whether so great a ratio of the held-out to the training error is no chance, by an F test of level 1 %.

    The cube root of F is nearly normal (Paulson, An approximate normalization of the analysis of variance
    distribution, 1942).
    """
    above, below, root = 2.0 / (9.0 * held_out), 2.0 / (9.0 * train), ratio ** (1.0 / 3.0)
    deviate = ((1.0 - below) * root - (1.0 - above)) / sqrt(below * root**2 + above)
    return ratio > GAP and deviate > SIGNIFICANT


def _is_positive(values: FloatArray) -> bool:
    """Whether the mean of values, shape (n,), is positive by more than chance, by a t test of level 1 %.

    This function of t is nearly normal (Wallace, Bounds on normal approximations to Student's and the chi-square
    distributions, 1959).
    """
    degrees = len(values) - 1
    t = values.mean() / max(values.std(ddof=1) / sqrt(len(values)), LEAST)
    deviate = sqrt(degrees * log1p(t**2 / degrees)) * (8 * degrees + 1) / (8 * degrees + 3)
    return bool(t > 0 and deviate > SIGNIFICANT)


def _rises_by_row(context: DiagnosisContext, part: str, best: int) -> bool:
    """Whether the errors of the held-out rows of a classification rise from the best step by more than chance.

    A few mislabelled rows can raise the mean: their squared errors approach 1 while the others fall.
    """
    rows, model = getattr(context.problem, part), context.problem.model
    thetas = context.history.overview.theta[[best, -1]]
    first, last = (np.atleast_2d(model.predict(theta, rows.design) - rows.y) for theta in thetas)
    return _is_positive((np.square(last) - np.square(first)).sum(axis=0))


def _held_out(context: DiagnosisContext) -> tuple[str, int]:
    """The part of the rows whose error shows overfitting, and their number: the validation rows where there are any."""
    problem = context.problem
    return ("validation", problem.validation.size) if problem.validation.size else ("test", problem.test.size)


def overfitting(context: DiagnosisContext, quadratic: QuadraticModel | None) -> list[Finding]:
    """The finding of overfitting: the error of held-out rows rises, up to the end, while E falls.

    It must have risen by more than chance, and be greater than the error of the training rows by more than chance.
    """
    problem, (part, count) = context.problem, _held_out(context)
    test = context.history.overview.columns[f"{part}_mse"]
    if count < FEW_TEST_ROWS or len(test) < 10 or not np.isfinite(test).all():
        return []
    best = int(np.argmin(test))
    rows = problem.train.size
    margin = _rise_margin(count, rows)
    after = test[best:]
    scale = (
        context.null * problem.divisor / rows * problem.target.scale**2 if problem.loss.name != "log_loss" else test[0]
    )
    rising = (
        test[-1] > NOTABLE * scale
        and len(after) >= max(5, 0.1 * len(test))
        and np.median(after[-3:]) >= margin * test[best]
    )
    lasting = test[-1] >= 0.9 * after[len(after) // 2 :].max() and (_stays(after) or _rises(after))
    train = context.history.overview.columns["train_mse"]
    learning = context.energy[-1] < context.energy[best] and train[-1] < 0.98 * train[best]
    apart = _is_greater(float(test[-1] / max(train[-1], LEAST)), count, rows)
    if not (rising and lasting and learning and apart):
        return []
    if problem.model.task == "classification" and not _rises_by_row(context, part, best):
        return []
    return [_overfitted(context, best, part, convex=quadratic is not None)]


def _stays(after: FloatArray) -> bool:
    """Whether the second half stays above the mean of the first and the last number."""
    return bool(after[len(after) // 2 :].min() >= 0.5 * (after[0] + after[-1]))


def _rises(after: FloatArray) -> bool:
    """Whether at least 80 % of the changes between 21 evenly spread numbers are not negative."""
    few = after[np.linspace(0, len(after) - 1, 21).astype(int)]
    return bool(np.mean(np.diff(few) >= 0.0) >= 0.8)


def _overfitted(context: DiagnosisContext, best: int, part: str, *, convex: bool) -> Finding:
    columns, step = context.history.overview.columns, int(context.history.overview.step[best])
    name = f"{part}_mse"
    evidence = {
        "best_step": step,
        "step": context.steps,
        f"best_{name}": float(columns[name][best]),
        name: float(columns[name][-1]),
        "best_train_mse": float(columns["train_mse"][best]),
        "train_mse": float(columns["train_mse"][-1]),
        "l2": max(ridge(context, STRONG if step > 0 else STRONGEST), 3.0 * context.problem.penalty.l2),
    }
    sentence = (
        f"Overfitting: from step {step} on the {part} error rises, from {evidence[f'best_{name}']:.4g} to "
        f"{evidence[name]:.4g}, while the training error falls from {evidence['best_train_mse']:.4g} to "
        f"{evidence['train_mse']:.4g}. Stopping earlier, a penalty l2 or more data keep it low; "
        "split.validation_fraction holds out rows that tell how early, and how much."
    )
    change: dict[str, Any] = {"descent": {"steps": step}}
    if convex or step == 0:  # a lowest point that is a good fit is better than never to arrive at a bad one
        change = {"objective": {"l2": evidence["l2"]}}
    return Finding("overfitting", evidence, sentence, change)
