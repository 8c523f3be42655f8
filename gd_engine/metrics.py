"""The prediction error: what one really wants to be small (or large), on rows that the descent has not seen.

Each metric takes the true y, shape (n,), and the predictions, shape (n,): numbers, or probabilities of class 1.
A metric that does not exist for these rows (precision where nothing is predicted positive) is NaN, never 0.
"""

from collections.abc import Callable

import numpy as np

from gd_engine.arrays import FloatArray

Metric = Callable[[FloatArray, FloatArray], float]


def mse(y: FloatArray, prediction: FloatArray) -> float:
    """The mean squared error; of probabilities against 0 and 1, also called the Brier score."""
    residual = prediction - y
    return float(residual @ residual) / len(y)


def accuracy(y: FloatArray, prediction: FloatArray) -> float:
    """The share of rows whose class is right; class 1 is predicted where its probability is at least ½."""
    return float(np.mean((prediction >= 0.5) == (y == 1.0)))


def precision(y: FloatArray, prediction: FloatArray) -> float:
    """Of the rows predicted 1, the share that are 1."""
    hits, predicted, _ = _positives(y, prediction)
    return hits / predicted if predicted else np.nan


def recall(y: FloatArray, prediction: FloatArray) -> float:
    """Of the rows that are 1, the share predicted 1."""
    hits, _, actual = _positives(y, prediction)
    return hits / actual if actual else np.nan


def f1(y: FloatArray, prediction: FloatArray) -> float:
    """The harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN)."""
    hits, predicted, actual = _positives(y, prediction)
    return 2 * hits / (predicted + actual) if predicted + actual else np.nan


METRICS: dict[str, dict[str, Metric]] = {
    "regression": {"mse": mse},
    "classification": {"mse": mse, "accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1},
}


def _positives(y: FloatArray, prediction: FloatArray) -> tuple[int, int, int]:
    predicted, actual = prediction >= 0.5, y == 1.0
    return int(np.sum(predicted & actual)), int(np.sum(predicted)), int(np.sum(actual))
