"""Metrics of predictions: mean squared error, and for a classification accuracy, precision, recall and F1.

Every metric follows from a few sums over rows, the *tally*. A step computes the tally alone; the metrics of many steps
are computed together. A metric that is undefined on these rows (precision without a positive prediction) is NaN.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray, IntArray

METRICS: dict[str, tuple[str, ...]] = {
    "regression": ("mse",),
    "classification": ("mse", "accuracy", "precision", "recall", "f1"),
    "function": ("mse",),  # always NaN: a function without data has no error
}
Tally = Callable[[FloatArray, Any], list[Any]]


def tally_of(targets: FloatArray, *, classes: int) -> Tally:
    """The function from (predictions, their sum of squared errors) to the tally of these rows.

    `targets` are the model's, `classes` is 0 for a regression. The tally of a classification has the squared errors,
    the hits of each class and the predictions of each class; of two classes it counts only the second. With at most
    two classes the function also accepts the predictions of several steps, shape (k, n), with squared errors (k,).
    """
    if classes == 0:
        return lambda prediction, squares: [squares]
    if targets.ndim == 1:
        positive = targets == 1.0

        def of_two(prediction: FloatArray, squares: Any) -> list[Any]:
            predicted = _is_second(prediction)
            axis = None if predicted.ndim == 1 else 1
            return [squares, np.count_nonzero(predicted & positive, axis), np.count_nonzero(predicted, axis)]

        return of_two
    actual = targets.argmax(axis=0)

    def of_many(prediction: FloatArray, squares: Any) -> list[Any]:
        predicted = predicted_classes(prediction)
        hits = np.bincount(actual[predicted == actual], minlength=classes)
        return [squares, *hits.tolist(), *np.bincount(predicted, minlength=classes).tolist()]

    return of_many


def predicted_classes(prediction: FloatArray) -> IntArray:
    """The index of each row's predicted class, shape (n,), from P(y = 1), shape (n,), or probabilities, (k, n).

    Of two equally probable classes it is the second, of more the first.
    """
    found: IntArray = prediction.argmax(axis=0) if prediction.ndim > 1 else _is_second(prediction).astype(np.int64)
    return found


def _is_second(prediction: FloatArray) -> Any:
    return prediction >= 0.5


def tally_length(classes: int) -> int:
    """The number of entries of a tally."""
    return 1 if classes == 0 else 3 if classes == 2 else 1 + 2 * classes


def measures(tallies: FloatArray, targets: FloatArray, *, classes: int, count: int) -> dict[str, FloatArray]:
    """Each metric at each step, shape (k,), from the tallies, shape (k, `tally_length`), of `count` rows.

    - mse: the mean squared error; of probabilities against 0 and 1, averaged over more than two classes: the Brier
      score.
    - accuracy: the share of rows whose predicted class, the one of greatest probability, is correct.
    - precision: TP / (TP + FP); recall: TP / (TP + FN); f1: their harmonic mean, 2 TP / (2 TP + FP + FN). Of two
      classes these are the second's; of more, the mean over the classes.
    """
    if count == 0:
        empty = np.full(len(tallies), np.nan)
        return dict.fromkeys(METRICS["classification" if classes else "regression"], empty)
    outputs = len(targets) if targets.ndim > 1 else 1
    mse = tallies[:, 0] / (count * outputs)
    if classes == 0:
        return {"mse": mse}
    hits, predicted = np.split(tallies[:, 1:], 2, axis=1)
    actual = np.atleast_1d(targets.sum(axis=-1))
    correct = hits.sum(axis=1)
    if outputs == 1:  # add the true negatives
        correct = count - actual[0] - predicted[:, 0] + 2 * correct
    with np.errstate(invalid="ignore"):
        return {
            "mse": mse,
            "accuracy": correct / count,
            "precision": (hits / predicted).mean(axis=1),
            "recall": (hits / actual).mean(axis=1),
            "f1": (2 * hits / (predicted + actual)).mean(axis=1),
        }


def criteria_names(task: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the metric columns, such as train_mse and test_mse, metric by metric."""
    return tuple(f"{part}_{name}" for name in METRICS[task] for part in parts)
